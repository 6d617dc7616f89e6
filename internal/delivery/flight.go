package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/millrace/millrace/internal/delivery/objectkey"
	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// errReconfigured ends an attempt under a configuration that is replaced.
var errReconfigured = errors.New("the delivery stream's configuration has changed")

// flight is a sealed batch until the cursor has moved past it.
type flight struct {
	sealed
	commit journal.Commit // of the sealed entry; nil once it is durable
	again  chan struct{}  // ends the wait for the next attempt

	// of the goroutine that delivers it
	key     *objectkey.Namer // of the partitions' objects; nil without
	batch   *destination.Batch
	failed  int // attempts in a row
	parcels []*parcel
	refused []destination.Refusal // by processing

	// guarded by Pipeline.mu
	failing    bool
	source     int   // bytes that the records take, as they came
	held       int   // and with what processing made of them
	arrival    int64 // of its oldest record
	partitions int
	interrupt  context.CancelCauseFunc // ends the attempt under way
	gone       bool                    // finished, maybe behind one that is not
}

func newFlight(s sealed, key *objectkey.Namer) *flight {
	return &flight{sealed: s, key: key, again: make(chan struct{}, 1), interrupt: func(error) {}, gone: s.Done}
}

// hurry ends the wait for the next attempt, or the one after the present.
func (f *flight) hurry() {
	select {
	case f.again <- struct{}{}:
	default:
	}
}

// outcome is what became of a batch's records.
type outcome struct {
	sent, sentBytes  int // taken by the destination, as processing left them
	refused, dropped int // written to the error output; given up
	lost             int // source records of which the destination took nothing
	objects          []Object
}

// fly delivers a batch and notes it as finished. Between two attempts it waits;
// producers are not told, their puts go on until the journal's quota is used up.
func (p *Pipeline) fly(ctx context.Context, f *flight) error {
	if f.commit != nil {
		if err := f.commit.Wait(); err != nil {
			return fmt.Errorf("seal batch: %w", err)
		}
	}
	for {
		// Attempts of their own would give up expired batches more slowly than
		// others come.
		if o := p.options(); o.expired(f) && p.breaker.down() {
			return p.giveUp(f, o, p.lastFailure())
		}
		probe, err := p.breaker.enter(ctx, f.again)
		if err != nil {
			return err
		}
		out, err := p.attempt(ctx, f)
		switch {
		case err == nil:
			p.breaker.succeeded(probe)
			return p.finish(f, out)
		case ctx.Err() != nil || errors.Is(err, errReconfigured):
			p.breaker.left(probe)
		default:
			p.failing(f, err)
			open := p.breaker.failed(probe)
			if o := p.options(); o.expired(f) {
				return p.giveUp(f, o, err)
			}
			if !open {
				f.failed++
				f.wait(ctx, p.breaker.jitter(backoff(f.failed)))
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// wait is the time between two attempts while the breaker is closed.
func (f *flight) wait(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-f.again:
	case <-ctx.Done():
	}
}

func (o Options) expired(f *flight) bool {
	return o.DropAfter > 0 && time.Since(time.UnixMilli(f.batch.Records[0].Arrival)) > o.DropAfter
}

// attempt processes the batch, delivers what is left to deliver of it and puts
// the refusals into the error output. Only all of it together decides.
func (p *Pipeline) attempt(ctx context.Context, f *flight) (outcome, error) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	p.mu.Lock()
	opts := p.opts
	f.interrupt = end
	p.mu.Unlock()
	err := p.try(ctx, f, opts)
	if err != nil && errors.Is(context.Cause(ctx), errReconfigured) {
		err = errReconfigured
	}
	if err != nil {
		return outcome{}, err
	}
	return f.outcome(), nil
}

func (p *Pipeline) try(ctx context.Context, f *flight, opts Options) error {
	if f.parcels == nil {
		if err := p.pack(ctx, f, opts); err != nil {
			return err
		}
	}
	if err := p.deliver(ctx, f, opts); err != nil {
		return err
	}
	refused := slices.Clip(f.refused)
	for _, parcel := range f.parcels {
		refused = append(refused, parcel.refused...)
	}
	if len(refused) == 0 {
		return nil
	}
	if opts.Errors == nil {
		return fmt.Errorf("deliver batch %s: %d records refused (%s) and no error output", f.ID, len(refused), refused[0].Message)
	}
	err := p.within(ctx, opts.ErrorTimeout, "write error objects", func(ctx context.Context) error { return opts.Errors.Write(ctx, f.batch, refused) })
	if err != nil {
		return fmt.Errorf("write %d refused records to the error output: %w", len(refused), err)
	}
	p.refusing(opts, f, refused)
	return nil
}

// giveUp drops what a batch has not delivered after its retention.
func (p *Pipeline) giveUp(f *flight, opts Options, cause error) error {
	var out outcome
	if f.parcels == nil {
		out.dropped = len(f.batch.Records)
	} else {
		out = f.outcome()
		out.dropped, out.refused, out.lost = out.refused, 0, 0 // the error output has none of them
		for _, parcel := range f.parcels {
			if !parcel.done {
				out.dropped += len(parcel.batch.Records)
			}
		}
	}
	p.log.Error("batch dropped after its retention", "batch", f.ID, "records", out.dropped, "error", cause)
	opts.diagnose(Diagnostic{Message: fmt.Sprintf("%d records were dropped after %v: %v", out.dropped, opts.DropAfter, cause),
		ErrorCode: codeOf(cause), Version: f.Version})
	return p.finish(f, out)
}

// finish notes a batch as finished. If all before it are, the cursor moves over
// it and those behind it that had to wait; otherwise its entry says so, for the
// process that comes after a crash.
func (p *Pipeline) finish(f *flight, out outcome) error {
	p.finishing.Lock()
	var change journal.Batch
	moved, err := p.finished(f, &change)
	var commit journal.Commit
	if err == nil {
		commit, err = p.opts.Journal.Begin(&change)
	}
	p.finishing.Unlock()
	if err == nil {
		err = commit.Wait()
	}
	if err != nil {
		return fmt.Errorf("move cursor: %w", err)
	}
	p.settled(f, out, moved)
	return nil
}

// finished fills in the change and returns where the cursor moves, zero if it
// stays.
func (p *Pipeline) finished(f *flight, change *journal.Batch) (moved record.Sequence, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f.gone = true
	for len(p.flights) > 0 && p.flights[0].gone {
		first := p.flights[0]
		moved = p.after(first.Next)
		change.Delete(first.stateKey)
		p.flights[0] = nil
		p.flights = p.flights[1:]
	}
	if moved != 0 {
		change.SetCursor(p.opts.Stream, p.opts.Cursor, moved)
		return moved, nil
	}
	done := f.sealed
	done.Format, done.Done = sealedFormat, true
	return 0, done.save(change)
}
