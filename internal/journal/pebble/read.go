package pebble

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"

	"github.com/cockroachdb/pebble/v2"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/handover"
	"github.com/millrace/millrace/internal/record"
)

// measures are the sum over a run of frames.
type measures struct {
	first, next record.Sequence
	arrival     int64
	bytes       int64
}

func (j *Journal) sum(lower, upper []byte) (measures, error) {
	var m measures
	it, err := j.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return m, err
	}
	for ok := it.First(); ok; ok = it.Next() {
		one, err := decodeMeta(it.Key(), it.Value())
		if err != nil {
			return m, errors.Join(err, it.Close())
		}
		seq := sequenceOf(it.Key())
		if m.next == 0 {
			m.first = seq
		}
		m.next, m.arrival = seq+record.Sequence(one.count), one.arrival
		m.bytes += int64(one.bytes)
	}
	return m, it.Close()
}

// load tells handover.Streams where a stream was left.
func (j *Journal) load(id record.StreamID) (handover.Left, error) {
	left, err := j.left(id)
	if err != nil {
		return left, fmt.Errorf("read where stream %s was left: %w", id, located(err))
	}
	return left, nil
}

func (j *Journal) left(id record.StreamID) (left handover.Left, err error) {
	m, err := j.sum(metaRange(&id))
	if err != nil {
		return left, err
	}
	left.Extent = journal.Extent{First: m.first, Next: m.next, Arrival: m.arrival, Bytes: m.bytes}
	v, err := j.get(floorKey(id))
	if err != nil {
		return left, err
	}
	if len(v) == 8 {
		left.Floor = int64(binary.BigEndian.Uint64(v))
	}
	left.Gaps, err = j.gaps(id)
	return left, err
}

// Read implements journal.Journal.
func (j *Journal) Read(id record.StreamID, from record.Sequence) journal.Reader {
	s, err := j.stream(id)
	if err != nil {
		return failed{err}
	}
	return handover.NewReader(s, j, from)
}

// stream returns a stream, or why it cannot be read.
func (j *Journal) stream(id record.StreamID) (*handover.Stream, error) {
	j.begin.RLock()
	defer j.begin.RUnlock()
	if j.closed {
		return nil, journal.ErrClosed
	}
	return j.streams.Get(id)
}

// ReadBack implements handover.Store.
func (j *Journal) ReadBack(id record.StreamID, from record.Sequence) ([]*record.Frame, error) {
	j.begin.RLock()
	defer j.begin.RUnlock()
	if j.closed {
		return nil, journal.ErrClosed
	}
	it, err := j.db.NewIter(&pebble.IterOptions{LowerBound: frameKey(id, 0), UpperBound: end(frameTag, id)})
	if err != nil {
		return nil, err
	}
	var frames []*record.Frame
	// the frame that holds from begins at it or before it
	ok := it.SeekLT(frameKey(id, from+1))
	if !ok {
		ok = it.First()
	}
	for size := 0; ok && size < readBackBytes; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			break // it.Close says so, too
		}
		f, err := record.DecodeFrame(value)
		if err == nil && f.First != sequenceOf(it.Key()) {
			err = fmt.Errorf("%w: its header says sequence %d", record.ErrDamaged, f.First)
		}
		if err != nil {
			if len(frames) > 0 {
				break // hand out what is whole first
			}
			return nil, errors.Join(&journal.Damage{Stream: id, Sequence: sequenceOf(it.Key()), Place: j.Place(id), Cause: err}, it.Close())
		}
		if f.Next() > from {
			frames = append(frames, f)
			size += f.Bytes()
		}
	}
	err = it.Close()
	if err != nil && len(frames) > 0 {
		return frames, nil // and the error when it is their turn
	}
	return frames, j.damaged(id, from, err)
}

// Place implements handover.Store.
func (j *Journal) Place(id record.StreamID) string {
	return fmt.Sprintf("%s (key f%s)", j.opts.Dir, id)
}

// Done implements handover.Store.
func (j *Journal) Done() <-chan struct{} { return j.done }

// Bound implements journal.Journal.
func (j *Journal) Bound(id record.StreamID) (int64, record.Sequence) {
	s, err := j.stream(id)
	if err != nil {
		return 0, 0 // promises nothing
	}
	return s.Bound(j.opts.Now())
}

// Extent implements journal.Journal.
func (j *Journal) Extent(id record.StreamID) journal.Extent {
	s, err := j.stream(id)
	if err != nil {
		return journal.Extent{}
	}
	return s.Extent()
}

// After implements journal.Journal.
func (j *Journal) After(id record.StreamID, seq record.Sequence) record.Sequence {
	s, err := j.stream(id)
	if err != nil {
		return seq
	}
	return s.After(seq)
}

func (j *Journal) get(key []byte) ([]byte, error) {
	v, closer, err := j.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := append(make([]byte, 0, len(v)), v...)
	return out, closer.Close()
}

// Get implements journal.Journal.
func (j *Journal) Get(key string) ([]byte, error) {
	j.begin.RLock()
	defer j.begin.RUnlock()
	if j.closed {
		return nil, journal.ErrClosed
	}
	v, err := j.get(stateKey(key))
	if err != nil {
		return nil, fmt.Errorf("read %q from journal %q: %w", key, j.opts.Dir, located(err))
	}
	return v, nil
}

// Scan implements journal.Journal.
func (j *Journal) Scan(prefix string) iter.Seq2[journal.Entry, error] {
	return func(yield func(journal.Entry, error) bool) {
		entries, err := j.scan(prefix)
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
		if err != nil {
			yield(journal.Entry{}, fmt.Errorf("scan %q in journal %q: %w", prefix, j.opts.Dir, located(err)))
		}
	}
}

// scan copies the entries: a yield that writes to the journal, or closes it,
// must not meet an open iterator.
func (j *Journal) scan(prefix string) ([]journal.Entry, error) {
	j.begin.RLock()
	defer j.begin.RUnlock()
	if j.closed {
		return nil, journal.ErrClosed
	}
	lower := stateKey(prefix)
	it, err := j.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: successor(lower)})
	if err != nil {
		return nil, err
	}
	var entries []journal.Entry
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			break // it.Close says so, too
		}
		entries = append(entries, journal.Entry{Key: string(it.Key()[1:]), Value: append(make([]byte, 0, len(value)), value...)})
	}
	return entries, it.Close()
}

// successor is the first key after all that begin with prefix.
func successor(prefix []byte) []byte {
	s := append([]byte(nil), prefix...)
	for i := len(s) - 1; i >= 0; i-- {
		if s[i]++; s[i] != 0 {
			return s[:i+1]
		}
	}
	return nil
}

// failed is the reader of a stream that cannot be read.
type failed struct{ err error }

func (f failed) Next(context.Context) (*record.Frame, error) { return nil, f.err }
func (f failed) Close()                                      {}
