package exec

import (
	"strings"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/types"
)

// relation is the content of a reference table. It belongs to the engine, and no row of it changes after the first row of
// an input.
type relation struct {
	name string
	cols []types.Column
	rows *types.Batch
}

func newRelation(t bind.Stream) *relation {
	return &relation{name: t.Name, cols: t.Columns, rows: types.NewBatch(t.Columns)}
}

// load copies rows behind those that are there.
func (r *relation) load(b *types.Batch) {
	var all []int32
	for i := range b.N {
		all = append(all, int32(i))
	}
	for i, dst := range r.rows.Cols {
		from := len(dst.Str)
		appendRows(dst, b.Cols[i], all, r.rows.N)
		for k := from; k < len(dst.Str); k++ {
			dst.Str[k] = strings.Clone(dst.Str[k])
		}
	}
	r.rows.N += b.N
}

func (r *relation) snapshot(dst []byte) []byte {
	for _, v := range r.rows.Cols {
		dst = appendVector(dst, v)
	}
	return dst
}

func (r *relation) restore(d *decoder) {
	r.rows = types.NewBatch(r.cols)
	for i, v := range r.rows.Cols {
		d.vector(v)
		if n := vectorLen(v); i == 0 {
			r.rows.N = n
		} else if d.err == nil && n != r.rows.N {
			d.fail("the columns of a reference table differ in length")
		}
	}
}
