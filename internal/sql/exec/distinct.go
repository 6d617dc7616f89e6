package exec

import (
	"encoding/binary"

	"github.com/millrace/millrace/internal/sql/plan"
	"github.com/millrace/millrace/internal/sql/types"
)

// distinct is SELECT DISTINCT. A row goes on at once when none like it came before in the current window.
type distinct struct {
	ctx      *context
	at       place
	next     Operator
	window   *window
	compared []int
	movingAt []int

	// The state: whether there is a window, a ROWTIME in it, its end, and the rows seen in it.
	open   bool
	start  int64
	end    int64
	seen   groupKeys
	movers movers

	values []*types.Vector
	moving []*types.Vector
	ids    []uint32
	good   []int32
	first  []int32
	out    Batch
}

func newDistinct(ctx *context, at place, n *plan.Distinct, next Operator) *distinct {
	d := &distinct{ctx: ctx, at: at, next: next, compared: n.Compared}
	var kinds []types.Kind
	for _, i := range n.Compared {
		kinds = append(kinds, at.cols[i].Type.Kind)
	}
	for _, m := range n.Moving {
		d.movingAt = append(d.movingAt, m.Column)
		d.movers.add(at.cols[m.Column].Name, at.cols[m.Column].Type.Kind, m.Motion)
	}
	d.window = newWindow(ctx, compileAll(n.Windows))
	d.seen = newGroupKeys(kinds, ctx.limits.Groups)
	return d
}

func (d *distinct) Rows(b *Batch) {
	d.values, d.moving, d.first = d.values[:0], d.moving[:0], d.first[:0]
	for _, i := range d.compared {
		d.values = append(d.values, b.Cols[i])
	}
	for _, i := range d.movingAt {
		d.moving = append(d.moving, b.Cols[i])
	}
	sel := b.Sel
	d.movers.breaks = d.movers.breaks[:0]
	if len(d.moving) > 0 {
		d.good = d.movers.split(d.ctx, &d.at, b, d.moving, sel, d.good)
		sel = d.good
	}
	from := 0
	for _, to := range d.movers.breaks {
		d.span(b, sel[from:to])
		d.forget()
		from = to
	}
	d.span(b, sel[from:])
	if len(d.first) > 0 {
		d.out = *b
		d.out.Sel = d.first
		d.next.Rows(&d.out)
	}
}

// span takes rows between two moves, window by window.
func (d *distinct) span(b *Batch, sel []int32) {
	for len(sel) > 0 {
		t := b.Rowtime[sel[0]]
		if d.open && t >= d.end {
			d.forget()
		}
		if !d.open {
			d.open, d.start, d.end = true, t, d.window.endOf(t)
		}
		n := 1
		for n < len(sel) && b.Rowtime[sel[n]] < d.end {
			n++
		}
		d.look(b, sel[:n])
		sel = sel[n:]
	}
}

// look picks the rows that were not seen.
func (d *distinct) look(b *Batch, sel []int32) {
	d.ids = grow(d.ids, len(sel))
	next := uint32(d.seen.groups())
	full := d.seen.lookup(d.values, sel, d.ids)
	for n, i := range sel {
		switch {
		case d.ids[n] == next:
			// Keys are numbered by their first row.
			d.first = append(d.first, i)
			next++
		case full && d.ids[n] == noGroup:
			d.ctx.refuse(&d.at, b, int(i), d.ctx.limits.Groups, "different rows in DISTINCT", "groups", "fewer columns or a shorter time")
		}
	}
}

// forget ends the window.
func (d *distinct) forget() {
	d.open = false
	d.seen.reset()
}

func (d *distinct) Bound(t int64) {
	if d.open && t >= d.end {
		d.forget()
	}
	d.next.Bound(t)
}

// Deadline is Never, for the end of a window emits nothing.
func (d *distinct) Deadline() int64     { return Never }
func (d *distinct) Horizon(int64) int64 { return Never }

func (d *distinct) Snapshot(dst []byte) []byte {
	dst = d.movers.snapshot(dst)
	if !d.open {
		return append(dst, 0)
	}
	return d.seen.snapshot(binary.AppendVarint(append(dst, 1), d.start))
}

func (d *distinct) Restore(from *decoder) {
	d.forget()
	d.movers.restore(from)
	if from.uvarint() == 0 || from.err != nil {
		return
	}
	d.start = from.varint()
	d.seen.restore(from)
	if from.err == nil {
		d.open, d.end = true, d.window.endOf(d.start)
	}
}
