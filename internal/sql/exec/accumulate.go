package exec

import (
	"math/bits"
	"strings"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

// accumulator is the state of one aggregate for all groups of a window. Adding rows and merging parts of a window give the
// same result.
type accumulator interface {
	// groups is the number of groups, or -1 when a damaged snapshot left parts of different length.
	groups() int
	// grow makes room for n groups; new ones are empty.
	grow(n int)
	// add takes the rows of sel, whose groups are ids. arg is nil for COUNT(*).
	add(ids []uint32, sel []int32, arg *types.Vector)
	// merge takes another part of the window: its group g belongs to ids[g].
	merge(part accumulator, ids []uint32)
	// result writes the results of the groups from lo to hi.
	result(lo, hi int, out *types.Vector, e *function.Eval)
	reset()
	snapshot(dst []byte) []byte
	restore(d *decoder)
}

func newAccumulator(a bind.Aggregate) accumulator {
	if a.Arg == nil {
		return &counter{}
	}
	physical := a.Arg.Type().Kind.Physical()
	switch a.Func {
	case "COUNT":
		return &counter{}
	case "SUM", "AVG":
		if physical == types.FloatValues {
			return &floatSum{mean: a.Func == "AVG", real: a.T.Kind == types.Real}
		}
		return &intSum{mean: a.Func == "AVG", t: a.T}
	}
	max := a.Func == "MAX"
	switch physical {
	case types.FloatValues:
		return &extreme[float64]{max: max, values: floatValues}
	case types.StrValues:
		return &textExtreme{extreme[string]{max: max, values: textValues}}
	}
	return &extreme[int64]{max: max, values: intValues}
}

// extend appends zeros up to length n.
func extend[T any](s []T, n int) []T {
	var zero T
	for len(s) < n {
		s = append(s, zero)
	}
	return s
}

// counter is COUNT.
type counter struct{ counts []int64 }

func (a *counter) grow(n int)  { a.counts = extend(a.counts, n) }
func (a *counter) groups() int { return len(a.counts) }
func (a *counter) reset()      { a.counts = a.counts[:0] }

func (a *counter) add(ids []uint32, sel []int32, arg *types.Vector) {
	counts := a.counts
	if arg == nil || len(arg.Null) == 0 {
		for _, id := range ids {
			counts[id]++
		}
		return
	}
	for n, i := range sel {
		if !arg.Null[i] {
			counts[ids[n]]++
		}
	}
}

func (a *counter) merge(part accumulator, ids []uint32) {
	for g, n := range part.(*counter).counts {
		a.counts[ids[g]] += n
	}
}

func (a *counter) result(lo, hi int, out *types.Vector, _ *function.Eval) {
	prepare(out, hi-lo)
	copy(out.Int, a.counts[lo:hi])
}

func (a *counter) snapshot(dst []byte) []byte { return appendInts(dst, a.counts) }
func (a *counter) restore(d *decoder)         { a.counts = d.ints(a.counts[:0]) }

// intSum is SUM and AVG of integers, decimals and intervals. Sums have 128 bits, so only a result can overflow.
type intSum struct {
	mean   bool
	t      types.Type
	lo, hi []int64
	counts []int64
}

func (a *intSum) grow(n int) {
	a.lo, a.hi, a.counts = extend(a.lo, n), extend(a.hi, n), extend(a.counts, n)
}

func (a *intSum) groups() int { return same(len(a.lo), len(a.hi), len(a.counts)) }

// same returns the number that all are, or -1.
func same(n int, others ...int) int {
	for _, o := range others {
		if o != n {
			return -1
		}
	}
	return n
}

func (a *intSum) reset() { a.lo, a.hi, a.counts = a.lo[:0], a.hi[:0], a.counts[:0] }

func (a *intSum) add(ids []uint32, sel []int32, arg *types.Vector) {
	for n, i := range sel {
		if len(arg.Null) > 0 && arg.Null[i] {
			continue
		}
		a.plus(ids[n], arg.Int[i], arg.Int[i]>>63, 1)
	}
}

func (a *intSum) plus(g uint32, lo, hi, count int64) {
	sum, carry := bits.Add64(uint64(a.lo[g]), uint64(lo), 0)
	a.lo[g] = int64(sum)
	a.hi[g] += hi + int64(carry)
	a.counts[g] += count
}

func (a *intSum) merge(part accumulator, ids []uint32) {
	p := part.(*intSum)
	for g, id := range ids {
		a.plus(id, p.lo[g], p.hi[g], p.counts[g])
	}
}

func (a *intSum) result(lo, hi int, out *types.Vector, e *function.Eval) {
	prepare(out, hi-lo)
	out.Null = grow(out.Null, hi-lo)
	limit := int64(1<<63 - 1)
	if a.t.Kind == types.Decimal {
		limit = types.Pow10(a.t.Precision) - 1
	}
	for g := lo; g < hi; g++ {
		i := g - lo
		out.Null[i] = a.counts[g] == 0
		if out.Null[i] {
			continue
		}
		v, ok := a.value(g)
		if out.Int[i] = v; !ok || v > limit || v < -limit-1 {
			out.Null[i] = true
			e.Fail(int32(i), dialect.ErrOverflow, "the sum does not fit %s", a.t)
		}
	}
}

// value is the sum, or the mean with its fraction cut.
func (a *intSum) value(g int) (v int64, ok bool) {
	lo, hi := uint64(a.lo[g]), uint64(a.hi[g])
	negative := a.hi[g] < 0
	if negative {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
	}
	if a.mean {
		// A mean is never beyond the values it is of, so the quotient always fits.
		lo, _ = bits.Div64(hi, lo, uint64(a.counts[g]))
		hi = 0
	}
	switch {
	case hi != 0:
		return 0, false
	case negative:
		return -int64(lo), lo <= 1<<63
	}
	return int64(lo), lo < 1<<63
}

func (a *intSum) snapshot(dst []byte) []byte {
	return appendInts(appendInts(appendInts(dst, a.lo), a.hi), a.counts)
}

func (a *intSum) restore(d *decoder) {
	a.lo, a.hi, a.counts = d.ints(a.lo[:0]), d.ints(a.hi[:0]), d.ints(a.counts[:0])
}

// floatSum is SUM and AVG of REAL and DOUBLE, added in the order of the rows.
type floatSum struct {
	mean, real bool
	sums       []float64
	counts     []int64
}

func (a *floatSum) grow(n int)  { a.sums, a.counts = extend(a.sums, n), extend(a.counts, n) }
func (a *floatSum) groups() int { return same(len(a.sums), len(a.counts)) }
func (a *floatSum) reset()      { a.sums, a.counts = a.sums[:0], a.counts[:0] }

func (a *floatSum) add(ids []uint32, sel []int32, arg *types.Vector) {
	for n, i := range sel {
		if len(arg.Null) > 0 && arg.Null[i] {
			continue
		}
		a.sums[ids[n]] += arg.Float[i]
		a.counts[ids[n]]++
	}
}

func (a *floatSum) merge(part accumulator, ids []uint32) {
	p := part.(*floatSum)
	for g, id := range ids {
		a.sums[id] += p.sums[g]
		a.counts[id] += p.counts[g]
	}
}

func (a *floatSum) result(lo, hi int, out *types.Vector, e *function.Eval) {
	prepare(out, hi-lo)
	out.Null = grow(out.Null, hi-lo)
	for g := lo; g < hi; g++ {
		v := a.sums[g]
		if a.mean {
			v /= float64(a.counts[g])
		}
		if a.real {
			v = float64(float32(v))
		}
		out.Null[g-lo], out.Float[g-lo] = a.counts[g] == 0, v
		if a.counts[g] > 0 && (v-v != 0) {
			e.Fail(int32(g-lo), dialect.ErrOverflow, "the sum does not fit %s", types.Double)
		}
	}
}

func (a *floatSum) snapshot(dst []byte) []byte {
	return appendInts(appendFloats(dst, a.sums), a.counts)
}

func (a *floatSum) restore(d *decoder) {
	a.sums, a.counts = d.floats(a.sums[:0]), d.ints(a.counts[:0])
}

// extreme is MIN and MAX. set tells the groups that have a value.
type extreme[T int64 | float64 | string] struct {
	max    bool
	best   []T
	set    []bool
	values func(v *types.Vector) *[]T
}

func intValues(v *types.Vector) *[]int64     { return &v.Int }
func floatValues(v *types.Vector) *[]float64 { return &v.Float }
func textValues(v *types.Vector) *[]string   { return &v.Str }

func (a *extreme[T]) grow(n int) { a.best, a.set = extend(a.best, n), extend(a.set, n) }

func (a *extreme[T]) groups() int { return same(len(a.best), len(a.set)) }

func (a *extreme[T]) reset() {
	clear(a.best)
	a.best, a.set = a.best[:0], a.set[:0]
}

// better reports whether v replaces what group g has.
func (a *extreme[T]) better(g uint32, v T) bool {
	if !a.set[g] {
		return true
	}
	if a.max {
		return v > a.best[g]
	}
	return v < a.best[g]
}

func (a *extreme[T]) add(ids []uint32, sel []int32, arg *types.Vector) {
	values := *a.values(arg)
	for n, i := range sel {
		if len(arg.Null) > 0 && arg.Null[i] {
			continue
		}
		if g := ids[n]; a.better(g, values[i]) {
			a.best[g], a.set[g] = values[i], true
		}
	}
}

func (a *extreme[T]) merge(part accumulator, ids []uint32) { a.mergePart(part.(*extreme[T]), ids) }

func (a *extreme[T]) mergePart(p *extreme[T], ids []uint32) {
	for g, id := range ids {
		if p.set[g] && a.better(id, p.best[g]) {
			a.best[id], a.set[id] = p.best[g], true
		}
	}
}

func (a *extreme[T]) result(lo, hi int, out *types.Vector, _ *function.Eval) {
	prepare(out, hi-lo)
	out.Null = grow(out.Null, hi-lo)
	values := *a.values(out)
	for g := lo; g < hi; g++ {
		values[g-lo], out.Null[g-lo] = a.best[g], !a.set[g]
	}
}

func (a *extreme[T]) snapshot(dst []byte) []byte {
	switch best := any(a.best).(type) {
	case []int64:
		dst = appendInts(dst, best)
	case []float64:
		dst = appendFloats(dst, best)
	case []string:
		dst = appendTexts(dst, best)
	}
	for _, set := range a.set {
		mark := byte(0)
		if set {
			mark = 1
		}
		dst = append(dst, mark)
	}
	return dst
}

func (a *extreme[T]) restore(d *decoder) {
	switch best := any(&a.best).(type) {
	case *[]int64:
		*best = d.ints((*best)[:0])
	case *[]float64:
		*best = d.floats((*best)[:0])
	case *[]string:
		*best = d.texts((*best)[:0])
	}
	a.set = a.set[:0]
	for range a.best {
		if len(d.src) == 0 {
			d.fail("snapshot ends early")
			return
		}
		a.set = append(a.set, d.src[0] != 0)
		d.src = d.src[1:]
	}
}

// textExtreme is MIN and MAX of texts: what it keeps outlives the batch and is cloned.
type textExtreme struct{ extreme[string] }

func (a *textExtreme) add(ids []uint32, sel []int32, arg *types.Vector) {
	for n, i := range sel {
		if len(arg.Null) > 0 && arg.Null[i] {
			continue
		}
		if g := ids[n]; a.better(g, arg.Str[i]) {
			a.best[g], a.set[g] = strings.Clone(arg.Str[i]), true
		}
	}
}

func (a *textExtreme) merge(part accumulator, ids []uint32) {
	a.mergePart(&part.(*textExtreme).extreme, ids)
}
