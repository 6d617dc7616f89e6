package exec

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/plan"
	"github.com/millrace/millrace/internal/sql/types"
)

// rank is GROUP_RANK: it holds the rows of one ROWTIME until time has passed it, ranks them by a column and hands them on with
// their rank. Equal values share a rank, and the next one counts all before it. NULL is above every value.
type rank struct {
	ctx    *context
	at     place
	next   Operator
	value  int
	params *bind.GroupRank
	wanted []bool // columns of the rows that are held

	time int64
	held *types.Batch
	// arena is where the texts of held rows lie.
	arena []byte

	order []int32
	ranks *types.Vector
	out   Batch
}

func newRank(b *builder, n *plan.TableFunction, p *bind.GroupRank, next Operator) *rank {
	cols := n.Input.Columns()
	r := &rank{ctx: b.ctx, at: b.place(n.Input), next: next, value: n.Func.Values[0], params: p, ranks: &types.Vector{Kind: types.Integer}}
	r.held = types.NewBatch(cols)
	r.wanted = slices.Clone(n.Wanted[:len(cols)])
	r.wanted[r.value] = true
	return r
}

func (r *rank) Rows(b *Batch) {
	t := b.Rowtime[b.Sel[0]]
	if r.held.N > 0 && t > r.time {
		r.emit()
	}
	r.time = t
	sel := b.Sel
	if most := r.ctx.limits.Rows; most > 0 && r.held.N+len(sel) > most {
		sel = r.refuse(b, most-r.held.N)
	}
	for i, v := range b.Cols {
		if r.wanted[i] {
			r.hold(r.held.Cols[i], v, sel)
		}
	}
	r.held.N += len(sel)
}

// hold appends rows to a column, with texts of their own.
func (r *rank) hold(dst, src *types.Vector, sel []int32) {
	from := len(dst.Str)
	appendRows(dst, src, sel, r.held.N)
	for k := from; k < len(dst.Str); k++ {
		dst.Str[k] = r.keep(dst.Str[k])
	}
}

// keep copies a text. It stays when the arena has no room any more, for then there is another one.
func (r *rank) keep(text string) string {
	if cap(r.arena)-len(r.arena) < len(text) {
		r.arena = make([]byte, 0, max(4096, 2*cap(r.arena), len(text)))
	}
	from := len(r.arena)
	r.arena = append(r.arena, text...)
	return view(r.arena[from:])
}

// refuse makes error rows of the rows for which there is no room and returns the first ones.
func (r *rank) refuse(b *Batch, room int) []int32 {
	room = max(room, 0)
	for _, i := range b.Sel[room:] {
		r.ctx.refuse(&r.at, b, int(i), r.ctx.limits.Rows, "rows of one ROWTIME in GROUP_RANK", "rows", "a cursor with fewer of them")
	}
	return b.Sel[:room]
}

func (r *rank) Bound(t int64) {
	if r.held.N > 0 && t > r.time {
		r.emit()
	}
	r.next.Bound(t)
}

func (r *rank) emit() {
	n := r.held.N
	r.assign()
	b := &r.out
	b.N, b.Origin = n, r.ctx.none(n)
	b.Rowtime = grow(b.Rowtime, n)
	fill(b.Rowtime, r.time)
	b.Cols = b.Cols[:0]
	for i, v := range r.held.Cols {
		if !r.wanted[i] {
			v = nil
		}
		b.Cols = append(b.Cols, v)
	}
	b.Cols = append(b.Cols, r.ranks)
	r.send()
	r.held.Reset()
	// The texts given out live until the round ends.
	r.arena = r.arena[len(r.arena):]
}

// assign ranks the rows that are held; order has them by rank, those of one rank as they came.
func (r *rank) assign() {
	n := r.held.N
	r.order = append(r.order[:0], r.ctx.all(n)...)
	v := r.held.Cols[r.value]
	sign := 1
	if r.params.Descending {
		sign = -1
	}
	slices.SortStableFunc(r.order, func(a, b int32) int { return sign * compareValues(v, a, b) })
	prepare(r.ranks, n)
	for place, i := range r.order {
		rank := int64(place + 1)
		if place > 0 && compareValues(v, r.order[place-1], i) == 0 {
			rank = r.ranks.Int[r.order[place-1]]
		}
		r.ranks.Int[i] = rank
	}
}

// send hands the rows on in the order asked for. An order of its own takes a copy, since the rows of a batch have one.
func (r *rank) send() {
	n := r.held.N
	if r.params.Most > 0 {
		n = min(n, r.params.Most)
	}
	if r.params.Output == "" {
		r.out.Sel = r.ctx.all(n)
		r.next.Rows(&r.out)
		return
	}
	if r.params.Output == "desc" {
		slices.Reverse(r.order)
		r.keepTies()
	}
	cols := r.out.Cols
	r.out.Cols = make([]*types.Vector, len(cols))
	for i, v := range cols {
		if v != nil {
			r.out.Cols[i] = &types.Vector{Kind: v.Kind}
			appendRows(r.out.Cols[i], v, r.order[:n], 0)
		}
	}
	r.out.N, r.out.Sel = n, r.ctx.all(n)
	r.next.Rows(&r.out)
}

// keepTies turns the rows of each rank round again, so that they stand as they came.
func (r *rank) keepTies() {
	for from := 0; from < len(r.order); {
		to := from + 1
		for to < len(r.order) && r.ranks.Int[r.order[to]] == r.ranks.Int[r.order[from]] {
			to++
		}
		slices.Reverse(r.order[from:to])
		from = to
	}
}

// compareValues orders two rows of a column.
func compareValues(v *types.Vector, a, b int32) int {
	if x, y := v.IsNull(int(a)), v.IsNull(int(b)); x || y {
		switch {
		case x && y:
			return 0
		case x:
			return 1
		}
		return -1
	}
	switch v.Kind.Physical() {
	case types.FloatValues:
		return cmp.Compare(v.Float[a], v.Float[b])
	case types.StrValues:
		return strings.Compare(v.Str[a], v.Str[b])
	}
	return cmp.Compare(v.Int[a], v.Int[b])
}

// Deadline is the first millisecond behind the ROWTIME of the rows that are held.
func (r *rank) Deadline() int64 {
	if r.held.N == 0 {
		return Never
	}
	return r.time + 1
}

func (r *rank) Horizon(t int64) int64 { return t + 1 }

func (r *rank) Snapshot(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(r.held.N))
	if r.held.N == 0 {
		return dst
	}
	dst = binary.AppendVarint(dst, r.time)
	for i, v := range r.held.Cols {
		if r.wanted[i] {
			dst = appendVector(dst, v)
		}
	}
	return dst
}

func (r *rank) Restore(d *decoder) {
	r.held.Reset()
	if r.held.N = d.count(0); r.held.N == 0 {
		return
	}
	r.time = d.varint()
	for i, v := range r.held.Cols {
		if !r.wanted[i] {
			continue
		}
		if d.vector(v); d.err == nil && vectorLen(v) != r.held.N {
			d.fail("a column of GROUP_RANK has another number of values than rows are held")
		}
	}
}
