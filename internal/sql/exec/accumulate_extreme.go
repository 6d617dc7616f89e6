package exec

import (
	"strings"

	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

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

func (a *extreme[T]) clear(g uint32) {
	var zero T
	a.best[g], a.set[g] = zero, false
}

func (a *extreme[T]) put(g int, out *types.Vector, row int32, _ *function.Eval) {
	if out.Null[row] = !a.set[g]; a.set[g] {
		(*a.values(out))[row] = a.best[g]
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
