// Package handover is what journal implementations share: the order of a
// stream's frames, the stamp of sequence and arrival under the stream's lock,
// and the hand-over of fresh frames to readers from memory, so that a reader
// that keeps up never reads the disk.
//
//	        pending            durable
//	Stamp ─▶ [ f5 f6 ] ─ Publish ─▶ [ f2 f3 f4 ] ─▶ Recent ─▶ readers
//	         (next)                 (ring, byte budget)
package handover

import (
	"sync"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// Stream is the order of one stream. Lock it to stamp frames and to put them
// into the store in the same order.
type Stream struct {
	sync.Mutex
	ID record.StreamID

	next    record.Sequence // to be given to the next record
	floor   int64           // no later stamp is below it
	durable record.Sequence // everything before is durable
	arrival int64           // of the newest durable frame
	first   record.Sequence // oldest record left
	gaps    []Gap           // ascending
	bytes   int64           // on disk, of the frames left

	recent       []*record.Frame // consecutive, ending at next
	recentBytes  int
	recentBudget int

	changed chan struct{} // closed when durable moves or the journal closes
	dropped chan struct{} // closed when the stream is given up
	drop    sync.Once
}

// Left is how a store left a stream.
type Left struct {
	journal.Extent
	Floor int64 // no stamp is below it, ms
	Gaps  []Gap // ascending
}

// NewStream continues a stream where the store left it. recentBudget is how
// many bytes of fresh frames are kept in memory.
func NewStream(id record.StreamID, left Left, recentBudget int) *Stream {
	s := &Stream{
		ID: id, next: max(left.Next, 1), first: max(left.First, 1), bytes: left.Bytes, gaps: left.Gaps,
		arrival: left.Arrival, floor: max(left.Floor, left.Arrival),
		recentBudget: recentBudget, changed: make(chan struct{}), dropped: make(chan struct{}),
	}
	s.next, s.first = s.over(s.next), s.over(s.first)
	s.durable = s.next
	return s
}

// Stamp gives a sealed frame its place at the time now (ms). The caller holds
// the lock until the store has the frame in its order.
func (s *Stream) Stamp(sealed *record.Sealed, now int64) (*record.Frame, []byte) {
	s.floor = max(s.floor, now)
	f, encoded := sealed.Stamp(s.ID, s.next, s.floor)
	s.next = f.Next()
	s.bytes += int64(len(encoded))
	s.recent = append(s.recent, f)
	s.recentBytes += f.Bytes()
	return f, encoded
}

// Publish makes everything before next visible to readers: the store has it
// durably, and everything that was put before it.
func (s *Stream) Publish(f *record.Frame) {
	s.Lock()
	defer s.Unlock()
	if f.Next() <= s.durable {
		return // a later commit was faster and published this one too
	}
	s.durable, s.arrival = f.Next(), max(s.arrival, f.Arrival)
	s.forget(s.first)
	s.wake()
}

// forget lets go of durable frames that are over the budget or before the
// sequence.
func (s *Stream) forget(before record.Sequence) {
	n := 0
	for n < len(s.recent) && s.recent[n].Next() <= s.durable &&
		(s.recentBytes > s.recentBudget || s.recent[n].Next() <= before) {
		s.recentBytes -= s.recent[n].Bytes()
		s.recent[n] = nil
		n++
	}
	s.recent = s.recent[n:]
}

func (s *Stream) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Drop ends the stream's readers, before the store gives up its frames.
func (s *Stream) Drop() { s.drop.Do(func() { close(s.dropped) }) }

// Bound is journal.Journal's Bound at the time now (ms).
func (s *Stream) Bound(now int64) (int64, record.Sequence) {
	s.Lock()
	defer s.Unlock()
	s.floor = max(s.floor, now)
	return s.floor, s.next
}

// Raise keeps stamps from going below a bound that took effect, and returns the
// floor to be kept: never a lower one than another reader's bound has set. The
// caller holds the lock until the store has it in its order.
func (s *Stream) Raise(bound int64) (floor int64) {
	s.floor = max(s.floor, bound)
	return s.floor
}

// Extent is what is durable.
func (s *Stream) Extent() journal.Extent {
	s.Lock()
	defer s.Unlock()
	e := journal.Extent{First: min(s.first, s.durable), Next: s.durable, Arrival: s.arrival, Bytes: s.bytes}
	for _, g := range s.gaps {
		e.Skipped += g.To - g.From
	}
	return e
}

// Trim hides the frames before first from readers. The store gives them up
// afterwards: a reader that does not find one any more looks here once again.
func (s *Stream) Trim(first record.Sequence) {
	s.Lock()
	defer s.Unlock()
	s.first = max(s.first, first)
	s.forget(s.first)
}

// Freed says how many bytes the store gave up.
func (s *Stream) Freed(bytes int64) {
	s.Lock()
	defer s.Unlock()
	s.bytes -= bytes
}

// trimmed tells whether the frame that held a sequence was given up.
func (s *Stream) trimmed(seq record.Sequence) bool {
	s.Lock()
	defer s.Unlock()
	return seq < s.first
}

// Recent looks for the durable frame that holds sequence from, or the first
// after it, in memory. Without one it tells where reading goes on (later than
// from if that was trimmed), whether the store holds durable frames from
// there, and a channel that is closed when that may have changed.
func (s *Stream) Recent(from record.Sequence) (f *record.Frame, at record.Sequence, stored bool, changed <-chan struct{}) {
	s.Lock()
	defer s.Unlock()
	from = s.over(max(from, s.first, 1))
	if from >= s.durable {
		return nil, from, false, s.changed
	}
	if len(s.recent) == 0 || s.recent[0].First > from {
		return nil, from, true, s.changed
	}
	lo, hi := 0, len(s.recent) // the first frame that ends after from
	for lo < hi {
		if mid := (lo + hi) / 2; s.recent[mid].Next() <= from {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return s.recent[lo], from, true, s.changed
}
