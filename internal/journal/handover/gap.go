package handover

import "github.com/millrace/millrace/internal/record"

// Gap are sequences from From to before To that no record has nor will have:
// what had them was lost with a part of the journal, and somebody may still
// know the records by them. Readers go over it as if it were not there.
type Gap struct{ From, To record.Sequence }

// over returns the first sequence from seq on that lies in no gap. The caller
// holds the lock.
func (s *Stream) over(seq record.Sequence) record.Sequence {
	for _, g := range s.gaps {
		if g.From <= seq && seq < g.To {
			seq = g.To
		}
	}
	return seq
}

// After is journal.Journal's After.
func (s *Stream) After(seq record.Sequence) record.Sequence {
	s.Lock()
	defer s.Unlock()
	return s.over(seq)
}

// Skip leaves out the sequences up to, and without, the one given, and returns
// the gap; ok is false if it is reached already. The caller holds the lock
// until the store has the gap durably, and nothing is under way in the stream.
func (s *Stream) Skip(to record.Sequence) (g Gap, ok bool) {
	if to <= s.next {
		return Gap{}, false
	}
	g = Gap{s.next, to}
	s.gaps = append(s.gaps, g)
	s.next, s.durable, s.first = to, to, s.over(s.first)
	s.wake()
	return g, true
}
