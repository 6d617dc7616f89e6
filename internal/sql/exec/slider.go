package exec

import (
	"fmt"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/types"
)

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

// slidingCount is COUNT.
type slidingCount struct {
	slide  *slide
	arg    *slideArg // nil for COUNT(*)
	counts []int64
	out    *types.Vector
}

func (c *slidingCount) grow(partitions, _ int) { c.counts = extend(c.counts, partitions) }
func (c *slidingCount) reset()                 { c.counts = nil }

func (c *slidingCount) enter(p, slot uint32, _ int32) {
	if c.arg == nil || !c.arg.cells.null[slot] {
		c.counts[p]++
	}
}

func (c *slidingCount) leave(p, slot uint32) {
	if c.arg == nil || !c.arg.cells.null[slot] {
		c.counts[p]--
	}
}

func (c *slidingCount) put(p uint32, i int32) { c.out.Null[i], c.out.Int[i] = false, c.counts[p] }

// slidingSum is SUM and AVG of exact numbers: what was added is taken back.
type slidingSum struct {
	slide *slide
	arg   *slideArg
	sum   intSum
	out   *types.Vector
}

func (s *slidingSum) grow(partitions, _ int) { s.sum.grow(partitions) }
func (s *slidingSum) reset()                 { s.sum.reset() }

func (s *slidingSum) enter(p, slot uint32, _ int32) {
	if !s.arg.cells.null[slot] {
		v := s.arg.cells.ints[slot]
		s.sum.plus(p, v, v>>63, 1)
	}
}

func (s *slidingSum) leave(p, slot uint32) {
	if !s.arg.cells.null[slot] {
		s.sum.minus(p, s.arg.cells.ints[slot])
	}
}

func (s *slidingSum) put(p uint32, i int32) { s.sum.put(int(p), s.out, i, &s.slide.ctx.eval) }

// slidingTruth is ANY and EVERY.
type slidingTruth struct {
	slide *slide
	arg   *slideArg
	truth truth
	out   *types.Vector
}

func (s *slidingTruth) grow(partitions, _ int)        { s.truth.grow(partitions) }
func (s *slidingTruth) reset()                        { s.truth.reset() }
func (s *slidingTruth) enter(p, slot uint32, _ int32) { s.move(p, slot, 1) }
func (s *slidingTruth) leave(p, slot uint32)          { s.move(p, slot, -1) }
func (s *slidingTruth) put(p uint32, i int32)         { s.truth.put(int(p), s.out, i, &s.slide.ctx.eval) }
func (s *slidingTruth) move(p, slot uint32, by int64) {
	if !s.arg.cells.null[slot] {
		s.truth.counts[p] += by
		s.truth.trues[p] += by * s.arg.cells.ints[slot]
	}
}
