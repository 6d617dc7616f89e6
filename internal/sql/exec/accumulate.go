package exec

import (
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
