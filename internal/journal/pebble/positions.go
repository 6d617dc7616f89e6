package pebble

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/handover"
	"github.com/millrace/millrace/internal/record"
)

// What journal/witness asks of a journal besides the contract.

// Positions are the sequences that the streams' next records get. They are
// begun, not yet durable; a commit begun after the call makes them so.
func (j *Journal) Positions() (map[record.StreamID]record.Sequence, error) {
	next, err := j.positions()
	if err != nil {
		return nil, fmt.Errorf("read how far the streams of journal %q have come: %w", j.opts.Dir, located(err))
	}
	return next, nil
}

func (j *Journal) positions() (map[record.StreamID]record.Sequence, error) {
	j.begin.RLock()
	defer j.begin.RUnlock()
	if j.closed {
		return nil, journal.ErrClosed
	}
	next := map[record.StreamID]record.Sequence{}
	if err := j.lastOfEach(metaTag, func(key, value []byte) error {
		m, err := decodeMeta(key, value)
		next[streamOf(key)] = sequenceOf(key) + record.Sequence(m.count)
		return err
	}); err != nil {
		return nil, err
	}
	return next, j.lastOfEach(gapTag, func(key, value []byte) error {
		g, err := decodeGap(key, value)
		next[streamOf(key)] = max(next[streamOf(key)], g.To)
		return err
	})
}

// lastOfEach visits the last key of each stream under a tag: two seeks a
// stream, however many frames it has.
func (j *Journal) lastOfEach(tag byte, visit func(key, value []byte) error) error {
	it, err := j.db.NewIter(&pebble.IterOptions{LowerBound: []byte{tag}, UpperBound: []byte{tag + 1}})
	if err != nil {
		return err
	}
	for ok := it.First(); ok; {
		after := end(tag, streamOf(it.Key()))
		if it.SeekLT(after) {
			if err := visit(it.Key(), it.Value()); err != nil {
				return errors.Join(err, it.Close())
			}
		}
		ok = it.SeekGE(after)
	}
	return it.Close()
}

// Commits counts what was begun since Open.
func (j *Journal) Commits() int64 { return j.commits.Load() }

// Skip leaves out the sequences of a stream before the one given, durably. It
// is called before anything else uses the stream.
func (j *Journal) Skip(id record.StreamID, to record.Sequence) error {
	s, err := j.stream(id)
	if err != nil {
		return err
	}
	j.begin.RLock()
	defer j.begin.RUnlock()
	if j.closed {
		return journal.ErrClosed
	}
	s.Lock()
	defer s.Unlock()
	g, ok := s.Skip(to)
	if !ok {
		return nil
	}
	return j.write("skip", func() error {
		return j.db.Set(gapKey(id, g.From), binary.BigEndian.AppendUint64(nil, uint64(g.To)), pebble.Sync)
	})
}

func (j *Journal) gaps(id record.StreamID) ([]handover.Gap, error) {
	it, err := j.db.NewIter(&pebble.IterOptions{LowerBound: gapKey(id, 0), UpperBound: end(gapTag, id)})
	if err != nil {
		return nil, err
	}
	var gaps []handover.Gap
	for ok := it.First(); ok; ok = it.Next() {
		g, err := decodeGap(it.Key(), it.Value())
		if err != nil {
			return nil, errors.Join(err, it.Close())
		}
		gaps = append(gaps, g)
	}
	return gaps, it.Close()
}

func decodeGap(key, v []byte) (handover.Gap, error) {
	if len(v) != 8 {
		return handover.Gap{}, fmt.Errorf("gap at key %x: %d bytes, want 8", key, len(v))
	}
	return handover.Gap{From: sequenceOf(key), To: record.Sequence(binary.BigEndian.Uint64(v))}, nil
}
