package agent

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// gate paces the requests of a flow.
//
// After a failure of a whole request it closes: for a random part of 100 ms doubled with each failure in a row up to 10 s. While it is closed, one request at a
// time is let through to try, so a service in trouble gets one request in a while and not as many as there are batches. Errors that a retry will hardly cure wait
// about the longest time at once.
//
// When it opens again it lets few requests through side by side, and one more with each success. Where the service refuses part of a batch there are fewer, as many
// fewer as the part is large.
type gate struct {
	initial, longest time.Duration
	throttled        time.Duration // the longest wait for a service that answers and wants less

	mu       sync.Mutex
	failures int // in a row
	until    time.Time
	trying   bool
	inside   int
	window   float64
	changed  chan struct{}
}

// trouble is what became of a request.
type trouble uint8

const (
	succeeded trouble = iota
	partly            // some records were refused for now
	throttled         // the service wants less
	failed            // something else that time may cure
	hopeless          // somebody has to change something
	withdrawn         // nothing was sent
)

// widest is how many requests a flow has under way at most; the agent's maxSendingThreads says how many all flows have.
const widest = 1024

func newGate(initial, longest, throttled time.Duration) *gate {
	return &gate{initial: initial, longest: max(initial, longest), throttled: max(initial, throttled), window: widest, changed: make(chan struct{})}
}

// pass is what a request got through the gate with.
type pass struct {
	probe bool
	late  int // failures in a row when it entered
}

// enter waits until a request may be sent, or until event.
func (g *gate) enter(ctx context.Context, event <-chan struct{}) (p pass, ok bool, err error) {
	for {
		g.mu.Lock()
		wait, changed := time.Hour, g.changed
		switch {
		case g.failures == 0 && g.inside < max(1, int(g.window)):
			g.inside++
			g.mu.Unlock()
			return pass{}, true, ctx.Err()
		case g.failures > 0 && !g.trying:
			if wait = time.Until(g.until); wait <= 0 {
				g.trying = true
				g.inside++
				p := pass{true, g.failures}
				g.mu.Unlock()
				return p, true, nil
			}
		}
		g.mu.Unlock()
		select {
		case <-event:
			return pass{}, false, nil
		default:
		}
		if err := sleepOr(ctx, wait, changed, event); err != nil {
			return pass{}, false, err
		}
	}
}

// leave says how the request went. Failures of requests that were under way when the gate closed do not count again.
func (g *gate) leave(p pass, how trouble) { g.leavePartly(p, how, 0) }

// leavePartly also says which share of the records was refused.
func (g *gate) leavePartly(p pass, how trouble, share float64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	if p.probe {
		g.trying = false
	}
	switch how {
	case withdrawn:
	case succeeded:
		if g.failures > 0 {
			g.failures, g.window = 0, 1
		}
		g.window = min(widest, g.window+1)
	case partly:
		if g.failures > 0 {
			g.failures, g.window = 0, 1
		}
		used := min(g.window, float64(g.inside+1))
		g.window = max(1, used*(1-share/2)+(1-share))
	default:
		if !p.probe && g.failures > 0 {
			return
		}
		g.failures++
		g.until = time.Now().Add(g.delay(how))
	}
	close(g.changed)
	g.changed = make(chan struct{})
}

func (g *gate) delay(how trouble) time.Duration {
	switch how {
	case hopeless:
		return time.Duration(float64(g.longest) * (0.7 + 0.6*rand.Float64()))
	case throttled:
		return backoff(g.initial, g.throttled, g.failures)
	}
	return backoff(g.initial, g.longest, g.failures)
}

// backoff is the time to wait after a number of failures in a row: anything up to the doubled and redoubled initial time ("full jitter"), so that many agents that
// fail together do not come back together.
func backoff(initial, longest time.Duration, failures int) time.Duration {
	delay := longest
	if doubled := failures - 1; doubled < 20 && initial < longest>>doubled {
		delay = initial << doubled
	}
	return time.Duration(rand.Float64() * float64(delay))
}

// sleep waits for a time, an event or the end of ctx, whose error it returns.
func sleep(ctx context.Context, d time.Duration, event <-chan struct{}) error {
	return sleepOr(ctx, d, event, nil)
}

func sleepOr(ctx context.Context, d time.Duration, one, other <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	case <-one:
	case <-other:
	}
	return nil
}
