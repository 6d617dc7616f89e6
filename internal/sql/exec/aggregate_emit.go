package exec

import "github.com/millrace/millrace/internal/sql/types"

// emitRows is how many groups are handed on at once.
const emitRows = 1024

// emit hands the groups on, with a ROWTIME, and closes the window.
func (a *aggregate) emit(rowtime int64) {
	a.open = false
	for lo, n := 0, a.keys.groups(); lo < n; lo += emitRows {
		a.emitGroups(lo, min(lo+emitRows, n), rowtime)
	}
	a.keys.reset()
	for _, s := range a.states {
		s.reset()
	}
	if a.emitted != nil {
		a.emitted()
	}
}

func (a *aggregate) emitGroups(lo, hi int, rowtime int64) {
	n := hi - lo
	b := &a.out
	b.N, b.Sel, b.Origin = n, a.ctx.all(n), a.ctx.none(n)
	b.Rowtime = grow(b.Rowtime, n)
	// The window's keys are functions of ROWTIME: they are computed at a time within the window.
	fill(b.Rowtime, a.start)
	b.Cols = b.Cols[:0]
	a.keys.columns(lo, hi, a.hashed, &a.ctx.eval)
	inWindow := 0
	for _, k := range a.keyOf {
		if k >= 0 {
			b.Cols = append(b.Cols, a.hashed[k])
			continue
		}
		b.Cols = append(b.Cols, a.fixed(inWindow, b))
		inWindow++
	}
	for i, s := range a.states {
		results(s, lo, hi, a.results[i], &a.ctx.eval)
		b.Cols = append(b.Cols, a.results[i])
	}
	fill(b.Rowtime, rowtime)
	if b.Sel = a.ctx.settle(&a.after, b, b.Sel, a.goodOut); len(b.Sel) > 0 {
		a.next.Rows(b)
	}
}

// fixed computes a window key for the rows of a batch. A key that is ROWTIME itself shares the batch's slice, which is about
// to change, so it is copied.
func (a *aggregate) fixed(key int, b *Batch) *types.Vector {
	v := a.windowKeys[key].eval(a.ctx, b, b.Sel)
	own := &types.Vector{Kind: v.Kind}
	prepare(own, b.N)
	own.Null = grow(own.Null, b.N)
	copyRows(own, v, b.Sel)
	return own
}

func fill[T any](s []T, v T) {
	for i := range s {
		s[i] = v
	}
}
