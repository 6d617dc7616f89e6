package exec

import (
	"hash/maphash"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/plan"
	"github.com/millrace/millrace/internal/sql/types"
)

// join pairs the rows of two streams. Each side keeps its rows as long as its window says; a row that comes looks for equal
// keys among the rows that the other side keeps:
//
//	left, OVER 1 MINUTE    a──────────────┤ kept for a minute
//	                            b──────────────┤
//	right, no window               a┤ kept for its own millisecond: meets the left a
//	                       ─────────┴──────────▶ ROWTIME
//
// A pair has the ROWTIME of the later one. On an outer side a row that met none until its window ended is given out beside
// NULLs, with the end as its ROWTIME.
type join struct {
	ctx   *context
	next  Operator
	at    place
	sides [2]joinSide
	on    evaluator
	cols  []*types.Vector
	seed  maphash.Seed
	// wanted are the columns of the pairs; width is how many of them the left side has.
	wanted []bool
	width  int

	// pairs are those that have been found and not yet been handed on.
	pairs   []pair
	out     Batch
	good    []int32
	bound   int64
	bounded bool
}

// pair is a row of each side by its number, missing where there is none.
type pair struct {
	left, right int64
	time        int64
	origin      int32
}

const missing = -1

// flushPairs is how many pairs are handed on at once.
const flushPairs = 1024

func newJoin(b *builder, n *plan.Join, next Operator) *join {
	j := &join{ctx: b.ctx, next: next, at: b.place(n), seed: maphash.MakeSeed(), wanted: n.Wanted, width: len(n.Left.Side.Columns())}
	if n.On != nil {
		j.on = compile(n.On)
	}
	for _, c := range n.Columns() {
		j.cols = append(j.cols, &types.Vector{Kind: c.Type.Kind})
	}
	j.sides[0].init(b, j, 0, &n.Left, n.Wanted[:j.width])
	j.sides[1].init(b, j, 1, &n.Right, n.Wanted[j.width:])
	return j
}

func (j *join) Rows(*Batch) { panic("BUG: rows come into a join by its sides") }
func (j *join) Bound(int64) { panic("BUG: bounds come into a join by its sides") }

// Gathered takes the rows of a round in their order.
func (j *join) Gathered() {
	for i := range j.sides {
		j.sides[i].trim()
	}
	if j.bounded {
		j.take(j.bound)
		j.expire(j.bound, 0)
		j.flush()
		j.next.Bound(j.bound)
		j.bounded = false
	}
	j.take(Never)
	j.flush()
	for i := range j.sides {
		j.sides[i].reset()
	}
}

// take pairs the gathered rows before t.
func (j *join) take(t int64) {
	l, r := &j.sides[0], &j.sides[1]
	for l.pending.left() || r.pending.left() {
		s, other := r, l
		if l.pending.before(&r.pending) {
			s, other = l, r
		}
		now, origin := s.pending.time(), s.pending.origin()
		if now >= t {
			return
		}
		j.expire(now, origin)
		j.row(s, other, now, origin)
		s.pending.head++
	}
}

// row stores the next row of a side and pairs it with what the other one keeps.
func (j *join) row(s, other *joinSide, now int64, origin int32) {
	key := s.key()
	if key.null && !s.outer {
		return // it equals none, and nobody misses it
	}
	if s.full() {
		rows := Batch{Batch: *s.pending.rows.rows, Origin: s.pending.rows.origin}
		j.ctx.refuse(&s.at, &rows, s.pending.head, j.ctx.limits.Rows, "rows of one side of a join", "rows", "a shorter window")
		return
	}
	if s.rows > 0 && s.held() >= s.rows {
		j.leave(s, now, origin)
	}
	n := s.keep(key)
	if key.null {
		return
	}
	j.ctx.found = other.index.find(other, key, j.ctx.found[:0])
	for i := len(j.ctx.found) - 1; i >= 0; i-- { // the oldest first
		j.pairs = append(j.pairs, s.pair(n, j.ctx.found[i], now, origin))
		if j.on == nil {
			s.matched.set(&s.store, n)
			other.matched.set(&other.store, j.ctx.found[i])
		}
	}
	if len(j.pairs) >= flushPairs {
		j.flush()
	}
}

