package loadgen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// BeaconOptions say where beacons go and how fast.
type BeaconOptions struct {
	URL      string
	Calls    int
	Delay    time.Duration // before each call
	Rate     float64       // calls a second in place of Delay; several may be under way at once
	Burst    Burst         // of the rate, or of what Delay makes for a rate
	Visitors int           // of whom each call is one; 0 = 1000
	Seed     uint64        // the same seed gives the same calls
	Client   *http.Client  // nil = one of its own, with a time limit a call
	// Progress gets each call's number and '-', or, for one that failed, its number, an arrow and the reason on a line. Nil = nobody.
	Progress io.Writer
}

// BeaconResult counts calls.
type BeaconResult struct {
	Answered int            // with 200
	Failed   map[string]int // by status or reason
}

func (r BeaconResult) String() string {
	text := fmt.Sprintf("%d calls answered", r.Answered)
	reasons := make([]string, 0, len(r.Failed))
	failed := 0
	for reason, n := range r.Failed {
		reasons = append(reasons, fmt.Sprintf("%d %s", n, reason))
		failed += n
	}
	if failed == 0 {
		return text
	}
	slices.Sort(reasons)
	return fmt.Sprintf("%s, %d failed (%s)", text, failed, strings.Join(reasons, ", "))
}

const (
	beaconTimeout   = 30 * time.Second
	beaconsUnderWay = 32
	defaultVisitors = 1000
	beaconPages     = 100
	beaconReferers  = 20
	maxBeaconAnswer = 1 << 20
	beaconUserAgent = "millrace-beacon/1.0"
)

// Beacons makes the calls of the web analytics workshop's client: each a POST to URL?call=N without a body, whose headers say what a visitor did. All headers that the
// workshop's log format writes are there in each call. It ends early with ctx, as an error.
func Beacons(ctx context.Context, opts BeaconOptions) (BeaconResult, error) {
	b, err := newBeacons(opts)
	if err != nil {
		return BeaconResult{}, err
	}
	begun := time.Now()
	pace := newPace(Options{Rate: b.rate, Burst: opts.Burst}, begun)
	var underWay sync.WaitGroup
	made := 0
	for ; made < opts.Calls; made++ {
		b.places <- struct{}{}
		wait := pace.elapsed - time.Since(begun)
		before := pace.elapsed
		if pace.next(); opts.Delay > 0 {
			wait = pace.elapsed - before // however long the call before took
		}
		if pace.paced && wait > 0 {
			sleep(ctx, wait)
		}
		if ctx.Err() != nil {
			break
		}
		n := made
		request, err := b.request(ctx, n)
		if err != nil {
			return b.result, err
		}
		underWay.Go(func() {
			defer func() { <-b.places }()
			b.call(request, n)
		})
	}
	underWay.Wait()
	if made < opts.Calls {
		return b.result, fmt.Errorf("beacons: interrupted after %d of %d calls", made, opts.Calls)
	}
	return b.result, nil
}

type beacons struct {
	opts   BeaconOptions
	target *url.URL
	rate   float64
	random *rand.Rand
	places chan struct{} // of calls under way
	mu     sync.Mutex
	result BeaconResult
}

func newBeacons(opts BeaconOptions) (*beacons, error) {
	target, err := url.Parse(opts.URL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("beacons: %w", err)
	case target.Scheme != "http" && target.Scheme != "https" || target.Host == "":
		return nil, fmt.Errorf("beacons: URL is %q, want one that begins with http:// or https://", opts.URL)
	case opts.Calls < 1:
		return nil, fmt.Errorf("beacons: %d calls, want at least 1", opts.Calls)
	case opts.Delay < 0 || !(opts.Rate >= 0) || opts.Visitors < 0:
		return nil, fmt.Errorf("beacons: delay, rate and visitors must not be negative")
	case opts.Delay > 0 && opts.Rate > 0:
		return nil, fmt.Errorf("beacons: want either a delay or a rate")
	}
	if opts.Visitors == 0 {
		opts.Visitors = defaultVisitors
	}
	b := &beacons{opts: opts, target: target, rate: opts.Rate, random: rand.New(rand.NewPCG(opts.Seed, 0x626561636f6e)), result: BeaconResult{Failed: map[string]int{}}}
	atOnce := 1
	if opts.Rate > 0 {
		atOnce = beaconsUnderWay
	}
	if opts.Delay > 0 {
		b.rate = 1 / opts.Delay.Seconds()
	}
	if opts.Burst != (Burst{}) {
		if b.rate == 0 {
			return nil, fmt.Errorf("beacons: bursts need a delay or a rate")
		}
		if err := opts.Burst.check(); err != nil {
			return nil, err
		}
	}
	b.places = make(chan struct{}, atOnce)
	if b.opts.Client == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = atOnce
		b.opts.Client = &http.Client{Transport: transport, Timeout: beaconTimeout}
	}
	return b, nil
}

var (
	beaconEvents = []string{"click", "pageview", "conversion", "exception", "playvideo", "login", "logoff"}
	beaconTexts  = []string{"red", "green", "blue", "small", "large", "mobile", "desktop"}
	beaconNames  = []string{"page_load_time", "cart_value", "scroll_depth", "video_seconds"}
)

// request is call n. Header names with '_' are sent as they are.
func (b *beacons) request(ctx context.Context, n int) (*http.Request, error) {
	target := *b.target
	query := target.RawQuery
	if query != "" {
		query += "&"
	}
	target.RawQuery = query + "call=" + strconv.Itoa(n)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("beacons: %w", err)
	}
	r.Header = http.Header{
		"User-Agent":                 {beaconUserAgent},
		"Referer":                    {fmt.Sprintf("referer_%d", 1+b.random.IntN(beaconReferers))},
		"event":                      {pickOf(b.random, beaconEvents)},
		"clientid":                   {fmt.Sprintf("user%d", 1+b.random.IntN(b.opts.Visitors))},
		"page":                       {fmt.Sprintf("page_%d.html", 1+b.random.IntN(beaconPages))},
		"custom_metric_name":         {pickOf(b.random, beaconNames)},
		"custom_metric_int_value":    {strconv.Itoa(10 + b.random.IntN(9991))},
		"custom_metric_float_value":  {strconv.FormatFloat(b.random.Float64()*100, 'f', 3, 64)},
		"custom_metric_string_value": {pickOf(b.random, beaconTexts)},
	}
	return r, nil
}

func (b *beacons) call(r *http.Request, n int) {
	reason := ""
	answer, err := b.opts.Client.Do(r)
	if err == nil {
		_, err = io.Copy(io.Discard, io.LimitReader(answer.Body, maxBeaconAnswer)) // so that the connection serves again
		answer.Body.Close()
	}
	switch {
	case err != nil:
		reason = shortReason(err)
	case answer.StatusCode != http.StatusOK:
		reason = strconv.Itoa(answer.StatusCode)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	text := strconv.Itoa(n) + "-"
	if reason == "" {
		b.result.Answered++
	} else {
		b.result.Failed[reason]++
		text = fmt.Sprintf("%d---->%s\n", n, reason)
	}
	if b.opts.Progress != nil {
		_, _ = io.WriteString(b.opts.Progress, text) // a terminal that is gone stops no call
	}
}

// shortReason leaves out what differs from call to call.
func shortReason(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	}
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return err.Error()
}
