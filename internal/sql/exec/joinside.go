package exec

import (
	"hash/maphash"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/plan"
	"github.com/millrace/millrace/internal/sql/types"
)

// joinSide is a side of a join: the rows it keeps, found by their keys.
type joinSide struct {
	j       *join
	side    int
	at      place
	cols    []types.Column // of the input
	stamped bool
	outer   bool
	// span is for how many milliseconds a row is kept, and rows how many are, where that is not 0.
	span int64
	rows int

	keys   []evaluator
	values []*types.Vector
	good   []int32

	pending     gathered
	pendingKeys arena
	noKey       []bool

	store   rowStore
	wanted  []bool
	stored  arena // the keys of the rows in store
	index   rowIndex
	matched bitmap
	// live is the oldest row whose window has not ended. Those before it are dropped when the next round begins, for pairs that
	// have not been handed on may hold them. unmet is the oldest that may still be given out for having met none.
	live, unmet int64
}

// rowKey is the encoded key of a row; null when a part of it is, so that it equals none.
type rowKey struct {
	text string
	hash uint64
	null bool
}

func (s *joinSide) init(b *builder, j *join, side int, n *plan.JoinSide, wanted []bool) {
	s.j, s.side, s.at, s.cols = j, side, b.place(n.Input), n.Input.Columns()
	s.stamped, s.outer, s.span, s.rows = n.Stamped, n.Outer, n.Range, n.Rows
	s.keys = compileAll(n.Keys)
	s.values = make([]*types.Vector, len(s.keys))
	s.wanted = wanted[:len(s.cols)]
	s.pending = newGathered(s.cols, s.wanted)
	s.store = newRowStore(s.cols, s.wanted)
	s.index = newRowIndex(s.j.seed)
}

// Rows gathers rows with their keys.
func (s *joinSide) Rows(b *Batch) {
	ctx := s.j.ctx
	for i, k := range s.keys {
		s.values[i] = k.eval(ctx, b, b.Sel)
	}
	sel := ctx.settle(&s.at, b, b.Sel, s.good)
	for _, i := range sel {
		null := false
		for _, v := range s.values {
			null = null || v.IsNull(int(i))
		}
		s.noKey = append(s.noKey, null)
		s.pendingKeys.appendKey(s.values, int(i))
	}
	s.pending.add(b.Cols, b, sel)
}

// Bound is taken when both sides have had their turn.
func (s *joinSide) Bound(t int64) { s.j.bound, s.j.bounded = t, true }

// full reports whether another row would be one too many.
func (s *joinSide) full() bool {
	limit := s.j.ctx.limits.Rows
	return limit > 0 && s.held() >= limit
}

// held is how many rows are in the window.
func (s *joinSide) held() int { return int(s.store.next() - s.live) }

// key is that of the next gathered row.
func (s *joinSide) key() rowKey {
	at := s.pending.head
	key := rowKey{text: s.pendingKeys.at(at), null: s.noKey[at]}
	key.hash = maphash.String(s.index.seed, key.text)
	return key
}

// keep stores the next gathered row.
func (s *joinSide) keep(key rowKey) int64 {
	n := s.store.append(s.pending.rows.rows.Cols, s.pending.head, s.pending.time())
	s.stored.append(key.text)
	s.index.add(s, n, key)
	return n
}

// ends is the last millisecond of the window of the oldest live row; Never when that has no end.
func (s *joinSide) ends() int64 {
	if s.held() == 0 || s.rows > 0 || s.span == bind.Unbounded {
		return Never
	}
	return s.store.time(s.live) + s.span
}

// deadline is when the oldest row that has met none is given out.
func (s *joinSide) deadline() int64 {
	if !s.outer || s.rows > 0 || s.span == bind.Unbounded {
		return Never
	}
	s.unmet = max(s.unmet, s.live)
	for s.store.holds(s.unmet) && s.matched.get(&s.store, s.unmet) {
		s.unmet++
	}
	if !s.store.holds(s.unmet) {
		return Never
	}
	return s.store.time(s.unmet) + s.span + 1
}

