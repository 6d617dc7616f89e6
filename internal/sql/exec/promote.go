package exec

import (
	"encoding/binary"
	"fmt"

	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/types"
)

// retime is an expression AS ROWTIME: a column becomes the ROWTIME of the row. One that is less than that of an earlier
// row, or NULL, makes the row an error row.
type retime struct {
	ctx  *context
	at   place
	next Operator
	// column holds the new ROWTIME; the first width ones go on.
	column, width int
	// mark is the greatest ROWTIME so far.
	mark int64
	sel  []int32
	out  Batch
}

func (r *retime) Rows(b *Batch) {
	times := b.Cols[r.column]
	r.sel = r.sel[:0]
	r.out.Rowtime = grow(r.out.Rowtime, b.N)
	for _, i := range b.Sel {
		switch {
		case times.IsNull(int(i)):
			r.ctx.drop(&r.at, b, i, b.Rowtime[i], dialect.ErrNotNull, "NULL for ROWTIME")
		case times.Int[i] < r.mark:
			r.ctx.drop(&r.at, b, i, times.Int[i], dialect.ErrLate, fmt.Sprintf("the row is behind ROWTIME %s", types.AppendTimestamp(nil, r.mark)))
		default:
			r.mark = times.Int[i]
			r.out.Rowtime[i] = r.mark
			r.sel = append(r.sel, i)
		}
	}
	if len(r.sel) > 0 {
		r.out.N, r.out.Cols, r.out.Sel, r.out.Origin = b.N, b.Cols[:r.width], r.sel, b.Origin
		r.next.Rows(&r.out)
	}
}

func (r *retime) Bound(t int64) { r.next.Bound(t) }

// drop makes row i an error row with a ROWTIME of its own.
func (c *context) drop(at *place, b *Batch, i int32, rowtime int64, name, message string) {
	c.errors = append(c.errors, rowError{b.Origin[i], at.number, types.ErrorRow{
		Time: b.Rowtime[i], Name: name, Message: message, DataRowtime: rowtime,
		DataRow: appendRow(nil, at.cols, b, int(i)), Pump: at.pump,
	}})
}

// Deadline is Never: nothing waits here.
func (r *retime) Deadline() int64     { return Never }
func (r *retime) Horizon(int64) int64 { return Never }

func (r *retime) Snapshot(dst []byte) []byte { return binary.AppendVarint(dst, r.mark) }
func (r *retime) Restore(d *decoder)         { r.mark = d.varint() }

// splitter stands where rows have a ROWTIME that a query gave them. The bounds that come from below are of another time and
// end here; what is above gets its bounds from the rows themselves, one for each deadline that a row reaches:
//
//	rows in         10:00:58   10:01:03           10:01:59
//	what goes up    row        bound 10:01, row   row
//
// What a deadline emits is caused by the row that reached it.
type splitter struct {
	ctx   *context
	next  Operator
	above []Stateful
	part  Batch
}

func (s *splitter) Rows(b *Batch) {
	for lo := 0; lo < len(b.Sel); {
		first := b.Sel[lo]
		s.advance(b.Rowtime[first], b.Origin[first])
		limit := s.limit(b.Rowtime[first])
		hi := lo + 1
		for hi < len(b.Sel) && b.Rowtime[b.Sel[hi]] < limit {
			hi++
		}
		s.part = *b
		s.part.Sel = b.Sel[lo:hi]
		s.next.Rows(&s.part)
		lo = hi
	}
}

// advance runs every deadline up to t.
func (s *splitter) advance(t int64, cause int32) {
	before := s.ctx.cause
	s.ctx.cause = cause
	for {
		d := Never
		for _, op := range s.above {
			d = min(d, op.Deadline())
		}
		if d > t {
			break
		}
		s.next.Bound(d)
	}
	s.ctx.cause = before
}

// limit is the next deadline that there is, or that a row with ROWTIME t may set.
func (s *splitter) limit(t int64) int64 {
	limit := Never
	for _, op := range s.above {
		limit = min(limit, op.Deadline(), op.Horizon(t))
	}
	return limit
}

func (s *splitter) Bound(int64) {}
