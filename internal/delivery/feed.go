package delivery

import (
	"context"
	"time"
)

// step is what Run's goroutine does next.
type step uint8

const (
	toSeal step = iota
	toRead      // and seal nothing before a frame has come or the context ends
	toWait      // until the context ends
)

// decide looks at the buffer, which holds what it can of the last frame.
//
// A buffer is sealed when it is full, and when it is due or asked for by Flush
// and everything that belongs into it is there: a pipeline that lags goes on
// filling an overdue buffer, so that catching up makes large objects. Neither
// happens before a place for one more batch under way is free; until then, too,
// reading goes on as far as the size and the budget allow.
//
// The context ends when the buffer will be due, and by nudge. done frees it.
func (p *Pipeline) decide(ctx context.Context) (do step, wait context.Context, done context.CancelFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.buffered()
	b, c := &p.buffer, p.opts.Config
	full, room, place := b.full(c.BufferBytes), p.room(p.weight(b.held())), p.place()
	due := time.Time{}
	if len(b.records) > 0 && place {
		if full {
			return toSeal, nil, nil
		}
		due = b.due(c.Interval)
		until := p.flushTo
		if !time.Now().Before(due) {
			until = max(until, p.opts.Journal.Extent(p.opts.Stream).Next)
		}
		switch {
		case b.first() >= until: // not due
		case p.after(b.next) >= until || !room:
			return toSeal, nil, nil
		default:
			due = time.Time{} // the next frame is there
		}
	}
	if due.IsZero() {
		wait, done = context.WithCancel(ctx)
	} else {
		wait, done = context.WithDeadline(ctx, due)
	}
	p.wake = done
	if full || !room {
		return toWait, wait, done
	}
	return toRead, wait, done
}

// place tells whether one more batch may be sealed. While the breaker is open
// two are enough to find out whether the destination is back; what comes
// meanwhile makes one large buffer. The caller holds the lock.
func (p *Pipeline) place() bool {
	limit := p.opts.Parallel
	if p.breaker.open() {
		limit = min(limit, 2)
	}
	return p.running < limit && len(p.flights) < maxSealed
}

// room tells whether the budget, of which so much would be held beside the
// batches under way, is not used up. Without any of these there always is. The
// caller holds the lock.
func (p *Pipeline) room(more int) bool {
	return p.running == 0 || p.held+more < p.opts.BudgetBytes
}

// weight is what records of that size take of the budget: with processing, as
// much again for what it will make of them, until that is known. The caller
// holds the lock.
func (p *Pipeline) weight(held int) int {
	if p.opts.Processor != nil {
		return 2 * held
	}
	return held
}

// admit waits until one more batch of that size may be under way.
func (p *Pipeline) admit(ctx context.Context, bytes int) error {
	for {
		p.mu.Lock()
		if p.running == 0 || p.place() && p.room(p.weight(bytes)) {
			p.mu.Unlock()
			return nil
		}
		wait, done := context.WithCancel(ctx)
		p.wake = done
		p.mu.Unlock()
		<-wait.Done()
		done()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// nudge lets Run's goroutine decide again. The caller holds the lock.
func (p *Pipeline) nudge() {
	if p.wake != nil {
		p.wake()
	}
}
