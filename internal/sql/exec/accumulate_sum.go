package exec

import (
	"math/bits"

	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

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

// minus takes a value back that was added.
func (a *intSum) minus(g uint32, v int64) {
	sum, borrow := bits.Sub64(uint64(a.lo[g]), uint64(v), 0)
	a.lo[g] = int64(sum)
	a.hi[g] -= v>>63 + int64(borrow)
	a.counts[g]--
}

func (a *intSum) clear(g uint32) { a.lo[g], a.hi[g], a.counts[g] = 0, 0, 0 }

func (a *intSum) put(g int, out *types.Vector, row int32, e *function.Eval) {
	if out.Null[row] = a.counts[g] == 0; out.Null[row] {
		return
	}
	limit := int64(1<<63 - 1)
	if a.t.Kind == types.Decimal {
		limit = types.Pow10(a.t.Precision) - 1
	}
	v, ok := a.value(g)
	if out.Int[row] = v; !ok || v > limit || v < -limit-1 {
		out.Null[row] = true
		e.Fail(row, dialect.ErrOverflow, "the sum does not fit %s", a.t)
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

func (a *floatSum) clear(g uint32) { a.sums[g], a.counts[g] = 0, 0 }

func (a *floatSum) put(g int, out *types.Vector, row int32, e *function.Eval) {
	a.write(a.sums[g], a.counts[g], out, row, e)
}

// write makes a result of the sum of count values.
func (a *floatSum) write(sum float64, count int64, out *types.Vector, row int32, e *function.Eval) {
	if out.Null[row] = count == 0; out.Null[row] {
		return
	}
	if a.mean {
		sum /= float64(count)
	}
	if a.real {
		sum = float64(float32(sum))
	}
	if out.Float[row] = sum; sum-sum != 0 {
		e.Fail(row, dialect.ErrOverflow, "the sum does not fit %s", types.Double)
	}
}

func (a *floatSum) snapshot(dst []byte) []byte {
	return appendInts(appendFloats(dst, a.sums), a.counts)
}

func (a *floatSum) restore(d *decoder) {
	a.sums, a.counts = d.floats(a.sums[:0]), d.ints(a.counts[:0])
}
