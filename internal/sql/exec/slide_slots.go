package exec

import (
	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/dialect"
)

// slot returns one that is free.
func (s *slide) slot() uint32 {
	if len(s.free) == 0 {
		s.addSlots()
	}
	last := len(s.free) - 1
	slot := s.free[last]
	s.free = s.free[:last]
	return slot
}

// addSlots makes some more at once. Those that lie together are used one behind the other.
func (s *slide) addSlots() {
	from := len(s.owner)
	n := from + max(minSlots, from/4)
	s.owner, s.prev, s.next, s.times = extend(s.owner, n), extend(s.prev, n), extend(s.next, n), extend(s.times, n)
	if s.frame == bind.FrameRange {
		s.after = extend(s.after, n)
	}
	for _, a := range s.args {
		a.cells.grow(n)
	}
	s.growSliders()
	for i := n; i > from; i-- {
		s.free = append(s.free, uint32(i-1))
	}
}

// link puts a slot behind the rows of partition p and, for RANGE, behind all rows.
func (s *slide) link(p, slot uint32, t int64) {
	s.owner[slot], s.times[slot], s.prev[slot], s.next[slot] = p, t, s.tail[p], none
	if s.tail[p] != none {
		s.next[s.tail[p]] = slot
	} else {
		s.head[p] = slot
	}
	s.tail[p] = slot
	s.count[p]++
	s.held++
	if s.frame != bind.FrameRange {
		return
	}
	s.after[slot] = none
	if s.newest != none {
		s.after[s.newest] = slot
	} else {
		s.oldest = slot
	}
	s.newest = slot
}

// expire lets the rows leave that a row with ROWTIME t does not see any more.
func (s *slide) expire(t int64) {
	if s.frame != bind.FrameRange {
		return
	}
	first := t - s.size
	if !dialect.RangeIncludesLowerEnd {
		first++
	}
	for s.oldest != none && s.times[s.oldest] < first {
		slot := s.oldest
		if s.oldest = s.after[slot]; s.oldest == none {
			s.newest = none
		}
		s.leave(slot)
	}
}

// leave takes the first row of a partition away.
func (s *slide) leave(slot uint32) {
	p := s.owner[slot]
	if s.front[p] == 0 && len(s.stacked) > 0 {
		for _, f := range s.stacked {
			f.turn(p)
		}
		s.front[p] = s.count[p]
	}
	for _, f := range s.early {
		f.leave(p, slot)
	}
	for _, f := range s.functions {
		f.leave(p, slot)
	}
	if s.front[p] > 0 {
		s.front[p]--
	}
	if s.head[p] = s.next[slot]; s.head[p] != none {
		s.prev[s.head[p]] = none
	} else {
		s.tail[p] = none
	}
	for _, a := range s.args {
		a.cells.clear(slot)
	}
	s.free = append(s.free, slot)
	s.held--
	if s.count[p]--; s.count[p] == 0 {
		s.occupied--
		s.fresh = append(s.fresh, p)
	}
}

// sweep forgets partitions without rows.
func (s *slide) sweep() {
	for _, p := range s.fresh {
		if s.count[p] != 0 || s.tail[p] == swept {
			continue
		}
		s.tail[p] = swept
		s.keys.remove(p)
	}
	s.fresh = s.fresh[:0]
}

// swept marks a partition whose number is free.
const swept = none - 1
