package exec

import (
	"encoding/binary"

	"github.com/millrace/millrace/internal/sql/bind"
)

// kept is a slider of a window without a bound, which holds no rows: its state is its own.
type kept interface {
	slider
	snapshot(dst []byte) []byte
	// restore takes the state of n partitions.
	restore(d *decoder, n int)
}

// snapshot appends the partitions, each a key and how many rows it has in front, and then the rows as they came: partition,
// ROWTIME, arguments. Without a bound there are no rows, but the state of each function.
func (s *slide) snapshot(dst []byte) []byte {
	number := make([]uint32, len(s.count))
	n := 0
	for p := range s.count {
		if s.count[p] > 0 {
			number[p] = uint32(n)
			n++
		}
	}
	dst = binary.AppendUvarint(dst, uint64(n))
	for p := range s.count {
		if s.count[p] == 0 {
			continue
		}
		key := s.keys.key(uint32(p))
		dst = binary.AppendUvarint(dst, uint64(len(key)))
		dst = append(dst, key...)
		dst = binary.AppendUvarint(dst, uint64(s.front[p]))
	}
	switch s.frame {
	case bind.FrameUnbounded:
		for _, f := range s.functions {
			dst = f.(kept).snapshot(dst)
		}
		return dst
	case bind.FrameRange:
		dst = binary.AppendUvarint(dst, uint64(s.held))
		for slot := s.oldest; slot != none; slot = s.after[slot] {
			dst = s.appendRow(dst, number, slot)
		}
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(s.held))
	for p := range s.count {
		if s.count[p] == 0 {
			continue
		}
		for slot := s.head[p]; slot != none; slot = s.next[slot] {
			dst = s.appendRow(dst, number, slot)
		}
	}
	return dst
}

func (s *slide) appendRow(dst []byte, number []uint32, slot uint32) []byte {
	dst = binary.AppendUvarint(dst, uint64(number[s.owner[slot]]))
	dst = binary.AppendVarint(dst, s.times[slot])
	for _, a := range s.args {
		dst = a.cells.appendValue(dst, slot)
	}
	return dst
}

func (s *slide) reset() {
	s.keys = newPartitions()
	s.count, s.head, s.tail, s.front, s.fresh = nil, nil, nil, nil, nil
	s.owner, s.prev, s.next, s.after, s.times, s.free = nil, nil, nil, nil, nil, nil
	s.occupied, s.held, s.oldest, s.newest = 0, 0, none, none
	for _, a := range s.args {
		a.cells.reset()
	}
	for _, f := range s.early {
		f.reset()
	}
	for _, f := range s.functions {
		f.reset()
	}
}

// restore lets the rows enter again, and turns each partition's stacks where they were turned.
func (s *slide) restore(d *decoder) {
	s.reset()
	n := d.count(2)
	front := make([]uint32, n)
	for p := range n {
		key := d.bytes()
		if d.err == nil && s.keys.has(key) {
			d.fail("the partitions of a sliding window are not distinct")
		}
		if front[p] = uint32(d.count(0)); d.err != nil {
			return
		}
		s.keys.has(key)
		s.newPartition()
	}
	if s.frame == bind.FrameUnbounded {
		for p := range n {
			s.count[p] = 1
		}
		s.occupied = n
		for _, f := range s.functions {
			f.(kept).restore(d, n)
		}
		return
	}
	for range d.count(2) {
		s.restoreRow(d, front)
		if d.err != nil {
			return
		}
	}
	for p := range n {
		if s.count[p] == 0 || s.front[p] != front[p] {
			d.fail("a partition of a sliding window has too few rows")
			return
		}
	}
}

func (s *slide) restoreRow(d *decoder, front []uint32) {
	p, t := d.count(0), d.varint()
	switch {
	case d.err != nil:
		return
	case p >= len(front):
		d.fail("a row of a sliding window has no partition")
		return
	case s.frame == bind.FrameRange && s.newest != none && s.times[s.newest] > t:
		d.fail("the rows of a sliding window are not in order")
		return
	case s.frame == bind.FrameRows && int64(s.count[p]) > s.size:
		d.fail("a sliding window holds too many rows")
		return
	}
	slot := s.slot()
	for _, a := range s.args {
		a.cells.readValue(d, slot)
	}
	if d.err != nil {
		return
	}
	if s.count[p] == 0 {
		s.occupied++
	}
	s.link(uint32(p), slot, t)
	s.tell(uint32(p), slot, -1)
	if s.count[p] == front[p] {
		for _, f := range s.stacked {
			f.turn(uint32(p))
		}
		s.front[p] = front[p]
	}
}
