package application

import (
	"context"
	"errors"
	"time"

	"github.com/millrace/millrace/internal/journal"
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
	for _, o := range c.outputs {
		err := a.retry(ctx, "output", o.Stream, func() error {
			return a.opts.Streams.AppendTo(b, o.ARN, o.records, o.RoleARN)
		}, func(err error) bool { return !errors.Is(err, journal.ErrClosed) })
		if err != nil {
			return err
		}
	}
	set(b, stepKey(a.plan.Name, c.Number), c.stepRecord)
	if n := len(c.Bounds); n > 0 {
		b.SetFloor(a.input, c.Bounds[n-1].Time)
	}
	var done journal.Commit
	err := a.retry(ctx, "step", "", func() (err error) {
		done, err = a.opts.Journal.Begin(b)
		return err
	}, func(err error) bool { return errors.Is(err, journal.ErrFull) })
	if err != nil {
		return err
	}
	return done.Wait()
}

// retry calls try until it succeeds, its error is final or ctx ends. Results
// are kept meanwhile and the input waits.
func (a *Application) retry(ctx context.Context, what, name string, try func() error, again func(error) bool) error {
	wait := firstRetry
	for {
		err := try()
		if err == nil {
			if wait != firstRetry {
				a.setWaiting("")
			}
			return nil
		}
		if !again(err) {
			return err
		}
		if wait == firstRetry {
			a.log.Warn("results wait for their stream", "waits_for", what, "in_application_stream", name, "error", err)
		}
		a.setWaiting(err.Error())
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
		wait = min(2*wait, lastRetry)
	}
}

func (a *Application) setWaiting(why string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.progress.waiting = why
}