// expire lets the rows go whose window ends before now, those of both sides in the order of their ends.
func (j *join) expire(now int64, origin int32) {
	for {
		l, r := j.sides[0].ends(), j.sides[1].ends()
		s, end := &j.sides[0], l
		if r < l {
			s, end = &j.sides[1], r
		}
		if end >= now {
			return
		}
		j.leave(s, end, origin)
	}
}

// leave lets the oldest row of a side go. On an outer side it is given out when it has met none.
func (j *join) leave(s *joinSide, end int64, origin int32) {
	if s.outer {
		if j.on != nil {
			j.flush() // which pairs count is known then
		}
		if !s.matched.get(&s.store, s.live) {
			j.flush()
			j.pairs = append(j.pairs, s.pair(s.live, missing, end, origin))
			j.flush()
		}
	}
	s.live++
}

// pair is a row of this side and one of the other.
func (s *joinSide) pair(own, other, time int64, origin int32) pair {
	if s.side == 1 {
		own, other = other, own
	}
	return pair{left: own, right: other, time: time, origin: origin}
}

// flush hands the pairs on for which ON is true.
func (j *join) flush() {
	n := len(j.pairs)
	if n == 0 {
		return
	}
	b := &j.out
	b.N, b.Sel = n, j.ctx.all(n)
	b.Rowtime, b.Origin = grow(b.Rowtime, n), grow(b.Origin, n)
	b.Cols = append(b.Cols[:0], j.cols...)
	for i, p := range j.pairs {
		b.Rowtime[i], b.Origin[i] = p.time, p.origin
	}
	for c, v := range j.cols {
		if !j.wanted[c] {
			b.Cols[c] = nil
			continue
		}
		prepare(v, n)
		v.Null = grow(v.Null, n)
		s, at := &j.sides[0], c
		if c >= j.width {
			s, at = &j.sides[1], c-j.width
		}
		for i, p := range j.pairs {
			s.get(at, p.of(s.side), v, i)
		}
	}
	j.filter(b)
	j.pairs = j.pairs[:0]
	if len(b.Sel) > 0 {
		j.next.Rows(b)
	}
}

func (p pair) of(side int) int64 {
	if side == 0 {
		return p.left
	}
	return p.right
}

// filter keeps the pairs for which ON is true, and those of one row alone.
func (j *join) filter(b *Batch) {
	if j.on == nil {
		return
	}
	if len(j.pairs) == 1 && (j.pairs[0].left == missing || j.pairs[0].right == missing) {
		return
	}
	v := j.on.eval(j.ctx, b, b.Sel)
	sel := j.ctx.settle(&j.at, b, b.Sel, j.good)
	kept := j.good[:0]
	for _, i := range sel {
		if !v.IsNull(int(i)) && v.Int[i] != 0 {
			p := j.pairs[i]
			j.sides[0].matched.set(&j.sides[0].store, p.left)
			j.sides[1].matched.set(&j.sides[1].store, p.right)
			kept = append(kept, i)
		}
	}
	b.Sel, j.good = kept, kept
}

// Deadline is when a row of an outer side that met none is given out.
func (j *join) Deadline() int64 { return min(j.sides[0].deadline(), j.sides[1].deadline()) }

func (j *join) Horizon(t int64) int64 {
	h := Never
	for i := range j.sides {
		if s := &j.sides[i]; s.outer && s.span != bind.Unbounded && s.rows == 0 {
			h = min(h, t+s.span+1)
		}
	}
	return h
}

func (j *join) Snapshot(dst []byte) []byte {
	for i := range j.sides {
		dst = j.sides[i].snapshot(dst)
	}
	return dst
}

func (j *join) Restore(d *decoder) {
	for i := range j.sides {
		j.sides[i].restore(d)
	}
}
