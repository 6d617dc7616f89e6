package exec

import (
	"encoding/binary"
	"fmt"

	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/types"
)

// shared reports whether several pumps bring rows with a ROWTIME of their own, so that one may be behind another's.
func (s *stream) shared() bool { return s.promoted && len(s.writers) > 1 }

// inTime leaves out the rows of a shared stream that are behind an earlier one. They become error rows.
func (e *Engine) inTime(s *stream, out *outbox) *outbox {
	if out == nil {
		return nil
	}
	b := Batch{Batch: *out.rows, Origin: out.origin}
	var good []int32
	for i := range b.N {
		if t := b.Rowtime[i]; t >= s.mark {
			s.mark = t
			good = append(good, int32(i))
			continue
		}
		at := place{pump: "null", number: s.writers[0], cols: s.cols}
		e.ctx.drop(&at, &b, int32(i), b.Rowtime[i], dialect.ErrLate,
			fmt.Sprintf("the row is behind ROWTIME %s of %s", types.AppendTimestamp(nil, s.mark), s.name))
	}
	if len(good) == b.N {
		return out
	}
	s.inOrder.reset()
	s.inOrder.append(b.Cols, &b, good)
	if len(good) == 0 {
		return nil
	}
	return &s.inOrder
}

// snapshot appends how far the stream has come, where that is more than its pumps tell.
func (s *stream) snapshot(dst []byte) []byte {
	if !s.shared() {
		return dst
	}
	return binary.AppendVarint(dst, s.mark)
}

func (s *stream) restore(d *decoder) {
	if s.shared() {
		s.mark = d.varint()
	}
}
