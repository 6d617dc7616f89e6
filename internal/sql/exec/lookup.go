package exec

import (
	"fmt"

	"github.com/millrace/millrace/internal/sql/plan"
	"github.com/millrace/millrace/internal/sql/types"
)

// lookup joins rows with a reference table: each row finds the rows of the table that have its key, in the table's order, and
// keeps its own ROWTIME. It has no state: the table belongs to the engine.
type lookup struct {
	ctx   *context
	next  Operator
	at    place
	below place
	table *relation
	keys  []evaluator
	index *tableIndex
	on    evaluator
	outer bool

	tableKeys []evaluator
	wanted    []bool
	width     int // columns of the input
	values    []*types.Vector
	key       []byte
	cols      []*types.Vector
	rows      []int32 // of the input, for each row that is handed on
	found     []int32 // of the table; missing for none
	good      []int32
	out       Batch
}

func newLookup(b *builder, n *plan.Lookup, next Operator) *lookup {
	l := &lookup{ctx: b.ctx, next: next, at: b.place(n), below: b.place(n.Input), keys: compileAll(n.Keys), tableKeys: compileAll(n.TableKeys),
		outer: n.Outer, wanted: n.Wanted, width: len(n.Input.Columns()), values: make([]*types.Vector, len(n.Keys))}
	if n.On != nil {
		l.on = compile(n.On)
	}
	for _, t := range b.ctx.tables {
		if t.name == n.Table {
			l.table = t
		}
	}
	if l.table == nil {
		panic(fmt.Sprintf("BUG: reference table %q is not there", n.Table))
	}
	for _, c := range n.Cols {
		l.cols = append(l.cols, &types.Vector{Kind: c.Type.Kind})
	}
	return l
}

func (l *lookup) Bound(t int64) { l.next.Bound(t) }

func (l *lookup) Rows(b *Batch) {
	if l.index == nil || l.index.rows != l.table.rows {
		l.index = newTableIndex(l.ctx, l.table.rows, l.tableKeys)
	}
	for i, k := range l.keys {
		l.values[i] = k.eval(l.ctx, b, b.Sel)
	}
	sel := l.ctx.settle(&l.below, b, b.Sel, nil) // it is in use while good is written to
	for len(sel) > 0 {
		sel = l.pair(b, sel)
		l.hand(b)
	}
}

// pair finds the partners of rows until there are enough to be handed on, and returns the rows that are left.
func (l *lookup) pair(b *Batch, sel []int32) []int32 {
	l.rows, l.found = l.rows[:0], l.found[:0]
	for n, i := range sel {
		if len(l.rows) >= flushPairs {
			return sel[n:]
		}
		l.key = appendKey(l.key[:0], l.values, int(i))
		for at := l.index.first(l.values, int(i), l.key); at != missing; at = l.index.next[at] {
			l.rows, l.found = append(l.rows, i), append(l.found, at)
		}
		if l.outer {
			l.rows, l.found = append(l.rows, i), append(l.found, missing)
		}
	}
	return nil
}

// hand hands on the pairs for which ON is true. On an outer join each row of the input has a pair with nothing behind its
// others, which counts when none of those does.
func (l *lookup) hand(b *Batch) {
	n := len(l.rows)
	if n == 0 {
		return
	}
	out := &l.out
	out.N, out.Sel = n, l.ctx.all(n)
	out.Rowtime, out.Origin = grow(out.Rowtime, n), grow(out.Origin, n)
	for k, i := range l.rows {
		out.Rowtime[k], out.Origin[k] = b.Rowtime[i], b.Origin[i]
	}
	out.Cols = append(out.Cols[:0], l.cols...)
	for c, v := range l.cols {
		switch {
		case !l.wanted[c]:
			out.Cols[c] = nil
		case c < l.width:
			v.Reset()
			appendRows(v, b.Cols[c], l.rows, 0)
		default:
			l.fromTable(v, l.table.rows.Cols[c-l.width])
		}
	}
	if out.Sel = l.kept(out); len(out.Sel) > 0 {
		l.next.Rows(out)
	}
}

func (l *lookup) fromTable(v, src *types.Vector) {
	prepare(v, len(l.found))
	v.Null = grow(v.Null, len(l.found))
	for k, at := range l.found {
		if v.Null[k] = at == missing || src.IsNull(int(at)); v.Null[k] {
			continue
		}
		switch v.Kind.Physical() {
		case types.IntValues:
			v.Int[k] = src.Int[at]
		case types.FloatValues:
			v.Float[k] = src.Float[at]
		case types.StrValues:
			v.Str[k] = src.Str[at]
		}
	}
}

// kept are the pairs that count.
func (l *lookup) kept(out *Batch) []int32 {
	if l.on == nil && !l.outer {
		return out.Sel
	}
	pairs := l.ctx.all(out.N)
	var v *types.Vector
	if l.on != nil {
		l.good = l.good[:0]
		for k, at := range l.found {
			if at != missing {
				l.good = append(l.good, int32(k))
			}
		}
		pairs = append([]int32(nil), l.good...)
		v = l.on.eval(l.ctx, out, pairs)
		pairs = l.ctx.settle(&l.at, out, pairs, l.good)
	}
	holds := make([]bool, out.N)
	for _, k := range pairs {
		holds[k] = l.found[k] != missing && (v == nil || !v.IsNull(int(k)) && v.Int[k] != 0)
	}
	var kept []int32
	met := int32(-1) // the last row of the input that met one
	for k := range out.N {
		switch {
		case holds[k]:
			met = l.rows[k]
			kept = append(kept, int32(k))
		case l.found[k] == missing && met != l.rows[k]:
			kept = append(kept, int32(k))
		}
	}
	return kept
}

// tableIndex finds the rows of a reference table by their keys, in the table's order.
type tableIndex struct {
	rows  *types.Batch
	keys  *table
	heads []int32
	next  []int32
}

func newTableIndex(ctx *context, rows *types.Batch, keys []evaluator) *tableIndex {
	x := &tableIndex{rows: rows, keys: newTable(), next: make([]int32, rows.N)}
	all := ctx.all(rows.N)
	b := &Batch{Batch: *rows, Sel: all, Origin: make([]int32, rows.N)}
	b.Rowtime = make([]int64, rows.N)
	values := make([]*types.Vector, len(keys))
	for i, k := range keys {
		values[i] = k.eval(ctx, b, all)
	}
	bad := map[int32]bool{} // rows whose key cannot be computed are found by none
	for _, f := range ctx.eval.Failures {
		bad[f.Row] = true
	}
	ctx.eval.Failures = ctx.eval.Failures[:0]
	var tails []int32
	var key []byte
	for i := range rows.N {
		x.next[i] = missing
		if bad[int32(i)] || hasNull(values, i) {
			continue
		}
		key = appendKey(key[:0], values, i)
		g := int(x.keys.lookup(view(key)))
		if g == len(x.heads) {
			x.heads, tails = append(x.heads, int32(i)), append(tails, int32(i))
			continue
		}
		x.next[tails[g]] = int32(i)
		tails[g] = int32(i)
	}
	return x
}

func hasNull(values []*types.Vector, row int) bool {
	for _, v := range values {
		if v.IsNull(row) {
			return true
		}
	}
	return false
}

// first returns the first row of the table with a key, or missing.
func (x *tableIndex) first(values []*types.Vector, row int, key []byte) int32 {
	if hasNull(values, row) {
		return missing
	}
	if g, ok := x.keys.find(view(key)); ok {
		return x.heads[g]
	}
	return missing
}
