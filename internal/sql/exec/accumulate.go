package exec

import (
	"slices"

	"github.com/millrace/millrace/internal/sql/bind"
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
	// put writes the result of group g at a row of out, which has room and marks of NULL.
	put(g int, out *types.Vector, row int32, e *function.Eval)
	// clear empties group g.
	clear(g uint32)
	reset()
	snapshot(dst []byte) []byte
	restore(d *decoder)
}

func newAccumulator(a bind.Aggregate) accumulator {
	if a.Arg == nil {
		return &counter{}
	}
	t := a.Arg.Type()
	physical := t.Kind.Physical()
	switch a.Func {
	case "COUNT":
		return &counter{}
	case "SUM", "AVG":
		if physical == types.FloatValues {
			return &floatSum{mean: a.Func == "AVG", real: a.T.Kind == types.Real}
		}
		return &intSum{mean: a.Func == "AVG", t: a.T}
	case "STDDEV_SAMP", "STDDEV_POP", "VAR_SAMP", "VAR_POP":
		return &variance{spread: spreadOf(a.Func), number: numberOf(t)}
	case "FIRST_VALUE", "LAST_VALUE", "NTH_VALUE":
		return &nthValue{nth: a.N, last: a.Func == "LAST_VALUE", ignoreNulls: a.IgnoreNulls, values: cells{kind: t.Kind}}
	case "ANY", "EVERY":
		return &truth{every: a.Func == "EVERY"}
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

// results writes the results of the groups from lo to hi.
func results(a accumulator, lo, hi int, out *types.Vector, e *function.Eval) {
	prepare(out, hi-lo)
	out.Null = grow(out.Null, hi-lo)
	for g := lo; g < hi; g++ {
		a.put(g, out, int32(g-lo), e)
	}
}

// extend appends zeros up to length n.
func extend[T any](s []T, n int) []T {
	if n <= len(s) {
		return s
	}
	from := len(s)
	s = slices.Grow(s, n-from)[:n]
	clear(s[from:])
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

func (a *counter) put(g int, out *types.Vector, row int32, _ *function.Eval) {
	out.Null[row], out.Int[row] = false, a.counts[g]
}

func (a *counter) clear(g uint32) { a.counts[g] = 0 }

func (a *counter) snapshot(dst []byte) []byte { return appendInts(dst, a.counts) }
func (a *counter) restore(d *decoder)         { a.counts = d.ints(a.counts[:0]) }
