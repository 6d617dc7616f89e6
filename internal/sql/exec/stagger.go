package exec

import (
	"encoding/binary"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/plan"
	"github.com/millrace/millrace/internal/sql/types"
)

// stagger is WINDOWED BY STAGGER. Each key has a window of its own, which opens with the key's first row and closes a fixed time
// later, when it emits one row with that time as ROWTIME:
//
//	a  ──■──■─────┤            rows of a at 10:00:10 and 10:00:20, closed at 10:01:10
//	b  ─────■────────┤
//	ROWTIME ──────────▶
type stagger struct {
	ctx       *context
	next      Operator
	at, after place
	length    int64
	aggs      []bind.Aggregate
	keyExprs  []evaluator
	kinds     []types.Kind
	args      []evaluator

	// The state: the keys with an open window, their groups, and the windows in the order in which they opened, which is
	// also that in which they close.
	keys   *partitions
	states []accumulator
	opened fifo[staggerWindow]

	keyValues []*types.Vector
	argValues []*types.Vector
	ids       []uint32
	good      []int32
	goodOut   []int32
	out       Batch
	columns   []*types.Vector
	closed    []uint32
}

// staggerWindow is a window: its key's number and when it opened.
type staggerWindow struct {
	opened int64
	id     uint32
}

func newStagger(ctx *context, at place, n *plan.Stagger, next Operator) *stagger {
	s := &stagger{ctx: ctx, at: at, after: place{at.pump, at.number, n.Cols}, next: next, length: n.Range, aggs: n.Aggregates, keys: newPartitions()}
	for _, k := range n.Keys {
		s.keyExprs, s.kinds = append(s.keyExprs, compile(k.Expr)), append(s.kinds, k.Expr.Type().Kind)
	}
	for _, a := range n.Aggregates {
		var arg evaluator
		if a.Arg != nil {
			arg = compile(a.Arg)
		}
		s.args = append(s.args, arg)
		s.states = append(s.states, newAccumulator(a))
	}
	for _, c := range n.Cols {
		s.columns = append(s.columns, &types.Vector{Kind: c.Type.Kind})
	}
	s.keyValues = make([]*types.Vector, len(s.keyExprs))
	s.argValues = make([]*types.Vector, len(s.args))
	return s
}

func (s *stagger) Rows(b *Batch) {
	s.close(b.Rowtime[b.Sel[0]])
	for i, k := range s.keyExprs {
		s.keyValues[i] = k.eval(s.ctx, b, b.Sel)
	}
	for i, e := range s.args {
		if e != nil {
			s.argValues[i] = e.eval(s.ctx, b, b.Sel)
		}
	}
	sel := s.ctx.settle(&s.at, b, b.Sel, s.good)
	s.good, s.ids = grow(s.good, b.N)[:0], s.ids[:0]
	for _, i := range sel {
		id, there := s.keys.find(s.keyValues, int(i))
		if !there {
			if limit := s.ctx.limits.Groups; limit > 0 && s.keys.len() >= limit {
				s.ctx.refuse(&s.at, b, int(i), limit, "stagger windows", "groups", "fewer keys or shorter windows")
				continue
			}
			id = s.keys.add()
			s.opened.push(staggerWindow{b.Rowtime[i], id})
		}
		s.good, s.ids = append(s.good, i), append(s.ids, id)
	}
	for i, state := range s.states {
		state.grow(s.keys.cap())
		state.add(s.ids, s.good, s.argValues[i])
	}
}

func (s *stagger) Bound(t int64) {
	s.close(t)
	s.next.Bound(t)
}

// close emits the windows that end at t or before.
func (s *stagger) close(t int64) {
	for s.opened.len() > 0 && s.opened.first().opened+s.length <= t {
		end := s.opened.first().opened + s.length
		s.closed = s.closed[:0]
		for s.opened.len() > 0 && s.opened.first().opened+s.length == end && len(s.closed) < emitRows {
			s.closed = append(s.closed, s.opened.pop().id)
		}
		s.emit(end)
	}
}

// emit hands on the closed windows and forgets them.
func (s *stagger) emit(end int64) {
	n := len(s.closed)
	b := &s.out
	b.N, b.Sel, b.Origin, b.Cols = n, s.ctx.all(n), s.ctx.none(n), s.columns
	b.Rowtime = grow(b.Rowtime, n)
	fill(b.Rowtime, end)
	for _, v := range s.columns {
		prepare(v, n)
		v.Null = grow(v.Null, n)
	}
	keys := s.columns[:len(s.keyExprs)]
	for i, id := range s.closed {
		putKey(s.keys.key(id), keys, i, &s.ctx.eval)
		for k, state := range s.states {
			state.put(int(id), s.columns[len(keys)+k], int32(i), &s.ctx.eval)
			state.clear(id)
		}
		s.keys.remove(id)
	}
	if b.Sel = s.ctx.settle(&s.after, b, b.Sel, s.goodOut); len(b.Sel) > 0 {
		s.next.Rows(b)
	}
}

func (s *stagger) Deadline() int64 {
	if s.opened.len() == 0 {
		return Never
	}
	return s.opened.first().opened + s.length
}

func (s *stagger) Horizon(t int64) int64 { return t + s.length }

// Snapshot appends the windows in the order of their opening: when, the key; then the groups, numbered likewise.
func (s *stagger) Snapshot(dst []byte) []byte {
	n := s.opened.len()
	dst = binary.AppendUvarint(dst, uint64(n))
	for i := range n {
		w := s.opened.at(i)
		dst = binary.AppendVarint(dst, w.opened)
		key := s.keys.key(w.id)
		dst = binary.AppendUvarint(dst, uint64(len(key)))
		dst = append(dst, key...)
	}
	// Groups without a window are empty, and adding them to the first changes nothing.
	ids := make([]uint32, s.keys.cap())
	for i := range n {
		ids[s.opened.at(i).id] = uint32(i)
	}
	for i, state := range s.states {
		ordered := newAccumulator(s.aggs[i])
		if ordered.grow(n); n > 0 {
			ordered.merge(state, ids)
		}
		dst = ordered.snapshot(dst)
	}
	return dst
}

func (s *stagger) Restore(d *decoder) {
	s.keys, s.opened = newPartitions(), fifo[staggerWindow]{}
	last := int64(beginning)
	for range d.count(2) {
		opened := d.varint()
		key := d.bytes()
		if d.err == nil && (opened < last || !validKey(key, s.kinds) || s.keys.has(key)) {
			d.fail("the windows of a stagger are damaged")
		}
		if d.err != nil {
			return
		}
		last = opened
		s.opened.push(staggerWindow{opened, s.keys.addKey(key)})
	}
	for _, state := range s.states {
		state.reset()
		if state.restore(d); d.err == nil && state.groups() != s.keys.cap() {
			d.fail("an aggregate has another number of groups than its keys")
		}
	}
}
