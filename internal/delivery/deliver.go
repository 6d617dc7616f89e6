package delivery

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

const (
	firstBackoff = 200 * time.Millisecond
	lastBackoff  = 30 * time.Second
)

// deliver ends with the cursor moved past the batch, or with ctx. Between two
// attempts it waits; producers are not told, their puts go on until the
// journal's quota is used up.
func (p *Pipeline) deliver(ctx context.Context, s sealed, b *destination.Batch) error {
	p.delivering(b)
	backoff := firstBackoff
	for {
		refused, err := p.attempt(ctx, b)
		if err == nil {
			return p.commit(s, b, outcome{refused: refused})
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p.failing(err)
		if p.expired(b) {
			p.log.Error("batch dropped after its retention", "batch", b.ID, "records", len(b.Records), "error", err)
			return p.commit(s, b, outcome{dropped: len(b.Records)})
		}
		select {
		case <-time.After(jitter(backoff)):
		case <-p.retryNow:
		case <-ctx.Done():
			return ctx.Err()
		}
		backoff = min(2*backoff, lastBackoff)
	}
}

// attempt delivers the batch and puts its refusals into the error output. Only
// both together decide about the batch.
func (p *Pipeline) attempt(ctx context.Context, b *destination.Batch) (refused int, err error) {
	inside := destination.WithAttempts(ctx, destination.Attempts{Failed: p.failing, Again: p.retryNow})
	refusals, err := p.options().Destination.Deliver(inside, b)
	if err != nil || len(refusals) == 0 {
		return 0, err
	}
	if p.options().Errors == nil {
		return 0, fmt.Errorf("deliver batch %s: %d records refused (%s) and no error output", b.ID, len(refusals), refusals[0].Message)
	}
	if err := p.options().Errors.Write(ctx, b, refusals); err != nil {
		return 0, fmt.Errorf("write %d refused records to the error output: %w", len(refusals), err)
	}
	return len(refusals), nil
}

func (p *Pipeline) expired(b *destination.Batch) bool {
	return p.options().DropAfter > 0 && time.Since(time.UnixMilli(b.Records[0].Arrival)) > p.options().DropAfter
}

// outcome is what became of a batch that was not delivered whole.
type outcome struct{ refused, dropped int }

// commit moves the cursor and forgets the sealed batch, in one.
func (p *Pipeline) commit(s sealed, b *destination.Batch, o outcome) error {
	var change journal.Batch
	change.SetCursor(p.opts.Stream, p.opts.Cursor, s.Next)
	change.Delete(p.sealedKey())
	if _, err := journal.Put(p.opts.Journal, &change); err != nil {
		return fmt.Errorf("move cursor: %w", err)
	}
	p.delivered(s, b, o)
	return nil
}

// failing notes an error. It is logged when it is another one than before, so
// that a long outage is one line and not thousands.
func (p *Pipeline) failing(err error) {
	if !p.noteFailure(err.Error()) {
		return
	}
	if record.IsPermanent(err) {
		p.log.Error("delivery waits for a person", "error", err)
		return
	}
	p.log.Warn("delivery failed and is tried again", "error", err)
}

// jitter spreads d by 15 percent to both sides.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.85 + 0.3*rand.Float64()))
}
