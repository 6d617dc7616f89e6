package application

import (
	"fmt"

	"github.com/millrace/millrace/internal/record"
)

// restore loads the newest snapshot that is whole.
func (a *Application) restore(state *saved) error {
	var failed error
	for _, head := range state.snapshots {
		bytes, err := head.state(a.opts.Journal, a.plan.Name)
		if err == nil {
			a.engine = a.plan.program.NewEngine(a.sink, a.opts.Limits)
			err = a.engine.Restore(bytes)
		}
		if err != nil {
			a.log.Error("snapshot cannot be used", "snapshot", head.ID, "error", err)
			failed = err
			a.keeper.drop(head)
			continue
		}
		a.step, a.next, a.applied = head.Step, head.Next, head.Bound
		a.taken = a.opts.Now()
		a.next = a.opts.Journal.After(a.source, a.next)
		if e := a.opts.Journal.Extent(a.source); e.First > a.next {
			a.givenUp(a.source, a.next, e.First)
			a.next = e.First
		}
		if err := a.locate(); err != nil {
			return err
		}
		a.publish()
		return nil
	}
	return fmt.Errorf("no snapshot of %d can be used: %w", len(state.snapshots), failed)
}

// locate tells the reader where in the input the place of the processed stream
// is that it goes on from.
func (a *Application) locate() error {
	if a.processor == nil {
		return nil
	}
	next, ok, err := unread(a.opts.Journal, a.source, a.next)
	if !ok {
		next = a.processor.position().input
	}
	a.reader.next = next
	return err
}

// replay does the work between the snapshot and the last committed step again,
// with the bounds in their places, and drops its results.
func (a *Application) replay(state *saved) error {
	last := stepRecord{Number: a.step, Next: a.next}
	var bounds []bound
	for _, s := range state.steps {
		if s.Number > a.step {
			bounds, last = append(bounds, s.Bounds...), s
		}
	}
	a.sink.replaying = true
	for a.next < last.Next {
		select {
		case f, ok := <-a.frames:
			if !ok {
				return a.ended()
			}
			bounds = a.repeat(bounds, f.First)
			a.frame(f)
			a.publish()
		case err := <-a.failed:
			return err
		case <-a.stop:
			return errStopped
		}
	}
	a.repeat(bounds, last.Next)
	a.reader.flush()
	a.sink.replaying = false
	a.step, a.bounds, a.silent = last.Number, nil, false
	return nil
}

// repeat applies the recorded bounds up to a place of the input.
func (a *Application) repeat(bounds []bound, upTo record.Sequence) []bound {
	if len(bounds) == 0 || bounds[0].Next > upTo {
		return bounds
	}
	a.reader.flush()
	for len(bounds) > 0 && bounds[0].Next <= upTo {
		if bounds[0].Time > a.applied {
			a.applied = bounds[0].Time
			a.engine.Bound(a.applied)
		}
		bounds = bounds[1:]
	}
	return bounds
}
