package application

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// How long a step that cannot be committed waits before it is tried again.
const (
	firstRetry = 50 * time.Millisecond
	lastRetry  = 2 * time.Second
)

// commit is a sealed step on its way into the journal.
type commit struct {
	stepRecord
	outputs []*pendingOutput
	result  chan error    // one, for the run
	over    chan struct{} // closed after it
	failed  error         // valid when over is closed
}

// committed is the result of the commit under way; nil blocks.
func (a *Application) committed() <-chan error {
	if a.commit == nil {
		return nil
	}
	return a.commit.result
}

// seal begins to commit the pending step if it has results and no other commit
// is under way. Results that come meanwhile gather in the next step.
func (a *Application) seal(ctx context.Context) {
	if _, any := a.sink.bytes(); any && a.commit == nil {
		a.begin(ctx)
	}
}

func (a *Application) begin(ctx context.Context) {
	a.step++
	a.commit = &commit{
		stepRecord: stepRecord{Version: stateVersion, Number: a.step, Next: a.next, Bounds: a.bounds},
		outputs:    a.sink.take(), result: make(chan error, 1), over: make(chan struct{}),
	}
	a.bounds, a.dirty = nil, true
	c := a.commit
	a.work.Go(func() {
		c.failed = a.write(ctx, c)
		c.result <- c.failed
		close(c.over)
	})
}

// write makes the step durable, however long that takes: records are appended
// to their streams, and with them goes the step, all or nothing.
func (a *Application) write(ctx context.Context, c *commit) error {
	// The input is held in the journal until the step is there.
	b := &journal.Batch{MakesRoom: true}
	counted := make([]func(), 0, len(c.outputs))
	for _, o := range c.outputs {
		records, bytes := o.records.Count(), o.records.Bytes()
		err := a.retry(ctx, "output "+o.Stream, func() error {
			err := a.give(b, o)
			o.counts.attempted(err == nil)
			return err
		}, func(err error) bool { return !errors.Is(err, journal.ErrClosed) })
		if err != nil {
			return err
		}
		counted = append(counted, func() { o.counts.committed(records, bytes) })
	}
	set(b, stepKey(a.plan.Name, c.Number), c.stepRecord)
	if n := len(c.Bounds); n > 0 {
		b.SetFloor(a.input, c.Bounds[n-1].Time)
	}
	if _, err := a.put(ctx, "step", b); err != nil {
		return err
	}
	for _, count := range counted {
		count()
	}
	return nil
}

// give adds the records of an output to a step.
func (a *Application) give(b *journal.Batch, o *pendingOutput) error {
	if o.Kind != ToFunction {
		return a.opts.Streams.AppendTo(b, o.ARN, o.records, o.RoleARN)
	}
	if backlog := o.function.backlog(); backlog > a.opts.BacklogBytes {
		return fmt.Errorf("function %s has left %d bytes undelivered", o.ARN, backlog)
	}
	return appendFrames(b, o.id, o.records)
}

// put commits a batch, however long the journal has no room for it.
func (a *Application) put(ctx context.Context, what string, b *journal.Batch) ([]*record.Frame, error) {
	var done journal.Commit
	err := a.retry(ctx, what, func() (err error) {
		done, err = a.opts.Journal.Begin(b)
		return err
	}, func(err error) bool { return errors.Is(err, journal.ErrFull) })
	if err != nil {
		return nil, err
	}
	return done.Frames(), done.Wait()
}

// retry calls try until it succeeds, its error is final or ctx ends. Results
// are kept meanwhile and the input waits.
func (a *Application) retry(ctx context.Context, what string, try func() error, again func(error) bool) error {
	wait := firstRetry
	for {
		err := try()
		if err == nil {
			if wait != firstRetry {
				a.waits.set(what, "")
			}
			return nil
		}
		if !again(err) {
			return err
		}
		if !a.waits.set(what, err.Error()) {
			a.log.Warn("results wait for their stream", "waits_for", what, "error", err)
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
		wait = min(2*wait, lastRetry)
	}
}
