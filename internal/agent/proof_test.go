package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// brokenService is a Firehose in memory that is away until it is mended.
type brokenService struct {
	mu       sync.Mutex
	mended   bool
	requests int
	records  int
	bytes    int
}

func (s *brokenService) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	req.Body.Close()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	if !s.mended {
		return nil, errors.New("connection refused")
	}
	var put struct{ Records []struct{ Data []byte } }
	if err := json.Unmarshal(body, &put); err != nil {
		return nil, err
	}
	s.records += len(put.Records)
	for _, r := range put.Records {
		s.bytes += len(r.Data)
	}
	answer := `{"FailedPutCount":0,"RequestResponses":[` + strings.TrimSuffix(strings.Repeat(`{"RecordId":"x"},`, len(put.Records)), ",") + `]}`
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer)), Request: req}, nil
}

// The service is away for an hour of which each second brings lines: what the agent holds stays within its bytes, it asks now and then, and afterwards all arrives.
func TestAnHourWithoutService(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "access.log")
	log, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	synctest.Test(t, func(t *testing.T) {
		cfg, err := Parse("agent.json", fmt.Appendf(nil, `{"checkpointFile": %q, "firehose.endpoint": "http://127.0.0.1:1", "maxSendingThreads": 8, "maxBufferedBytes": 4194304,
			"flows": [{"filePattern": %q, "deliveryStream": "web", "initialPosition": "START_OF_FILE", "minTimeBetweenFilePollsMillis": 1000}]}`, filepath.Join(dir, "checkpoint"), path))
		if err != nil {
			t.Fatal(err)
		}
		a, err := newAgent(cfg, Options{AccessKeyID: "AKID", SecretAccessKey: "secret", Region: "eu-central-1"}, pace{noEvents: true})
		if err != nil {
			t.Fatal(err)
		}
		service := new(brokenService)
		a.clients["firehose"].http.Transport = service
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- a.Run(ctx) }()
		second := bytes.Repeat([]byte(strings.Repeat("x", 1999)+"\n"), 10)
		held := 0
		for range 3600 {
			if _, err := log.Write(second); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			held = max(held, a.Snapshot().Flows[0].HeldBytes)
		}
		s := a.Snapshot().Flows[0]
		if limit := 4<<20 + 2<<20; held > limit || s.LagBytes < 60<<20 {
			t.Errorf("held %d bytes, limit %d; %d bytes behind", held, limit, s.LagBytes)
		}
		if service.requests > 3600 || service.requests < 300 {
			t.Errorf("%d requests in an hour without service", service.requests)
		}
		service.mu.Lock()
		service.mended = true
		service.mu.Unlock()
		for waited := 0; a.Snapshot().Flows[0].LagBytes > 0; waited++ {
			if waited > 300 {
				t.Fatalf("still %d bytes behind", a.Snapshot().Flows[0].LagBytes)
			}
			time.Sleep(time.Second)
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if want := 3600 * len(second); service.bytes != want {
			t.Errorf("%d bytes arrived, want %d", service.bytes, want)
		}
		t.Logf("held %d bytes at most, %d requests", held, service.requests)
	})
}

// Batch N fails for a minute while those after it are accepted; the agent dies; nothing is missing.
func TestEarlierBatchFailsWhileLaterOnesSucceed(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	fake.refuseBody = func(records []string) (int, string) {
		if slices.Contains(records, "line 3\n") {
			return http.StatusInternalServerError, ""
		}
		return 0, ""
	}
	r := newRunner(t, fake, strings.Replace(rawConfig, `"deliveryStream"`, `"maxBufferSizeRecords": 2, "deliveryStream"`, 1))
	for i := range 100 {
		r.append("access.log", fmt.Sprintf("line %d\n", i))
	}
	r.start()
	eventually(t, "the others arrive", func() bool { return len(fake.records("web")) == 98 })
	if err := r.agent.saveCheckpoint(); err != nil {
		t.Fatal(err)
	}
	r.kill()
	fake.set(func() { fake.refuseBody = nil })
	r.start()
	eventually(t, "all arrive", func() bool { return len(fake.records("web")) == 100 })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
}

