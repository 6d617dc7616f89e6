package application

import (
	"context"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// settle decides where the application begins, and makes that durable when it
// does not go on from its own snapshots.
func (a *Application) settle(ctx context.Context, state *saved, from Position) error {
	a.keeper = &keeper{journal: a.opts.Journal, app: a.plan.Name, snapshots: state.snapshots, lastID: state.lastID, strays: state.strays}
	if len(state.steps) > 0 {
		a.keeper.firstStep = state.steps[0].Number
	} else if len(state.snapshots) > 0 {
		a.keeper.firstStep = state.snapshots[len(state.snapshots)-1].Step + 1
	}
	b := &beginning{a: a, state: state, fresh: from == Now || len(state.snapshots) == 0}
	b.step, b.last = state.last()
	if err := b.find(); err != nil {
		return err
	}
	a.source, a.private = b.source, state.streams.next(a.plan, b.processed)
	a.keeper.source, a.keeper.own = a.source, b.processed != nil
	keep, err := b.keepsState(ctx)
	if err != nil {
		return err
	}
	if err := b.commit(keep); err != nil {
		return err
	}
	a.assign()
	return a.dropGone()
}

// assign tells the outputs their private streams.
func (a *Application) assign() {
	outputs := a.private.Outputs
	for _, out := range a.sink.pending {
		if out.Kind == ToFunction {
			out.id, outputs = outputs[0].ID, outputs[1:]
		}
	}
}

// beginning is where an application begins to read.
type beginning struct {
	a     *Application
	state *saved
	fresh bool            // nothing that was there counts
	step  uint64          // newest committed step
	last  record.Sequence // the old source was read up to here

	source    record.StreamID
	next      record.Sequence  // of source
	processed *processedStream // source, if it is a private stream
	input     record.Sequence  // the input is processed from here on, if that is new; else 0
}

// find settles source and next:
//
//	         was direct          was processed
//	direct   goes on             from the first record whose answer was not read
//	function from where it was   goes on with the answers that are there
func (b *beginning) find() error {
	old := b.state.streams.Processed
	processed := !b.fresh && old != nil && b.state.snapshots[0].Input == old.ID
	if b.a.plan.Input.Processor != nil && processed {
		b.source, b.next = old.ID, max(b.last, 1)
		b.processed = &processedStream{old.ID, b.a.input}
		_, ok, err := journal.Cursor(b.a.opts.Journal, b.a.input, cursorName(b.a.plan.Name))
		if err == nil && !ok {
			b.input, err = b.inputPosition(true)
		}
		return err
	}
	at, err := b.inputPosition(processed)
	if err != nil {
		return err
	}
	b.source, b.next = b.a.input, at
	if b.a.plan.Input.Processor != nil {
		b.input = at
		b.source, b.next = record.NewStreamID(), 1
		b.processed = &processedStream{b.source, b.a.input}
	}
	return nil
}

// inputPosition is where the input itself goes on.
func (b *beginning) inputPosition(processed bool) (record.Sequence, error) {
	j, input := b.a.opts.Journal, b.a.input
	extent := j.Extent(input)
	switch {
	case b.fresh:
		return max(extent.Next, 1), nil
	case processed && b.state.streams.Processed.Input == input:
		at, _, err := journal.Cursor(j, input, cursorName(b.a.plan.Name))
		if err != nil {
			return 0, err
		}
		if first, ok, err := unread(j, b.state.streams.Processed.ID, b.last); err != nil {
			return 0, err
		} else if ok {
			at = min(at, first)
		}
		return max(at, 1), nil
	case !processed && b.state.snapshots[0].Input == input:
		return max(b.last, 1), nil
	}
	b.a.log.Warn("the input stream was created anew; the application begins with its first record")
	return max(extent.First, 1), nil
}

// keepsState tells whether the engine goes on from the newest snapshot, and
// otherwise gives the new engine its reference data.
func (b *beginning) keepsState(ctx context.Context) (bool, error) {
	a, keep := b.a, false
	if !b.fresh {
		head := b.state.snapshots[0]
		keep = head.Input == b.source && head.Fingerprint == a.plan.fingerprint()
		if head.Input == b.source && !keep {
			a.log.Warn("the application has changed; its windows begin anew where it was stopped")
		}
		if keep && head.Revision == a.plan.Revision {
			a.tables = head.Tables
			return true, nil
		}
		if keep && len(a.plan.Tables) == 0 {
			return true, nil
		}
	}
	if err := a.loadTables(ctx); err != nil {
		return false, err
	}
	if keep && a.tables != b.state.snapshots[0].Tables {
		a.log.Info("reference data has changed; windows begin anew where the application was stopped")
		keep = false
	}
	return keep, nil
}

// commit makes the beginning durable: an empty engine at a place of the source
// becomes the only state there is, unless the old one is kept.
func (b *beginning) commit(keep bool) error {
	a := b.a
	batch := &journal.Batch{}
	set(batch, streamsKey(a.plan.Name), a.private)
	if b.input > 0 {
		batch.SetCursor(a.input, cursorName(a.plan.Name), b.input)
	}
	if keep {
		_, err := journal.Put(a.opts.Journal, batch)
		return err
	}
	a.step, a.next = b.step, b.next
	head, bytes := a.picture()
	head.ID = a.keeper.newID()
	if err := head.putChunks(a.opts.Journal, a.plan.Name, bytes); err != nil {
		return err
	}
	for _, s := range b.state.steps {
		batch.Delete(stepKey(a.plan.Name, s.Number))
	}
	if err := a.keeper.commit(head, batch, 1); err != nil {
		return err
	}
	streams := b.state.streams
	*b.state = saved{snapshots: a.keeper.snapshots, streams: streams}
	return nil
}
