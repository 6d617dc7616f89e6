package exec

import (
	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/types"
)

// slide is the state of one sliding window: the rows it holds, by slot, with the arguments of its functions, and which follow
// each other in each partition. For RANGE all rows stand in one more line by their ROWTIME, so that those of a partition
// without further rows leave in time and the partition vanishes:
//
//	            oldest                          newest
//	arrival     a 10:00 ─▶ b 10:01 ─▶ a 10:03 ─▶ b 10:04
//	partition a a 10:00 ────────────▶ a 10:03
//	partition b            b 10:01 ────────────▶ b 10:04
//
// Everything is flat arrays of numbers; a row costs a few dozen bytes and its arguments.
type slide struct {
	ctx   *context
	frame bind.Frame
	size  int64
	// skipNull is the argument whose NULLs keep a row out; nil when all rows enter.
	skipNull *slideArg

	partition []evaluator
	keys      *partitions
	args      []*slideArg
	defaults  []*slideArg // of LAG; not held
	byText    map[string]*slideArg
	// early functions look at the window before the row enters, functions behind it.
	early, functions []slider
	stacked          []stacked

	// Of each partition: its rows, the first and the last, and how many of the first ones stand in the front stack.
	count, head, tail, front []uint32
	// fresh are partitions that may be empty.
	fresh []uint32
	// occupied is the number of partitions with rows, held that of all rows.
	occupied, held int
	// now is the ROWTIME of the row that enters.
	now int64

	// Of each slot: its partition, ROWTIME and neighbours.
	owner, prev, next, after []uint32
	times                    []int64
	free                     []uint32
	oldest, newest           uint32

	partitionValues []*types.Vector
}

// slideArg is an argument: its values of the batch, and of the rows held.
type slideArg struct {
	eval   evaluator
	t      types.Type
	values *types.Vector
	cells  cells
}

// none is no slot.
const none = ^uint32(0)

func newSlide(ctx *context, w bind.Window) *slide {
	s := &slide{ctx: ctx, frame: w.Frame, size: w.Size, partition: compileAll(w.Partition), keys: newPartitions(),
		byText: map[string]*slideArg{}, oldest: none, newest: none}
	s.partitionValues = make([]*types.Vector, len(s.partition))
	return s
}

// arg returns the argument that an expression is.
func (s *slide) arg(e bind.Expr) *slideArg {
	text := e.String()
	if s.byText[text] == nil {
		a := &slideArg{eval: compile(e), t: e.Type(), cells: cells{kind: e.Type().Kind}}
		s.byText[text] = a
		s.args = append(s.args, a)
	}
	return s.byText[text]
}

// evaluate computes partitions and arguments of a batch.
func (s *slide) evaluate(b *Batch) {
	for i, e := range s.partition {
		s.partitionValues[i] = e.eval(s.ctx, b, b.Sel)
	}
	for _, a := range s.args {
		a.values = a.eval.eval(s.ctx, b, b.Sel)
	}
	for _, a := range s.defaults {
		a.values = a.eval.eval(s.ctx, b, b.Sel)
	}
}

// row lets rows leave that row i of the batch no longer sees, lets it enter and writes the results.
func (s *slide) row(b *Batch, i int32) {
	t := b.Rowtime[i]
	s.now = t
	s.expire(t)
	p, there := s.keys.find(s.partitionValues, int(i))
	if !there {
		p = s.newPartition()
	}
	if s.frame == bind.FrameRows && int64(s.count[p]) > s.size {
		s.leave(s.head[p])
	}
	for _, f := range s.early {
		f.put(p, i)
	}
	if s.skipNull == nil || !s.skipNull.values.IsNull(int(i)) {
		s.enter(p, t, i)
	}
	for _, f := range s.functions {
		f.put(p, i)
	}
}

// needs tells whether row i of the batch would need a partition and a slot.
func (s *slide) needs(i int32) (group, row bool) {
	if s.skipNull != nil && s.skipNull.values.IsNull(int(i)) {
		return false, false
	}
	p, there := s.keys.find(s.partitionValues, int(i))
	group = !there || s.count[p] == 0
	row = s.frame != bind.FrameUnbounded && (group || s.frame == bind.FrameRange || int64(s.count[p]) <= s.size)
	return group, row
}

// newPartition gives a number to the key looked for last.
func (s *slide) newPartition() uint32 {
	p := s.keys.add()
	if n := s.keys.cap(); n > len(s.count) {
		s.count, s.front = extend(s.count, n), extend(s.front, n)
		s.head, s.tail = extend(s.head, n), extend(s.tail, n)
		s.growSliders()
	}
	s.count[p], s.front[p], s.head[p], s.tail[p] = 0, 0, none, none
	s.fresh = append(s.fresh, p)
	return p
}

func (s *slide) growSliders() {
	for _, f := range s.early {
		f.grow(len(s.count), len(s.owner))
	}
	for _, f := range s.functions {
		f.grow(len(s.count), len(s.owner))
	}
}

// enter appends row i of the batch to partition p.
func (s *slide) enter(p uint32, t int64, i int32) {
	if s.count[p] == 0 {
		s.occupied++
	}
	if s.frame == bind.FrameUnbounded {
		s.count[p] = 1
		s.tell(p, none, i)
		return
	}
	slot := s.slot()
	for _, a := range s.args {
		a.cells.set(slot, a.values, int(i))
	}
	s.link(p, slot, t)
	s.tell(p, slot, i)
}

func (s *slide) tell(p, slot uint32, i int32) {
	for _, f := range s.early {
		f.enter(p, slot, i)
	}
	for _, f := range s.functions {
		f.enter(p, slot, i)
	}
}
