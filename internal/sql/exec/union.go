package exec

import (
	"github.com/millrace/millrace/internal/sql/plan"
)

// union is UNION ALL. Both inputs are complete up to the engine's clock, so it never waits beyond a round.
type union struct {
	next    Operator
	inputs  [2]gathered
	merged  outbox
	out     Batch
	ctx     *context
	bound   int64
	bounded bool
}

func newUnion(ctx *context, n *plan.Union, next Operator) *union {
	u := &union{ctx: ctx, next: next, merged: newOutbox(n.Columns())}
	for i := range u.inputs {
		u.inputs[i] = newGathered(n.Columns(), n.Wanted)
	}
	for i, w := range n.Wanted {
		if !w {
			u.merged.rows.Cols[i] = nil
		}
	}
	return u
}

// unionInput is an end of a union that rows come in by.
type unionInput struct {
	u    *union
	side int
}

func (i *unionInput) Rows(b *Batch) { i.u.inputs[i.side].add(b.Cols, b, b.Sel) }
func (i *unionInput) Bound(t int64) { i.u.bound, i.u.bounded = t, true }

func (u *union) Gathered() {
	if u.bounded {
		u.hand(u.bound)
		u.next.Bound(u.bound)
		u.bounded = false
	}
	u.hand(Never)
	for i := range u.inputs {
		u.inputs[i].reset()
	}
}

// hand merges the rows before t and hands them on.
func (u *union) hand(t int64) {
	u.merged.reset()
	l, r := &u.inputs[0], &u.inputs[1]
	for l.left() || r.left() {
		g := r
		if l.before(r) {
			g = l
		}
		if g.time() >= t {
			break
		}
		u.take(g, u.ctx.all(g.head + 1)[g.head:])
	}
	if u.merged.rows.N == 0 {
		return
	}
	u.out.Batch, u.out.Origin = *u.merged.rows, u.merged.origin
	u.out.Sel = u.ctx.all(u.out.N)
	u.next.Rows(&u.out)
}

// take appends the next row of an input.
func (u *union) take(g *gathered, row []int32) {
	for i, dst := range u.merged.rows.Cols {
		if dst != nil {
			appendRows(dst, g.rows.rows.Cols[i], row, u.merged.rows.N)
		}
	}
	u.merged.rows.Rowtime = append(u.merged.rows.Rowtime, g.time())
	u.merged.origin = append(u.merged.origin, g.origin())
	u.merged.rows.N++
	g.head++
}
