package pebble

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// Trim implements journal.Journal. The newest frame always stays: after a
// restart it says where the stream's sequences go on, and no sequence is ever
// given out twice. It is not synced; a trim that a crash undoes is done again.
func (j *Journal) Trim(id record.StreamID, before record.Sequence) error {
	s, err := j.stream(id)
	if err != nil {
		return err
	}
	j.begin.RLock()
	defer j.begin.RUnlock()
	if j.closed {
		return journal.ErrClosed
	}
	lower, upper := metaRange(&id)
	it, err := j.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return err
	}
	var first record.Sequence // of the first frame that stays
	var gone, last int64
	for ok := it.First(); ok; ok = it.Next() {
		m, err := decodeMeta(it.Key(), it.Value())
		if err != nil {
			return errors.Join(err, it.Close())
		}
		gone += last
		first, last = sequenceOf(it.Key()), int64(m.bytes)
		if first+record.Sequence(m.count) > before {
			break
		}
	}
	if err := it.Close(); err != nil {
		return fmt.Errorf("trim stream %s: %w", id, located(err))
	}
	if gone == 0 {
		return nil
	}
	s.Trim(first)
	b := j.db.NewBatch()
	defer b.Close()
	_ = b.DeleteRange(frameKey(id, 0), frameKey(id, first), nil)
	_ = b.DeleteRange(metaKey(id, 0), metaKey(id, first), nil)
	if err := j.write("trim", func() error { return b.Commit(pebble.NoSync) }); err != nil {
		return err
	}
	j.bytes.Add(-gone)
	s.Freed(gone)
	j.trimmed.Store(true)
	return nil
}

// Drop implements journal.Journal.
func (j *Journal) Drop(id record.StreamID) error {
	s, err := j.stream(id)
	if err != nil {
		return err
	}
	j.begin.RLock()
	defer j.begin.RUnlock()
	if j.closed {
		return journal.ErrClosed
	}
	s.Drop()
	s.Lock() // no frame may be stamped between the deletion and the forgetting
	b := j.db.NewBatch()
	defer b.Close()
	_ = b.DeleteRange(frameKey(id, 0), end(frameTag, id), nil)
	_ = b.DeleteRange(metaKey(id, 0), end(metaTag, id), nil)
	_ = b.Delete(floorKey(id), nil)
	_ = b.DeleteRange(gapKey(id, 0), end(gapTag, id), nil)
	cursors := stateKey(journal.CursorPrefix(id))
	_ = b.DeleteRange(cursors, successor(cursors), nil)
	err = j.write("drop", func() error { return b.Commit(pebble.Sync) })
	s.Unlock()
	if err != nil {
		return err
	}
	j.bytes.Add(-s.Extent().Bytes)
	j.trimmed.Store(true)
	j.streams.Forget(id)
	return nil
}
