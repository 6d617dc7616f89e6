package exec

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/plan"
	"github.com/millrace/millrace/internal/sql/types"
)

// sorter is ORDER BY. Rows wait while the first term keeps its value, and go on, sorted by the others, when a row or a bound
// says that it has another. They carry that time as ROWTIME, for only then is their order known:
//
//	rows      1  5 3 │ 9
//	ROWTIME  ────────┴────▶     at the end: 5 3 1
//	             10:01:00
//
// Behind a group it keeps nothing between calls: the rows of each closing window are sorted and keep their ROWTIME.
type sorter struct {
	ctx    *context
	at     place
	next   Operator
	terms  []plan.SortTerm
	window *window // nil where the first term moves by itself, or at once
	first  int
	width  int
	atOnce bool

	// The state: whether rows wait, a ROWTIME of the window, its end, and the rows.
	open   bool
	start  int64
	end    int64
	rows   rowStore
	movers movers

	moving []*types.Vector
	good   []int32
	order  []int32
	out    Batch
	cols   []*types.Vector
}

func newSorter(ctx *context, at place, n *plan.Sort, next Operator) *sorter {
	s := &sorter{ctx: ctx, at: at, next: next, terms: n.Terms, first: n.First, width: len(n.Cols), atOnce: n.AtOnce}
	s.rows = newRowStore(at.cols, n.Wanted)
	switch {
	case n.AtOnce:
	case n.Window != nil:
		s.window = newWindow(ctx, []evaluator{compile(n.Window)})
	default:
		s.movers.add(at.cols[n.First].Name, at.cols[n.First].Type.Kind, n.Motion)
	}
	for i, c := range n.Cols {
		var v *types.Vector
		if n.Wanted[i] {
			v = &types.Vector{Kind: c.Type.Kind}
		}
		s.cols = append(s.cols, v)
	}
	return s
}

func (s *sorter) Rows(b *Batch) {
	switch {
	case s.atOnce:
		s.take(b, b.Sel)
	case s.window != nil:
		t := b.Rowtime[b.Sel[0]]
		if s.open && t >= s.end {
			s.release(s.end)
		}
		if !s.open {
			s.open, s.start, s.end = true, t, s.window.endOf(t)
		}
		s.take(b, b.Sel)
	default:
		s.takeMoving(b)
	}
}

// takeMoving takes rows whose first term moves by itself. The row that moves it sends those before it on.
func (s *sorter) takeMoving(b *Batch) {
	s.moving = append(s.moving[:0], b.Cols[s.first])
	s.good = s.movers.split(s.ctx, &s.at, b, s.moving, b.Sel, s.good)
	from := 0
	for _, to := range s.movers.breaks {
		s.take(b, s.good[from:to])
		row := s.good[to]
		cause := s.ctx.cause
		s.ctx.cause = b.Origin[row]
		s.release(b.Rowtime[row])
		s.ctx.cause = cause
		from = to
	}
	s.take(b, s.good[from:])
}

func (s *sorter) take(b *Batch, sel []int32) {
	limit := s.ctx.limits.Rows
	for _, i := range sel {
		if limit > 0 && !s.atOnce && s.rows.len() >= limit {
			s.ctx.refuse(&s.at, b, int(i), limit, "rows in ORDER BY", "rows", "a shorter time as its first term")
			continue
		}
		s.rows.append(b.Cols, int(i), b.Rowtime[i])
	}
}

// windowClosed is called behind the last row of a closing window.
func (s *sorter) windowClosed() {
	if s.rows.len() > 0 {
		s.release(s.rows.time(s.rows.first))
	}
}

func (s *sorter) Bound(t int64) {
	if s.open && t >= s.end {
		s.release(s.end)
	}
	s.next.Bound(t)
}

// release hands the rows on in their order.
func (s *sorter) release(rowtime int64) {
	s.open = false
	n := s.rows.len()
	if n == 0 {
		return
	}
	s.order = append(s.order[:0], s.ctx.all(n)...)
	slices.SortStableFunc(s.order, s.compare)
	for lo := 0; lo < n; lo += emitRows {
		s.emit(s.order[lo:min(lo+emitRows, n)], rowtime)
	}
	s.rows.clear()
}

func (s *sorter) emit(order []int32, rowtime int64) {
	n := len(order)
	b := &s.out
	b.N, b.Sel, b.Origin, b.Cols = n, s.ctx.all(n), s.ctx.none(n), s.cols
	b.Rowtime = grow(b.Rowtime, n)
	fill(b.Rowtime, rowtime)
	for k, v := range s.cols {
		if v == nil {
			continue
		}
		prepare(v, n)
		v.Null = grow(v.Null, n)
		for i, row := range order {
			s.rows.cols[k].get(s.rows.dropped+int(row), v, i)
		}
	}
	s.next.Rows(b)
}

// compare orders two rows by the terms.
func (s *sorter) compare(a, b int32) int {
	i, j := s.rows.dropped+int(a), s.rows.dropped+int(b)
	for _, t := range s.terms {
		order := s.rows.cols[t.Column].compare(i, j)
		if t.Desc {
			order = -order
		}
		if order != 0 {
			return order
		}
	}
	return 0
}

// compare orders the values of two rows.
func (c *storedColumn) compare(i, j int) int {
	if c.null[i] || c.null[j] {
		return nullOrder(c.null[i], c.null[j])
	}
	switch c.kind.Physical() {
	case types.FloatValues:
		return cmp.Compare(c.floats[i], c.floats[j])
	case types.StrValues:
		return cmp.Compare(c.texts.at(i), c.texts.at(j))
	}
	return cmp.Compare(c.ints[i], c.ints[j])
}

func nullOrder(a, b bool) int {
	order := bit(b) - bit(a)
	if !dialect.NullsSortLow {
		return -order
	}
	return order
}

// clear forgets all rows and keeps their memory; texts that were given out stay until the round ends.
func (s *rowStore) clear() {
	s.first = s.next()
	s.times, s.dropped = s.times[:0], 0
	for k := range s.cols {
		c := &s.cols[k]
		c.null, c.ints, c.floats, c.texts = c.null[:0], c.ints[:0], c.floats[:0], arena{ends: c.texts.ends[:0]}
	}
}

func (s *sorter) Deadline() int64 {
	if !s.open {
		return Never
	}
	return s.end
}

func (s *sorter) Horizon(t int64) int64 {
	if s.window == nil {
		return Never
	}
	return s.window.endOf(t)
}

func (s *sorter) Snapshot(dst []byte) []byte {
	dst = s.movers.snapshot(dst)
	if s.open {
		dst = binary.AppendVarint(append(dst, 1), s.start)
	} else {
		dst = append(dst, 0)
	}
	return s.rows.snapshot(dst)
}

func (s *sorter) Restore(d *decoder) {
	s.movers.restore(d)
	if s.open = d.uvarint() == 1; s.open {
		s.start = d.varint()
	}
	s.rows.restore(d)
	if d.err != nil || !s.open {
		return
	}
	if s.window == nil {
		d.fail("rows wait for a window that there is not")
		return
	}
	s.end = s.window.endOf(s.start)
}
