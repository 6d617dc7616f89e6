package application

import (
	"fmt"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// settle decides where the application begins, and makes that durable when it
// does not go on from its own snapshots.
func (a *Application) settle(state *saved, from Position) error {
	a.keeper = &keeper{journal: a.opts.Journal, app: a.plan.Name, input: a.input, snapshots: state.snapshots, lastID: state.lastID, strays: state.strays}
	if len(state.steps) > 0 {
		a.keeper.firstStep = state.steps[0].Number
	} else if len(state.snapshots) > 0 {
		a.keeper.firstStep = state.snapshots[len(state.snapshots)-1].Step + 1
	}
	extent := a.opts.Journal.Extent(a.input)
	step, next := state.last()
	switch {
	case from == Now || len(state.snapshots) == 0:
		next = extent.Next
	case state.snapshots[0].Input != a.input:
		a.log.Warn("the input stream was created anew; the application begins with its first record")
		next = extent.First
	case state.snapshots[0].Fingerprint != fingerprintText(a.plan.program.Fingerprint()):
		a.log.Warn("the application's code has changed; its windows begin anew where it was stopped")
	default:
		return nil
	}
	return a.begins(state, step, max(next, 1))
}

// begins makes an empty engine at a place of the input the only state there is.
func (a *Application) begins(state *saved, step uint64, next record.Sequence) error {
	a.step, a.next = step, next
	head, bytes := a.picture()
	head.ID = a.keeper.newID()
	if err := head.putChunks(a.opts.Journal, a.plan.Name, bytes); err != nil {
		return err
	}
	b := &journal.Batch{}
	for _, s := range state.steps {
		b.Delete(stepKey(a.plan.Name, s.Number))
	}
	if err := a.keeper.commit(head, b, 1); err != nil {
		return err
	}
	*state = saved{snapshots: a.keeper.snapshots}
	return nil
}

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
		a.next = a.opts.Journal.After(a.input, a.next)
		if e := a.opts.Journal.Extent(a.input); e.First > a.next {
			a.log.Warn("records were given up before the application read them", "records", e.First-a.next, "from", a.next, "to", e.First)
			a.next = e.First
		}
		a.publish()
		return nil
	}
	return fmt.Errorf("no snapshot of %d can be used: %w", len(state.snapshots), failed)
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
				return a.feedErr
			}
			bounds = a.repeat(bounds, f.First)
			a.frame(f)
			a.publish()
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
