package exec

import (
	"fmt"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/types"
)

// slider is a function over the rows of a slide.
type slider interface {
	// grow makes room for partitions and slots.
	grow(partitions, slots int)
	// enter takes the row at a slot, the last of partition p. i is its row in the batch, or -1 while state is restored.
	enter(p, slot uint32, i int32)
	// leave takes away the first row of partition p.
	leave(p, slot uint32)
	// put writes the result at row i of the batch.
	put(p uint32, i int32)
	// reset forgets everything.
	reset()
}

// stacked is a slider that cannot take a value back. It keeps a partition as two stacks:
//
//	front             back
//	[ x1 x2 x3 ]      [ x4 x5 ]        result = what x1 says of all in front, with what was added behind
//
// Rows leave from the front, where each one knows the result of itself and those behind it in the stack. When the front is
// empty the back is turned over: one pass over rows that each pass it once. So a result holds nothing of rows that left.
type stacked interface {
	slider
	// turn makes the rows of partition p the front stack, and the back empty.
	turn(p uint32)
}

// add makes the slider of a function that writes to out. With filter, rows whose argument is NULL do not enter the slide.
func (s *slide) add(a bind.Aggregate, out *types.Vector, filter bool) {
	var arg *slideArg
	if a.Arg != nil {
		arg = s.arg(a.Arg)
	}
	if filter {
		s.skipNull = arg
	}
	if a.Func == "LAG" && a.N > 0 {
		s.early = append(s.early, s.newLag(a, arg, out))
		return
	}
	f := s.newSlider(a, arg, out)
	s.functions = append(s.functions, f)
	if st, ok := f.(stacked); ok && s.frame != bind.FrameUnbounded {
		s.stacked = append(s.stacked, st)
	}
}

func (s *slide) newSlider(a bind.Aggregate, arg *slideArg, out *types.Vector) slider {
	if a.Func == "EXP_AVG" {
		return &expAvg{slide: s, arg: arg, unit: unitOf(arg.t), half: float64(a.HalfLife), out: out}
	}
	if a.Func == "LAG" {
		return &nth{cursor: cursor{slide: s, arg: arg, last: true}, out: out}
	}
	if s.frame == bind.FrameUnbounded {
		return &running{slide: s, arg: arg, acc: newAccumulator(a), out: out}
	}
	switch a.Func {
	case "COUNT":
		return &slidingCount{slide: s, arg: arg, out: out}
	case "SUM", "AVG":
		if arg.cells.kind.Physical() == types.FloatValues {
			return &slidingFloatSum{slide: s, arg: arg, sum: floatSum{mean: a.Func == "AVG", real: a.T.Kind == types.Real}, out: out}
		}
		return &slidingSum{slide: s, arg: arg, sum: intSum{mean: a.Func == "AVG", t: a.T}, out: out}
	case "STDDEV_SAMP", "STDDEV_POP", "VAR_SAMP", "VAR_POP":
		return &slidingVariance{slide: s, arg: arg, unit: unitOf(arg.t), spread: spreadOf(a.Func), out: out}
	case "ANY", "EVERY":
		return &slidingTruth{slide: s, arg: arg, truth: truth{every: a.Func == "EVERY"}, out: out}
	case "MIN", "MAX":
		return &slidingExtreme{slide: s, arg: arg, max: a.Func == "MAX", out: out}
	case "FIRST_VALUE", "NTH_VALUE", "LAST_VALUE":
		last := a.Func == "LAST_VALUE" || a.FromLast
		return &nth{cursor: cursor{slide: s, arg: arg, k: uint32(max(a.N, 1) - 1), last: last, skipNulls: a.IgnoreNulls}, out: out}
	}
	panic(fmt.Sprintf("BUG: no sliding %s", a.Func))
}

// unitOf is what numbers of a type are divided by to become float64.
func unitOf(t types.Type) float64 {
	if t.Kind == types.Decimal {
		return float64(types.Pow10(t.Scale))
	}
	return 1
}

// growNone is extend with none for zero.
func growNone(s []uint32, n int) []uint32 {
	for len(s) < n {
		s = append(s, none)
	}
	return s
}

// running is a function whose window has no bound: an accumulator, asked behind each row.
type running struct {
	slide *slide
	arg   *slideArg
	acc   accumulator
	out   *types.Vector
	id    [1]uint32
	sel   [1]int32
}

func (r *running) grow(partitions, _ int) { r.acc.grow(partitions) }
func (r *running) leave(_, _ uint32)      {}
func (r *running) reset()                 { r.acc.reset() }

func (r *running) enter(p, _ uint32, i int32) {
	r.id[0], r.sel[0] = p, i
	var values *types.Vector
	if r.arg != nil {
		values = r.arg.values
	}
	r.acc.add(r.id[:], r.sel[:], values)
}

func (r *running) put(p uint32, i int32) { r.acc.put(int(p), r.out, i, &r.slide.ctx.eval) }

func (r *running) snapshot(dst []byte) []byte { return r.acc.snapshot(dst) }

func (r *running) restore(d *decoder, n int) {
	if r.acc.restore(d); d.err == nil && r.acc.groups() != n {
		d.fail("a function has another number of partitions than its window")
	}
}
