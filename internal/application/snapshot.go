package application

import (
	"context"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// keeper writes snapshots and gives up what the oldest kept one has made
// useless. It is used by one goroutine at a time.
type keeper struct {
	journal   journal.Journal
	app       string
	source    record.StreamID // that the engine reads
	own       bool            // source is the application's own: nobody else trims it
	snapshots []snapshotHead  // newest first
	firstStep uint64          // oldest step that may still be there
	lastID    uint64          // newest snapshot id ever given
	strays    []string        // keys that no snapshot needs, to be deleted
}

func (k *keeper) newID() uint64 {
	k.lastID++
	return k.lastID
}

// drop gives up the newest snapshot, which cannot be used.
func (k *keeper) drop(head snapshotHead) {
	k.snapshots = k.snapshots[1:]
	k.strays = append(k.strays, headKey(k.app, head.ID))
	for i := range head.chunks() {
		k.strays = append(k.strays, chunkKey(k.app, head.ID, i))
	}
}

// takeSnapshot begins to write the engine's state if it is time. All results of
// that state must be in sealed steps, so it waits while some are pending.
func (a *Application) takeSnapshot(ctx context.Context) {
	if a.snapshot != nil || !a.dirty || a.opts.Now().Sub(a.taken) < a.pause {
		return
	}
	if _, any := a.sink.bytes(); any {
		return
	}
	if len(a.bounds) > 0 { // so that bounds without result do not pile up
		if a.commit != nil {
			return
		}
		a.begin(ctx)
	}
	began := a.opts.Now()
	head, state := a.picture()
	a.dirty, a.taken = false, began
	a.snapshot = make(chan error, 1)
	after := a.commit // the step whose results the state has given out
	result := a.snapshot
	a.work.Go(func() { result <- a.keeper.keep(head, state, after) })
}

// snapshotShare is how many times longer than a snapshot takes the next one is
// away at least, so that large states do not fill the disk's time.
const snapshotShare = 10

// snapshotTaken notes that the snapshot under way is durable. The input is held
// from the oldest one that is kept: another one follows when nothing else comes,
// so that an idle application holds nothing it has read.
func (a *Application) snapshotTaken() {
	a.snapshot = nil
	if kept := a.keeper.snapshots; kept[len(kept)-1].Next < a.next {
		a.dirty = true
	}
	a.pause = max(a.opts.SnapshotInterval, snapshotShare*a.opts.Now().Sub(a.taken))
}

// picture is the state of this moment.
func (a *Application) picture() (snapshotHead, []byte) {
	head := snapshotHead{
		Version: stateVersion, Step: a.step, Input: a.source, Next: a.next, Bound: a.applied,
		Fingerprint: a.plan.fingerprint(), Revision: a.plan.Revision, Tables: a.tables,
	}
	state := a.engine.Snapshot(make([]byte, 0, a.stateBytes))
	a.stateBytes = len(state) + len(state)/8
	return head, state
}

// keep writes a snapshot; it counts from the commit of its head on, which is
// begun after the step is durable.
func (k *keeper) keep(head snapshotHead, state []byte, after *commit) error {
	head.ID = k.newID()
	if err := head.putChunks(k.journal, k.app, state); err != nil {
		return err
	}
	if after != nil {
		if <-after.over; after.failed != nil {
			return after.failed
		}
	}
	return k.commit(head, &journal.Batch{}, keptSnapshots)
}

// commit writes the head and removes all but the newest snapshots, with the
// steps and the input that only those needed.
func (k *keeper) commit(head snapshotHead, b *journal.Batch, keep int) error {
	set(b, headKey(k.app, head.ID), head)
	kept := append([]snapshotHead{head}, k.snapshots...)
	for len(kept) > keep {
		kept[len(kept)-1].remove(b, k.app)
		kept = kept[:len(kept)-1]
	}
	oldest := kept[len(kept)-1]
	first := k.firstStep
	for ; first <= oldest.Step; first++ {
		b.Delete(stepKey(k.app, first))
	}
	for _, key := range k.strays {
		b.Delete(key)
	}
	if !k.own {
		b.SetCursor(k.source, cursorName(k.app), oldest.Next)
	}
	if _, err := journal.Put(k.journal, b); err != nil {
		return err
	}
	k.snapshots, k.firstStep, k.strays = kept, first, nil
	if k.own {
		return k.journal.Trim(k.source, oldest.Next)
	}
	return nil
}
