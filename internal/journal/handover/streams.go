package handover

import (
	"bytes"
	"slices"
	"sync"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// Streams are the streams of a journal, loaded from its store when first named.
type Streams struct {
	mu     sync.Mutex
	byID   map[record.StreamID]*Stream
	load   func(record.StreamID) (Left, error)
	budget int
}

// NewStreams makes an empty set. load tells where the store left a stream.
func NewStreams(load func(record.StreamID) (Left, error), recentBudget int) *Streams {
	return &Streams{byID: map[record.StreamID]*Stream{}, load: load, budget: recentBudget}
}

// Get returns the stream of an id; one that was never appended to is empty.
func (s *Streams) Get(id record.StreamID) (*Stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.byID[id]; st != nil {
		return st, nil
	}
	left, err := s.load(id)
	if err != nil {
		return nil, err
	}
	st := NewStream(id, left, s.budget)
	s.byID[id] = st
	return st, nil
}

// Forget lets go of a stream that was dropped.
func (s *Streams) Forget(id record.StreamID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byID, id)
}

// Lock locks the streams that a batch appends to or sets floors of, in the order
// of their ids so that two batches cannot wait for each other. The result
// unlocks them.
func (s *Streams) Lock(b *journal.Batch) (streams map[record.StreamID]*Stream, unlock func(), err error) {
	streams = map[record.StreamID]*Stream{}
	ids := make([]record.StreamID, 0, 1)
	add := func(id record.StreamID) {
		if err == nil && streams[id] == nil {
			streams[id], err = s.Get(id)
			ids = append(ids, id)
		}
	}
	for _, a := range b.Appends {
		add(a.Stream)
	}
	for _, f := range b.Floors {
		add(f.Stream)
	}
	if err != nil {
		return nil, nil, err
	}
	slices.SortFunc(ids, func(a, b record.StreamID) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range ids {
		streams[id].Lock()
	}
	return streams, func() {
		for _, id := range ids {
			streams[id].Unlock()
		}
	}, nil
}
