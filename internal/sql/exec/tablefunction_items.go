package exec

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/plan"
	"github.com/millrace/millrace/internal/sql/sketch"
	"github.com/millrace/millrace/internal/sql/types"
)

// items counts the values of a column, but for NULL, over a tumbling window. When it is over, it hands on what its model makes
// of them, with the window's end as ROWTIME. Windows are aligned as those of STEP.
type items struct {
	ctx    *context
	next   Operator
	value  int
	t      types.Type
	window int64
	model  itemModel
	item   []byte

	// open says that a window is, and end when it is over.
	open bool
	end  int64

	added []*types.Vector
	out   Batch
}

// itemModel counts values. Equal values have equal bytes.
type itemModel interface {
	bytes(dst []byte, t types.Type, v *types.Vector, row int) []byte
	add(item []byte)
	// emit writes a window's rows into its columns, and returns how many there are. Then it forgets the window.
	emit(added []*types.Vector, e *function.Eval) int
	snapshot(dst []byte) []byte
	restore(src []byte) ([]byte, error)
}

func newItems(b *builder, n *plan.TableFunction, window int64, m itemModel, next Operator) *items {
	value := n.Func.Values[0]
	i := &items{ctx: b.ctx, next: next, value: value, t: n.Input.Columns()[value].Type, window: window, model: m}
	for _, c := range n.Func.Added {
		i.added = append(i.added, &types.Vector{Kind: c.Type.Kind})
	}
	return i
}

func (n *items) Rows(b *Batch) {
	t := b.Rowtime[b.Sel[0]]
	if n.open && t >= n.end {
		n.emit()
	}
	if !n.open {
		n.open, n.end = true, n.Horizon(t)
	}
	v := b.Cols[n.value]
	for _, i := range b.Sel {
		if v.IsNull(int(i)) {
			continue
		}
		n.item = n.model.bytes(n.item[:0], n.t, v, int(i))
		n.model.add(n.item)
	}
}

func (n *items) Bound(t int64) {
	if n.open && t >= n.end {
		n.emit()
	}
	n.next.Bound(t)
}

func (n *items) emit() {
	n.open = false
	rows := n.model.emit(n.added, &n.ctx.eval)
	if rows == 0 {
		return
	}
	b := &n.out
	b.N, b.Sel, b.Origin, b.Cols = rows, n.ctx.all(rows), n.ctx.none(rows), n.added
	b.Rowtime = grow(b.Rowtime, rows)
	fill(b.Rowtime, n.end)
	n.next.Rows(b)
}

func (n *items) Deadline() int64 {
	if !n.open {
		return Never
	}
	return n.end
}

// Horizon is the end of the window that holds t.
func (n *items) Horizon(t int64) int64 {
	into := t % n.window
	if into < 0 {
		into += n.window
	}
	return t - into + n.window
}

func (n *items) Snapshot(dst []byte) []byte {
	if !n.open {
		return append(dst, 0)
	}
	return n.model.snapshot(binary.AppendVarint(append(dst, 1), n.end))
}

func (n *items) Restore(d *decoder) {
	n.open = d.uvarint() != 0
	if !n.open {
		return
	}
	n.end = d.varint()
	rest, err := n.model.restore(d.src)
	if err != nil {
		d.fail(err.Error())
	}
	d.src = rest
}

// topItems is TOP_K_ITEMS_TUMBLING. Values are told apart by their text.
type topItems struct{ *sketch.TopK }

func newTopItems(k int) topItems { return topItems{sketch.NewTopK(k)} }

func (m topItems) bytes(dst []byte, t types.Type, v *types.Vector, row int) []byte {
	dst = types.AppendText(dst, t, v, row)
	if len(dst) <= dialect.MaxItemLength {
		return dst
	}
	end := 0
	for range dialect.MaxItemLength {
		_, size := utf8.DecodeRune(dst[end:])
		end += size
	}
	return dst[:end]
}

func (m topItems) add(item []byte) { m.Add(item) }

// emit writes ITEM, ITEM_COUNT, MOST_FREQUENT_VALUES and, where there is a fourth column, ITEM again.
func (m topItems) emit(added []*types.Vector, e *function.Eval) int {
	top := m.Top()
	for _, v := range added {
		prepare(v, len(top))
	}
	for i, it := range top {
		added[0].Str[i] = e.Copy(it.Value)
		added[1].Int[i], added[2].Int[i] = it.Count, it.Count
		if len(added) > 3 {
			added[3].Str[i] = added[0].Str[i]
		}
	}
	m.Reset()
	return len(top)
}

func (m topItems) snapshot(dst []byte) []byte         { return m.Snapshot(dst) }
func (m topItems) restore(src []byte) ([]byte, error) { return m.Restore(src) }

// distinctItems is COUNT_DISTINCT_ITEMS_TUMBLING.
type distinctItems struct{ sketch.Distinct }

func (m *distinctItems) bytes(dst []byte, t types.Type, v *types.Vector, row int) []byte {
	switch t.Kind.Physical() {
	case types.IntValues:
		return binary.LittleEndian.AppendUint64(dst, uint64(v.Int[row]))
	case types.FloatValues:
		// The sum makes -0 a 0, to which it is equal.
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Float[row]+0))
	}
	return append(dst, v.Str[row]...)
}

func (m *distinctItems) add(item []byte) { m.Add(item) }

func (m *distinctItems) emit(added []*types.Vector, _ *function.Eval) int {
	prepare(added[0], 1)
	added[0].Int[0] = m.Count()
	m.Reset()
	return 1
}

func (m *distinctItems) snapshot(dst []byte) []byte         { return m.Snapshot(dst) }
func (m *distinctItems) restore(src []byte) ([]byte, error) { return m.Restore(src) }
