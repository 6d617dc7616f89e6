package loadgen

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// site answers beacons and keeps them.
type site struct {
	mu     sync.Mutex
	calls  []*http.Request
	at     []time.Time
	answer func(call string) int
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.calls, s.at = append(s.calls, r), append(s.at, time.Now())
	s.mu.Unlock()
	if s.answer != nil {
		w.WriteHeader(s.answer(r.URL.Query().Get("call")))
	}
}

// RoundTrip makes a site a transport, where no network is wanted.
func (s *site) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result(), nil
}

func TestBeaconsFillEveryField(t *testing.T) {
	s := &site{}
	server := httptest.NewServer(s)
	defer server.Close()
	var progress bytes.Buffer
	result, err := Beacons(context.Background(), BeaconOptions{URL: server.URL + "/beacon?site=a", Calls: 200, Visitors: 5, Progress: &progress})
	if err != nil || result.Answered != 200 || len(result.Failed) != 0 {
		t.Fatalf("%v %v", result, err)
	}
	if got := progress.String(); !strings.HasPrefix(got, "0-1-2-3-") || !strings.HasSuffix(got, "-199-") {
		t.Errorf("progress %s", got)
	}
	visitors := make(map[string]int)
	for i, r := range s.calls {
		if want := fmt.Sprintf("/beacon?site=a&call=%d", i); r.Method != "POST" || r.RequestURI != want || r.ContentLength != 0 {
			t.Errorf("call %d is %s %s with %d bytes", i, r.Method, r.RequestURI, r.ContentLength)
		}
		for _, name := range []string{"event", "clientid", "page", "Referer", "User-Agent", "custom_metric_name", "custom_metric_int_value", "custom_metric_float_value", "custom_metric_string_value"} {
			if value := r.Header.Get(name); value == "" || value == "-" || strings.Contains(value, `"`) {
				t.Errorf("call %d has %s: %q", i, name, value)
			}
		}
		visitors[r.Header.Get("clientid")]++
	}
	if len(visitors) != 5 {
		t.Errorf("visitors are %v", visitors)
	}
}

func TestBeaconsCountWhatFails(t *testing.T) {
	s := &site{answer: func(call string) int { return map[bool]int{true: 503, false: 200}[strings.HasSuffix(call, "7")] }}
	server := httptest.NewServer(s)
	var progress bytes.Buffer
	result, err := Beacons(context.Background(), BeaconOptions{URL: server.URL, Calls: 20, Progress: &progress})
	if err != nil || result.String() != "18 calls answered, 2 failed (2 503)" {
		t.Errorf("%v %v", result, err)
	}
	if !strings.Contains(progress.String(), "6-7---->503\n8-") {
		t.Errorf("progress %s", &progress)
	}
	server.Close()
	result, err = Beacons(context.Background(), BeaconOptions{URL: server.URL, Calls: 2})
	if err != nil || result.String() != "0 calls answered, 2 failed (2 connection refused)" {
		t.Errorf("%v %v", result, err)
	}
}

// Calls come after their delay, or at their rate with bursts; an interruption ends them.
func TestBeaconsKeepTheirPace(t *testing.T) {
	run := func(opts BeaconOptions, stop time.Duration) (*site, []time.Duration, error) {
		s := &site{}
		var at []time.Duration
		var err error
		synctest.Test(t, func(t *testing.T) {
			begun := time.Now()
			ctx, cancel := context.WithTimeout(context.Background(), stop)
			defer cancel()
			opts.URL, opts.Client = "http://site.invalid/", &http.Client{Transport: s}
			_, err = Beacons(ctx, opts)
			for _, t := range s.at {
				at = append(at, t.Sub(begun))
			}
		})
		return s, at, err
	}
	if _, at, err := run(BeaconOptions{Calls: 3, Delay: 500 * time.Millisecond}, time.Hour); err != nil || fmt.Sprint(at) != "[500ms 1s 1.5s]" {
		t.Errorf("delay: %v %v", at, err)
	}
	if _, at, err := run(BeaconOptions{Calls: 6, Rate: 1, Burst: Burst{Every: 4 * time.Second, Length: time.Second, Factor: 2}}, time.Hour); err != nil || fmt.Sprint(at) != "[0s 1s 2s 3s 3.5s 4s]" {
		t.Errorf("bursts: %v %v", at, err)
	}
	slow := &site{answer: func(string) int { time.Sleep(time.Second); return 200 }}
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		_, err := Beacons(context.Background(), BeaconOptions{URL: "http://site.invalid/", Calls: 3, Delay: 2 * time.Second, Client: &http.Client{Transport: slow}})
		if took := time.Since(begun); err != nil || took != 9*time.Second {
			t.Errorf("three calls of a second with two seconds before each took %s, %v", took, err)
		}
	})
	_, at, err := run(BeaconOptions{Calls: 100, Rate: 1}, 3500*time.Millisecond)
	if err == nil || err.Error() != "beacons: interrupted after 4 of 100 calls" || len(at) != 4 {
		t.Errorf("interruption: %v %v", at, err)
	}
}

func TestBeaconsRefuse(t *testing.T) {
	for _, opts := range []BeaconOptions{{}, {URL: "ftp://a", Calls: 1}, {URL: "http://a"}, {URL: "http://a", Calls: 1, Delay: -1}, {URL: "http://a", Calls: 1, Delay: 1, Rate: 1},
		{URL: "http://a", Calls: 1, Burst: Burst{1, 1, 1}}, {URL: "http://a", Calls: 1, Rate: 1, Burst: Burst{1, 2, 1}}} {
		if _, err := Beacons(context.Background(), opts); err == nil || !strings.Contains(err.Error(), "burst") && !strings.HasPrefix(err.Error(), "beacons: ") {
			t.Errorf("%+v: %v", opts, err)
		}
	}
}
