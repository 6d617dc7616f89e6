package agent

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// gate holds back the requests of a flow after failures: 100 ms doubled with each failure in a row up to 10 s, ±30 %. While it is closed, one request at a
// time is let through to try. Errors that a retry will hardly cure wait for the longest time at once.
type gate struct {
	initial, longest time.Duration

	mu       sync.Mutex
	failures int // in a row
	until    time.Time
	trying   bool
	changed  chan struct{}
}

func newGate(initial, longest time.Duration) *gate {
	return &gate{initial: initial, longest: max(initial, longest), changed: make(chan struct{})}
}

// pass is what a request got through the gate with.
type pass struct {
	failures int
	probe    bool
}

// enter waits until a request may be sent.
func (g *gate) enter(ctx context.Context) (pass, error) {
	for {
		g.mu.Lock()
		if g.failures == 0 {
			g.mu.Unlock()
			return pass{}, ctx.Err()
		}
		wait, changed := time.Until(g.until), g.changed
		if wait <= 0 && !g.trying {
			g.trying = true
			p := pass{g.failures, true}
			g.mu.Unlock()
			return p, nil
		}
		if g.trying {
			wait = time.Hour
		}
		g.mu.Unlock()
		if err := sleep(ctx, wait, changed); err != nil {
			return pass{}, err
		}
	}
}

// leave says how the request went. Failures of requests that were under way when the gate closed do not count again.
func (g *gate) leave(p pass, failed, hopeless bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !failed:
		g.failures, g.trying = 0, false
	case p.probe || g.failures == 0:
		g.failures++
		delay := g.longest
		if !hopeless {
			delay = backoff(g.initial, g.longest, g.failures)
		}
		g.until, g.trying = time.Now().Add(delay), false
	default:
		return
	}
	close(g.changed)
	g.changed = make(chan struct{})
}

// backoff is the time to wait after a number of failures in a row.
func backoff(initial, longest time.Duration, failures int) time.Duration {
	delay := longest
	if failures <= 20 {
		delay = min(longest, initial<<(failures-1))
	}
	return time.Duration(float64(delay) * (0.7 + 0.6*rand.Float64()))
}

// sleep waits for a time, an event or the end of ctx, whose error it returns.
func sleep(ctx context.Context, d time.Duration, event <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	case <-event:
	}
	return nil
}
