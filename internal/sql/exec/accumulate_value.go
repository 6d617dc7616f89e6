package exec

import (
	"fmt"

	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

// nthValue is FIRST_VALUE, LAST_VALUE and NTH_VALUE from the first row. Rows with NULL count unless they are ignored.
type nthValue struct {
	nth               int64
	last, ignoreNulls bool
	counts            []int64
	values            cells
}

func (a *nthValue) grow(n int) {
	a.counts = extend(a.counts, n)
	a.values.grow(n)
}

func (a *nthValue) groups() int { return same(len(a.counts), a.values.len()) }

func (a *nthValue) reset() {
	a.counts = a.counts[:0]
	a.values.reset()
}

func (a *nthValue) clear(g uint32) {
	a.counts[g] = 0
	a.values.clear(g)
}

func (a *nthValue) add(ids []uint32, sel []int32, arg *types.Vector) {
	for n, i := range sel {
		if a.ignoreNulls && arg.IsNull(int(i)) {
			continue
		}
		g := ids[n]
		if a.counts[g]++; a.last || a.counts[g] == a.nth {
			a.values.set(g, arg, int(i))
		}
	}
}

// merge takes a part whose rows come behind those that are there.
func (a *nthValue) merge(part accumulator, ids []uint32) {
	p := part.(*nthValue)
	if a.nth > 1 {
		panic(fmt.Sprintf("BUG: parts of a window do not hold their value %d", a.nth))
	}
	for g, id := range ids {
		if p.counts[g] > 0 && (a.last || a.counts[id] == 0) {
			a.values.copyFrom(id, &p.values, uint32(g))
		}
		a.counts[id] += p.counts[g]
	}
}

func (a *nthValue) put(g int, out *types.Vector, row int32, e *function.Eval) {
	if out.Null[row] = a.counts[g] == 0 || a.counts[g] < a.nth; !out.Null[row] {
		a.values.put(uint32(g), out, row, e)
	}
}

func (a *nthValue) snapshot(dst []byte) []byte {
	return a.values.snapshot(appendInts(dst, a.counts))
}

func (a *nthValue) restore(d *decoder) {
	a.counts = d.ints(a.counts[:0])
	a.values.restore(d, len(a.counts))
}
