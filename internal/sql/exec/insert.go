package exec

import (
	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/types"
)

// insert collects the rows of a pump for its target until the engine takes them, which it does once a round.
type insert struct {
	ctx    *context
	at     place
	target []types.Column
	values []evaluator
	cols   []*types.Vector
	good   []int32
	out    outbox
}

// outbox is rows on their way into a stream, with their origins, which never decrease.
type outbox struct {
	rows   *types.Batch
	origin []int32
}

func newOutbox(cols []types.Column) outbox { return outbox{rows: types.NewBatch(cols)} }

func (o *outbox) reset() {
	o.rows.Reset()
	o.origin = o.origin[:0]
}

func (n *insert) Rows(b *Batch) {
	n.cols = grow(n.cols, len(n.values))
	for i, e := range n.values {
		n.cols[i] = e.eval(n.ctx, b, b.Sel)
		if !n.target[i].Type.Nullable {
			n.refuseNulls(i, n.cols[i], b.Sel)
		}
	}
	sel := n.ctx.settle(&n.at, b, b.Sel, n.good)
	n.out.append(n.cols, b, sel)
}

func (n *insert) refuseNulls(col int, v *types.Vector, sel []int32) {
	if len(v.Null) == 0 {
		return
	}
	for _, i := range sel {
		if v.Null[i] {
			n.ctx.eval.Fail(i, dialect.ErrNotNull, "NULL for column %q, which is NOT NULL", n.target[col].Name)
		}
	}
}

func (n *insert) Bound(int64) {}

// append copies rows. Their texts stay where they are, for they live until the round ends.
func (o *outbox) append(cols []*types.Vector, b *Batch, sel []int32) {
	for i, v := range cols {
		appendRows(o.rows.Cols[i], v, sel, o.rows.N)
	}
	for _, i := range sel {
		o.rows.Rowtime = append(o.rows.Rowtime, b.Rowtime[i])
		o.origin = append(o.origin, b.Origin[i])
	}
	o.rows.N += len(sel)
}

// appendRows appends rows of src to dst, which holds n.
func appendRows(dst, src *types.Vector, sel []int32, n int) {
	if len(src.Null) > 0 || len(dst.Null) > 0 {
		for len(dst.Null) < n {
			dst.Null = append(dst.Null, false)
		}
		for _, i := range sel {
			dst.Null = append(dst.Null, len(src.Null) > 0 && src.Null[i])
		}
	}
	switch dst.Kind.Physical() {
	case types.IntValues:
		dst.Int = gather(dst.Int, src.Int, sel)
	case types.FloatValues:
		dst.Float = gather(dst.Float, src.Float, sel)
	case types.StrValues:
		dst.Str = gather(dst.Str, src.Str, sel)
	}
}

// gather appends src at sel. Where src has no values every row is NULL, and dst gets any value.
func gather[T any](dst, src []T, sel []int32) []T {
	if len(src) == 0 {
		var zero T
		for range sel {
			dst = append(dst, zero)
		}
		return dst
	}
	for _, i := range sel {
		dst = append(dst, src[i])
	}
	return dst
}
