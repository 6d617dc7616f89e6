package exec

import "github.com/millrace/millrace/internal/sql/types"

// slidingExtreme is MIN and MAX. Of each partition it keeps the rows that can still become the result, in the order in which they
// leave: for MAX each one is greater than all behind it, so a row throws out those before it that are not.
//
//	rows   3  7  2  5        MAX keeps  7 ─ 5        7 is the result; when it leaves, 5 is
type slidingExtreme struct {
	slide *slide
	arg   *slideArg
	max   bool
	// first and last are of each partition, before and behind of each slot.
	first, last, before, behind []uint32
	out                         *types.Vector
}

func (e *slidingExtreme) grow(partitions, slots int) {
	e.first, e.last = growNone(e.first, partitions), growNone(e.last, partitions)
	e.before, e.behind = growNone(e.before, slots), growNone(e.behind, slots)
}

func (e *slidingExtreme) reset() { e.first, e.last, e.before, e.behind = nil, nil, nil, nil }

func (e *slidingExtreme) enter(p, slot uint32, _ int32) {
	if e.arg.cells.null[slot] {
		return
	}
	last := e.last[p]
	for last != none && !e.better(last, slot) {
		last = e.before[last]
	}
	e.before[slot], e.behind[slot], e.last[p] = last, none, slot
	if last == none {
		e.first[p] = slot
	} else {
		e.behind[last] = slot
	}
}

// better reports whether the row at slot a stays when b comes behind it.
func (e *slidingExtreme) better(a, b uint32) bool {
	if e.max {
		return e.arg.cells.less(b, a)
	}
	return e.arg.cells.less(a, b)
}

func (e *slidingExtreme) leave(p, slot uint32) {
	if e.first[p] != slot {
		return
	}
	if e.first[p] = e.behind[slot]; e.first[p] == none {
		e.last[p] = none
	} else {
		e.before[e.first[p]] = none
	}
}

func (e *slidingExtreme) put(p uint32, i int32) {
	if e.out.Null[i] = e.first[p] == none; !e.out.Null[i] {
		e.arg.cells.put(e.first[p], e.out, i, &e.slide.ctx.eval)
	}
}
