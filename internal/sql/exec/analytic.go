package exec

import (
	"encoding/binary"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/plan"
	"github.com/millrace/millrace/internal/sql/types"
)

// analytic computes functions over sliding windows. Each row goes on at once, with its own ROWTIME and one column more for
// each function; that a row leaves a window emits nothing. A row sees those that came before it, also with the same ROWTIME.
type analytic struct {
	ctx    *context
	at     place
	next   Operator
	slides []*slide
	// columns are the results, by the number of their function; nil where nobody wants it.
	columns []*types.Vector
	good    []int32
	out     Batch
}

func newAnalytic(ctx *context, at place, n *plan.Analytic, next Operator) *analytic {
	a := &analytic{ctx: ctx, at: at, next: next, columns: make([]*types.Vector, len(n.Functions))}
	slides := map[string]*slide{}
	for i, f := range n.Functions {
		if !n.Used[i] {
			continue
		}
		w, filter := frameOf(f, n.Windows[f.Window])
		name := w.String()
		if filter {
			name += " of " + f.Arg.String()
		}
		s := slides[name]
		if s == nil {
			s = newSlide(ctx, w)
			slides[name] = s
			a.slides = append(a.slides, s)
		}
		a.columns[i] = &types.Vector{Kind: f.T.Kind}
		s.add(f.Aggregate, a.columns[i], filter)
	}
	return a
}

// frameOf returns the window that a function keeps rows in. Without a bound, functions that look back a number of rows need
// no more than these; where they skip NULL, rows with NULL do not enter.
func frameOf(f bind.Analytic, w bind.Window) (frame bind.Window, filter bool) {
	back := f.Func == "LAG" || f.Func == "NTH_VALUE" && f.FromLast
	if w.Frame == bind.FrameUnbounded && back {
		w.Frame, w.Size = bind.FrameRows, f.N
		return w, f.IgnoreNulls
	}
	return w, false
}

func (a *analytic) Rows(b *Batch) {
	for _, s := range a.slides {
		s.evaluate(b)
	}
	sel := a.ctx.settle(&a.at, b, b.Sel, a.good)
	for _, v := range a.columns {
		if v != nil {
			prepare(v, b.N)
			v.Null = grow(v.Null, b.N)
		}
	}
	if a.roomFor(len(sel)) {
		for _, s := range a.slides {
			for _, i := range sel {
				s.row(b, i)
			}
		}
	} else {
		sel = a.oneByOne(b, sel)
	}
	for _, s := range a.slides {
		s.sweep()
	}
	sel = a.ctx.settle(&a.at, b, sel, a.good)
	if len(sel) == 0 {
		return
	}
	a.out = Batch{Batch: types.Batch{N: b.N, Rowtime: b.Rowtime, Cols: append(append(a.out.Cols[:0], b.Cols...), a.columns...)}, Sel: sel, Origin: b.Origin}
	a.next.Rows(&a.out)
}

// roomFor reports whether n rows find room, whatever they are.
func (a *analytic) roomFor(n int) bool {
	groups, rows := a.ctx.limits.Groups, a.ctx.limits.Rows
	for _, s := range a.slides {
		if groups > 0 && s.occupied+n > groups || rows > 0 && s.held+n > rows {
			return false
		}
	}
	return true
}

// oneByOne takes rows near a limit. One that finds no room in a window enters none.
func (a *analytic) oneByOne(b *Batch, sel []int32) []int32 {
	good := a.good[:0]
	for _, i := range sel {
		if a.admit(b, i) {
			for _, s := range a.slides {
				s.row(b, i)
			}
			good = append(good, i)
		}
	}
	a.good = good
	return good
}

func (a *analytic) admit(b *Batch, i int32) bool {
	groups, rows := a.ctx.limits.Groups, a.ctx.limits.Rows
	for _, s := range a.slides {
		s.expire(b.Rowtime[i])
		newGroup, newRow := s.needs(i)
		if groups > 0 && newGroup && s.occupied >= groups {
			a.ctx.refuse(&a.at, b, int(i), groups, "partitions in a sliding window", "groups", "fewer partitions or a shorter window")
			return false
		}
		if rows > 0 && newRow && s.held >= rows {
			a.ctx.refuse(&a.at, b, int(i), rows, "rows in a sliding window", "rows", "a shorter window")
			return false
		}
	}
	return true
}

// Bound lets rows leave, for their memory's sake.
func (a *analytic) Bound(t int64) {
	for _, s := range a.slides {
		s.expire(t)
		s.sweep()
	}
	a.next.Bound(t)
}

// Deadline is Never: nothing is emitted but for a row.
func (a *analytic) Deadline() int64     { return Never }
func (a *analytic) Horizon(int64) int64 { return Never }

func (a *analytic) Snapshot(dst []byte) []byte {
	for _, s := range a.slides {
		part := s.snapshot(nil)
		dst = binary.AppendUvarint(dst, uint64(len(part)))
		dst = append(dst, part...)
	}
	return dst
}

func (a *analytic) Restore(d *decoder) {
	for _, s := range a.slides {
		if err := d.part(s.restore); err != nil {
			d.fail(err.Error())
			return
		}
	}
}