// trim drops the rows whose windows have ended.
func (s *joinSide) trim() {
	for s.store.first < s.live {
		s.store.dropFirst()
		if s.store.dropped == 0 { // the store has moved its rows to the front
			s.stored.drop(len(s.stored.ends) - s.store.len())
			s.index.compact(s)
		}
	}
	s.matched.dropBefore(s.store.first)
}

func (s *joinSide) reset() {
	s.pending.reset()
	s.pendingKeys.bytes, s.pendingKeys.ends, s.noKey = s.pendingKeys.bytes[:0], s.pendingKeys.ends[:0], s.noKey[:0]
}

// get sets value at of a vector to a column of row n; the column behind the others is its ROWTIME.
func (s *joinSide) get(col int, n int64, v *types.Vector, at int) {
	switch {
	case n == missing:
		v.Null[at] = true
	case col == len(s.cols):
		v.Null[at], v.Int[at] = false, s.store.time(n)
	default:
		s.store.cols[col].get(s.store.at(n), v, at)
	}
}

func (s *joinSide) snapshot(dst []byte) []byte {
	s.trim()
	dst = s.store.snapshot(dst)
	dst = s.stored.snapshot(dst, s.store.dropped)
	for _, null := range s.index.null[s.store.dropped:] {
		dst = append(dst, byte(bit(null)))
	}
	return s.matched.snapshot(dst, &s.store)
}

func (s *joinSide) restore(d *decoder) {
	s.store.restore(d)
	s.stored.restore(d)
	n := s.store.len()
	if d.err == nil && len(s.stored.ends) != n {
		d.fail("a join has another number of keys than rows")
	}
	null := d.marks(n)
	s.matched.restore(d, &s.store)
	s.index, s.live, s.unmet = newRowIndex(s.j.seed), 0, 0
	for i := range n {
		if d.err != nil {
			return
		}
		text := s.stored.at(i)
		s.index.add(s, int64(i), rowKey{text, maphash.String(s.index.seed, text), null[i]})
	}
}

// rowIndex finds the rows of a store by their keys: buckets hold the newest row of a hash, and each row the one before it.
//
//	bucket ─▶ 8 ─▶ 5 ─▶ 2    (2 has been dropped: the walk ends)
//
// Dropped rows stay in their chains, which end where they begin.
type rowIndex struct {
	seed    maphash.Seed
	buckets []int64
	hashes  []uint64
	before  []int64
	null    []bool
}

func newRowIndex(seed maphash.Seed) rowIndex {
	x := rowIndex{seed: seed, buckets: make([]int64, minSlots)}
	x.clear()
	return x
}

func (x *rowIndex) clear() {
	for i := range x.buckets {
		x.buckets[i] = missing
	}
}

// add puts row n, which has just been stored, into the index.
func (x *rowIndex) add(s *joinSide, n int64, key rowKey) {
	x.hashes, x.null, x.before = append(x.hashes, key.hash), append(x.null, key.null), append(x.before, missing)
	if s.store.len() > len(x.buckets) {
		x.buckets = make([]int64, 2*len(x.buckets))
		x.rebuild(s)
		return
	}
	x.link(s, n)
}

func (x *rowIndex) link(s *joinSide, n int64) {
	i := s.store.at(n)
	if x.null[i] {
		return
	}
	at := x.hashes[i] & uint64(len(x.buckets)-1)
	x.before[i] = x.buckets[at]
	x.buckets[at] = n
}

func (x *rowIndex) rebuild(s *joinSide) {
	x.clear()
	for n := s.store.first; n < s.store.next(); n++ {
		x.link(s, n)
	}
}

// compact follows the store, which has moved its rows to the front.
func (x *rowIndex) compact(s *joinSide) {
	n := len(x.hashes) - s.store.len()
	x.hashes, x.before, x.null = shiftDown(x.hashes, n), shiftDown(x.before, n), shiftDown(x.null, n)
}

// find appends the live rows with a key, the newest first. Both sides of a join have the same seed.
func (x *rowIndex) find(s *joinSide, key rowKey, found []int64) []int64 {
	for n := x.buckets[key.hash&uint64(len(x.buckets)-1)]; n >= s.live; {
		i := s.store.at(n)
		if x.hashes[i] == key.hash && s.stored.at(i) == key.text {
			found = append(found, n)
		}
		n = x.before[i]
	}
	return found
}
