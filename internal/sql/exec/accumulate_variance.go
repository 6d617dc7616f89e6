package exec

import (
	"math"

	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

// moments are the number of some values, their mean, and the sum of the squares of their distances from it. They are kept
// instead of a sum of squares, which would lose the digits that differ.
type moments struct{ n, mean, squares float64 }

func (m *moments) add(x float64) {
	m.n++
	d := x - m.mean
	m.mean += d / m.n
	m.squares += d * (x - m.mean)
}

// with returns the moments of the values of both.
func (m moments) with(o moments) moments {
	switch {
	case o.n == 0:
		return m
	case m.n == 0:
		return o
	}
	n, d := m.n+o.n, o.mean-m.mean
	return moments{n, m.mean + d*o.n/n, m.squares + o.squares + d*d*m.n*o.n/n}
}

// spread is which measure of them a function returns.
type spread struct{ sample, root bool }

func spreadOf(name string) spread {
	return spread{sample: name == "VAR_SAMP" || name == "STDDEV_SAMP", root: name == "STDDEV_POP" || name == "STDDEV_SAMP"}
}

// put writes the variance or its root. That of a sample of one value does not exist.
func (s spread) put(m moments, out *types.Vector, row int32, e *function.Eval) {
	n := m.n
	if s.sample {
		n--
	}
	if out.Null[row] = n <= 0; n <= 0 {
		return
	}
	v := m.squares / n
	if s.root {
		v = math.Sqrt(v)
	}
	if out.Float[row] = v; v-v != 0 {
		e.Fail(row, dialect.ErrOverflow, "the variance does not fit %s", types.Double)
	}
}

// numberOf returns how values of a type become float64.
func numberOf(t types.Type) func(v *types.Vector, i int32) float64 {
	switch {
	case t.Kind.Physical() == types.FloatValues:
		return func(v *types.Vector, i int32) float64 { return v.Float[i] }
	case t.Kind == types.Decimal:
		unit := float64(types.Pow10(t.Scale))
		return func(v *types.Vector, i int32) float64 { return float64(v.Int[i]) / unit }
	}
	return func(v *types.Vector, i int32) float64 { return float64(v.Int[i]) }
}

// variance is VAR_POP, VAR_SAMP, STDDEV_POP and STDDEV_SAMP.
type variance struct {
	spread spread
	number func(v *types.Vector, i int32) float64
	all    []moments
}

func (a *variance) grow(n int)     { a.all = extend(a.all, n) }
func (a *variance) groups() int    { return len(a.all) }
func (a *variance) reset()         { a.all = a.all[:0] }
func (a *variance) clear(g uint32) { a.all[g] = moments{} }

func (a *variance) add(ids []uint32, sel []int32, arg *types.Vector) {
	for n, i := range sel {
		if !arg.IsNull(int(i)) {
			a.all[ids[n]].add(a.number(arg, i))
		}
	}
}

func (a *variance) merge(part accumulator, ids []uint32) {
	for g, m := range part.(*variance).all {
		a.all[ids[g]] = a.all[ids[g]].with(m)
	}
}

func (a *variance) put(g int, out *types.Vector, row int32, e *function.Eval) {
	a.spread.put(a.all[g], out, row, e)
}

func (a *variance) snapshot(dst []byte) []byte {
	flat := make([]float64, 0, 3*len(a.all))
	for _, m := range a.all {
		flat = append(flat, m.n, m.mean, m.squares)
	}
	return appendFloats(dst, flat)
}

func (a *variance) restore(d *decoder) {
	flat := d.floats(nil)
	if len(flat)%3 != 0 {
		d.fail("a variance is cut")
		return
	}
	a.all = a.all[:0]
	for ; len(flat) > 0; flat = flat[3:] {
		a.all = append(a.all, moments{flat[0], flat[1], flat[2]})
	}
}