// Files that are rotated as fast as the names say, by renaming out of the pattern's sight: each line arrives, once.
func TestRotationTorture(t *testing.T) {
	for _, perSecond := range []int{1, 10, 100} {
		t.Run(fmt.Sprint(perSecond), func(t *testing.T) {
			t.Parallel()
			fake := newFakeFirehose(t)
			r := newRunner(t, fake, exactConfig)
			r.start()
			written, pause := []string{}, time.Second/time.Duration(perSecond)
			for end := time.Now().Add(2500 * time.Millisecond); time.Now().Before(end); {
				log, err := os.OpenFile(r.path("access.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
				if err != nil {
					t.Fatal(err)
				}
				for range 10 {
					line := fmt.Sprintf("line %d\n", len(written))
					written = append(written, line)
					log.WriteString(line)
					time.Sleep(pause / 12)
				}
				rotateNames(t, r.path("access.log"), 400)
				late := fmt.Sprintf("late %d\n", len(written)) // by the server that still holds the old file
				written = append(written, late)
				log.WriteString(late)
				log.Close()
			}
			eventually(t, "all lines", func() bool { return len(fake.records("web")) >= len(written) })
			if err := r.stop(); err != nil {
				t.Fatal(err)
			}
			slices.Sort(written)
			if got := fake.records("web"); !slices.Equal(got, written) {
				t.Errorf("%d lines written, %d arrived", len(written), len(got))
			}
			t.Logf("%d lines, %+v", len(written), r.agent.flows[0].tailer.Stats())
		})
	}
}

// rotateNames makes name.1 of name, name.2 of name.1 and so on.
func rotateNames(t *testing.T, name string, most int) {
	t.Helper()
	last := 1
	for ; last < most; last++ {
		if _, err := os.Stat(fmt.Sprint(name, ".", last)); err != nil {
			break
		}
	}
	for n := last; n > 1; n-- {
		if err := os.Rename(fmt.Sprint(name, ".", n-1), fmt.Sprint(name, ".", n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(name, name+".1"); err != nil {
		t.Fatal(err)
	}
}

// Files that are copied and truncated while they are written to. What comes between the copying and the truncating is lost to everybody; the rest arrives, once,
// whether the pattern matches the copies or not.
func TestCopyTruncateTorture(t *testing.T) {
	for _, config := range []string{exactConfig, rawConfig} {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			fake := newFakeFirehose(t)
			r := newRunner(t, fake, config)
			r.start()
			log, err := os.OpenFile(r.path("access.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
			if err != nil {
				t.Fatal(err)
			}
			defer log.Close()
			written := []string{}
			for rotation := range 25 {
				for range 20 {
					line := fmt.Sprintf("line %d of rotation %d\n", len(written), rotation)
					written = append(written, line)
					log.WriteString(line)
					time.Sleep(2 * time.Millisecond)
				}
				content, err := os.ReadFile(r.path("access.log"))
				if err == nil {
					err = os.WriteFile(r.path(fmt.Sprintf("access.log-20261122%02d", rotation)), content, 0o644)
				}
				if err == nil {
					err = log.Truncate(0)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			eventually(t, "all lines", func() bool { return len(fake.records("web")) >= len(written) })
			time.Sleep(500 * time.Millisecond)
			if err := r.stop(); err != nil {
				t.Fatal(err)
			}
			slices.Sort(written)
			if got := fake.records("web"); !slices.Equal(got, written) {
				t.Errorf("%d lines written, %d arrived", len(written), len(got))
			}
		})
	}
}

// A thousand live files: each line arrives soon, and what the agent holds for them is little.
func TestAThousandFiles(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	r := newRunner(t, fake, strings.Replace(rawConfig, "access.log*", "*/access.log", 1))
	const files = 1000
	logs := make([]*os.File, files)
	for i := range logs {
		if err := os.MkdirAll(r.path(fmt.Sprint("site", i)), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if logs[i], err = os.Create(r.path(fmt.Sprintf("site%d/access.log", i))); err != nil {
			t.Fatal(err)
		}
		defer logs[i].Close()
	}
	r.start()
	want := []string{}
	for round := range 3 {
		for i, log := range logs {
			line := fmt.Sprintf("line %d of site %d\n", round, i)
			want = append(want, line)
			if _, err := log.WriteString(line); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, "the round is read", func() bool { return r.agent.Snapshot().Flows[0].Received == int64(len(want)) })
	}
	eventually(t, "all lines", func() bool { return len(fake.records("web")) == len(want) })
	held := r.agent.Snapshot().Flows[0].HeldBytes
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	if !slices.Equal(fake.records("web"), want) || fake.repeats > 0 {
		t.Errorf("records differ from lines, %d repeats", fake.repeats)
	}
	if held > 24<<20 {
		t.Errorf("holds %d bytes", held)
	}
	runtime.KeepAlive(logs)
}
