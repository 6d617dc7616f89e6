package exec

import (
	"encoding/binary"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/plan"
	"github.com/millrace/millrace/internal/sql/types"
)

// aggregate is GROUP BY over a tumbling window. It keeps the groups of the current window; when a row or a bound says that
// the window is over, it emits one row a group, in the order of their first rows, with the window's end as ROWTIME:
//
//	rows      a  b a │ b
//	ROWTIME  ────────┴────▶     at the end: a 2, b 1
//	             10:01:00
//
// Where a key moves by itself, a row with a further value ends the window too, and its ROWTIME is that of the groups. The
// columns are the keys, then the aggregates.
type aggregate struct {
	ctx  *context
	next Operator
	// at is where rows come in, after where they leave: their errors show other columns.
	at, after place
	// emitted is called behind the last group of a window; nil when nobody asks.
	emitted func()

	window     *window
	keyExprs   []evaluator
	args       []evaluator
	keyOf      []int // for each key: its number in keyExprs, or -1 when it is the window's
	windowKeys []evaluator
	movingKeys []int // those of keyExprs that move by themselves

	// The state: whether a window is open, a ROWTIME in it, its end, and its groups.
	open    bool
	start   int64
	end     int64
	keys    groupKeys
	states  []accumulator
	movers  movers
	ids     []uint32
	good    []int32
	goodOut []int32

	keyValues []*types.Vector
	argValues []*types.Vector
	moving    []*types.Vector
	out       Batch
	hashed    []*types.Vector
	results   []*types.Vector
}

func newAggregate(ctx *context, at place, n *plan.Aggregate, next Operator) *aggregate {
	a := &aggregate{ctx: ctx, at: at, after: place{at.pump, at.number, n.Cols}, next: next}
	var kinds []types.Kind
	for _, k := range n.Keys {
		if k.Window != nil {
			a.windowKeys = append(a.windowKeys, compile(k.Window))
			a.keyOf = append(a.keyOf, -1)
			continue
		}
		kind := k.Expr.Type().Kind
		if k.Motion != bind.Unknown {
			a.movingKeys = append(a.movingKeys, len(a.keyExprs))
			a.movers.add(k.Label, kind, k.Motion)
		}
		a.keyOf = append(a.keyOf, len(a.keyExprs))
		a.keyExprs = append(a.keyExprs, compile(k.Expr))
		kinds = append(kinds, kind)
		a.hashed = append(a.hashed, &types.Vector{Kind: kind})
	}
	a.window = newWindow(ctx, a.windowKeys)
	a.keys = newGroupKeys(kinds, ctx.limits.Groups)
	for _, agg := range n.Aggregates {
		a.addAggregate(agg)
	}
	a.keyValues = make([]*types.Vector, len(a.keyExprs))
	a.argValues = make([]*types.Vector, len(a.args))
	a.moving = make([]*types.Vector, len(a.movingKeys))
	return a
}

func (a *aggregate) addAggregate(agg bind.Aggregate) {
	var arg evaluator
	if agg.Arg != nil {
		arg = compile(agg.Arg)
	}
	a.args = append(a.args, arg)
	a.states = append(a.states, newAccumulator(agg))
	a.results = append(a.results, &types.Vector{Kind: agg.T.Kind})
}

func (a *aggregate) Rows(b *Batch) {
	if a.open && b.Rowtime[b.Sel[0]] >= a.end {
		a.emit(a.end)
	}
	for i, k := range a.keyExprs {
		a.keyValues[i] = k.eval(a.ctx, b, b.Sel)
	}
	for i, e := range a.args {
		if e != nil {
			a.argValues[i] = e.eval(a.ctx, b, b.Sel)
		}
	}
	sel := a.ctx.settle(&a.at, b, b.Sel, a.good)
	if len(a.moving) == 0 {
		a.take(b, sel)
		return
	}
	for i, k := range a.movingKeys {
		a.moving[i] = a.keyValues[k]
	}
	a.good = a.movers.split(a.ctx, &a.at, b, a.moving, sel, a.good)
	from := 0
	for _, to := range a.movers.breaks {
		a.take(b, a.good[from:to])
		a.closeBy(b, a.good[to])
		from = to
	}
	a.take(b, a.good[from:])
}

// closeBy ends the window with a row that brings a further value of a key.
func (a *aggregate) closeBy(b *Batch, row int32) {
	if !a.open {
		return
	}
	cause := a.ctx.cause
	a.ctx.cause = b.Origin[row]
	a.emit(b.Rowtime[row])
	a.ctx.cause = cause
}

// take adds rows of one window to their groups.
func (a *aggregate) take(b *Batch, sel []int32) {
	if len(sel) == 0 {
		return
	}
	if !a.open {
		t := b.Rowtime[sel[0]]
		a.open, a.start, a.end = true, t, a.window.endOf(t)
	}
	a.ids = grow(a.ids, len(sel))
	if full := a.keys.lookup(a.keyValues, sel, a.ids); full {
		sel = a.refuse(b, sel)
	}
	for i, s := range a.states {
		s.grow(a.keys.groups())
		s.add(a.ids[:len(sel)], sel, a.argValues[i])
	}
}

// refuse makes error rows of those that found no group, and returns the others, with their ids beside them.
func (a *aggregate) refuse(b *Batch, sel []int32) []int32 {
	var good []int32
	for n, i := range sel {
		if a.ids[n] == noGroup {
			a.ctx.refuse(&a.at, b, int(i), a.ctx.limits.Groups, "groups in a window", "groups", "fewer keys or a shorter window")
			continue
		}
		a.ids[len(good)] = a.ids[n]
		good = append(good, i)
	}
	return good
}

func (a *aggregate) Bound(t int64) {
	if a.open && t >= a.end {
		a.emit(a.end)
	}
	a.next.Bound(t)
}

func (a *aggregate) Deadline() int64 {
	if !a.open {
		return Never
	}
	return a.end
}

func (a *aggregate) Horizon(t int64) int64 { return a.window.endOf(t) }

func (a *aggregate) Snapshot(dst []byte) []byte {
	dst = a.movers.snapshot(dst)
	if !a.open {
		return append(dst, 0)
	}
	dst = append(dst, 1)
	dst = binary.AppendVarint(dst, a.start)
	dst = a.keys.snapshot(dst)
	for _, s := range a.states {
		dst = s.snapshot(dst)
	}
	return dst
}

func (a *aggregate) Restore(d *decoder) {
	a.open = false
	a.keys.reset()
	for _, s := range a.states {
		s.reset()
	}
	a.movers.restore(d)
	if d.uvarint() == 0 || d.err != nil {
		return
	}
	a.start = d.varint()
	a.keys.restore(d)
	for _, s := range a.states {
		s.restore(d)
		if d.err == nil && s.groups() != a.keys.groups() {
			d.fail("an aggregate has another number of groups than its keys")
		}
	}
	if d.err == nil {
		a.open, a.end = true, a.window.endOf(a.start)
	}
}
