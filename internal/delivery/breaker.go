package delivery

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/destination"
)

const (
	firstBackoff = 200 * time.Millisecond
	lastBackoff  = 30 * time.Second

	// openAfter failures one after the other, of any batch, open the breaker.
	openAfter = 3

	// downAfter is time for a few probes.
	downAfter = 2 * lastBackoff
)

// States of a breaker.
const (
	BreakerClosed   = "closed"
	BreakerOpen     = "open"
	BreakerHalfOpen = "half-open" // the probe is under way
)

// breaker keeps a destination that is down from being tried by every batch that
// waits for it.
//
//	closed ── 3 failures in a row ──▶ open ── back-off over ──▶ half-open: one batch tries
//	   ▲                                ▲                          │ fails: longer back-off
//	   │                                └──────────────────────────┤
//	   └───────────────────────────────────────────────────────────┘ succeeds
//
// The batches take turns at probing, so that one which fails for a reason of its
// own does not hold up the others.
type breaker struct {
	jitter func(time.Duration) time.Duration

	mu       sync.Mutex
	failures int       // in a row
	since    time.Time // open since then; zero while closed
	probeAt  time.Time
	probing  bool
	queue    []*int // whoever waits, in turn
	changed  chan struct{}
}

func newBreaker(spread func(time.Duration) time.Duration) *breaker {
	if spread == nil {
		spread = destination.Jitter
	}
	return &breaker{jitter: spread, changed: make(chan struct{})}
}

// enter returns when a batch may try. probe is to be given back to succeeded,
// failed or left. again ends the wait for the next probe.
func (b *breaker) enter(ctx context.Context, again <-chan struct{}) (probe bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.since.IsZero() {
		return false, nil
	}
	me := new(int)
	b.queue = append(b.queue, me)
	defer func() {
		b.queue = slices.DeleteFunc(b.queue, func(other *int) bool { return other == me })
		b.announce()
	}()
	for !b.since.IsZero() {
		first := b.queue[0] == me && !b.probing
		if first && !time.Now().Before(b.probeAt) {
			b.probing = true
			return true, nil
		}
		if err := b.wait(ctx, again, first); err != nil {
			return false, err
		}
	}
	return false, nil
}

// wait releases the lock until something has changed or, for the first in the
// queue, the probe is due.
func (b *breaker) wait(ctx context.Context, again <-chan struct{}, first bool) error {
	var due <-chan time.Time
	if first {
		timer := time.NewTimer(time.Until(b.probeAt))
		defer timer.Stop()
		due = timer.C
	}
	changed := b.changed
	b.mu.Unlock()
	defer b.mu.Lock()
	select {
	case <-due:
	case <-changed:
	case <-again:
		b.hurry()
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// hurry makes the next probe due.
func (b *breaker) hurry() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probeAt = time.Time{}
	b.announce()
}

func (b *breaker) succeeded(probe bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures, b.since = 0, time.Time{}
	b.end(probe)
}

// failed counts a failure and tells whether the breaker is open.
func (b *breaker) failed(probe bool) (open bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures++
	if b.failures >= openAfter {
		if b.since.IsZero() {
			b.since = time.Now()
		}
		b.probeAt = time.Now().Add(b.jitter(backoff(b.failures)))
	}
	b.end(probe)
	return !b.since.IsZero()
}

// left ends a try of which nothing is known.
func (b *breaker) left(probe bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.end(probe)
}

// end and announce: the caller holds the lock.
func (b *breaker) end(probe bool) {
	if probe {
		b.probing = false
	}
	b.announce()
}

func (b *breaker) announce() {
	close(b.changed)
	b.changed = make(chan struct{})
}

func (b *breaker) open() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.since.IsZero()
}

// down tells that the destination takes nothing, whoever tries: probes of several
// batches have failed since the breaker opened.
func (b *breaker) down() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.since.IsZero() && time.Since(b.since) > downAfter
}

// status returns the breaker as people see it.
func (b *breaker) status() Breaker {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.since.IsZero():
		return Breaker{State: BreakerClosed, Failures: b.failures}
	case b.probing:
		return Breaker{State: BreakerHalfOpen, Since: b.since, Failures: b.failures}
	}
	return Breaker{State: BreakerOpen, Since: b.since, Failures: b.failures, NextProbe: b.probeAt}
}

// backoff is the wait after so many failures in a row.
func backoff(failures int) time.Duration {
	d := firstBackoff
	for i := 1; i < failures && d < lastBackoff; i++ {
		d *= 2
	}
	return min(d, lastBackoff)
}
