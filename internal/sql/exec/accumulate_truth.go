package exec

import (
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

// truth is ANY and EVERY.
type truth struct {
	every         bool
	trues, counts []int64
}

func (a *truth) grow(n int)     { a.trues, a.counts = extend(a.trues, n), extend(a.counts, n) }
func (a *truth) groups() int    { return same(len(a.trues), len(a.counts)) }
func (a *truth) reset()         { a.trues, a.counts = a.trues[:0], a.counts[:0] }
func (a *truth) clear(g uint32) { a.trues[g], a.counts[g] = 0, 0 }

func (a *truth) add(ids []uint32, sel []int32, arg *types.Vector) {
	for n, i := range sel {
		if !arg.IsNull(int(i)) {
			a.trues[ids[n]] += arg.Int[i]
			a.counts[ids[n]]++
		}
	}
}

func (a *truth) merge(part accumulator, ids []uint32) {
	p := part.(*truth)
	for g, id := range ids {
		a.trues[id] += p.trues[g]
		a.counts[id] += p.counts[g]
	}
}

func (a *truth) put(g int, out *types.Vector, row int32, _ *function.Eval) {
	yes := a.trues[g] > 0
	if a.every {
		yes = a.trues[g] == a.counts[g]
	}
	out.Null[row], out.Int[row] = a.counts[g] == 0, 0
	if yes {
		out.Int[row] = 1
	}
}

func (a *truth) snapshot(dst []byte) []byte { return appendInts(appendInts(dst, a.trues), a.counts) }
func (a *truth) restore(d *decoder)         { a.trues, a.counts = d.ints(a.trues[:0]), d.ints(a.counts[:0]) }
