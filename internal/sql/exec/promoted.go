package exec

import (
	"encoding/binary"
	"fmt"

	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/types"
)

// shared reports whether several pumps bring rows with a ROWTIME of their own, so that one may be behind another's.
func (s *stream) shared() bool { return s.promoted && len(s.writers) > 1 }

// mergeByCause orders the rows of a shared stream by what caused them and then by their pump, for times of their own order
// nothing between rounds. Those behind an earlier one become error rows.
func (e *Engine) mergeByCause(s *stream) *outbox {
	s.merged.reset()
	clear(s.heads)
	for {
		best, least := -1, int32(0)
		for i, w := range s.writers {
			out := &e.pumps[w].insert.out
			if at := s.heads[i]; at < out.rows.N && (best < 0 || out.origin[at] < least) {
				best, least = i, out.origin[at]
			}
		}
		if best < 0 {
			break
		}
		from := e.pumps[s.writers[best]].insert
		lo := s.heads[best]
		hi := lo + 1
		for hi < from.out.rows.N && from.out.origin[hi] == least {
			hi++
		}
		s.heads[best] = hi
		e.takeInTime(s, from, lo, hi)
	}
	if s.merged.rows.N == 0 {
		return nil
	}
	return &s.merged
}

// takeInTime takes the rows from lo to hi of a pump that are not late.
func (e *Engine) takeInTime(s *stream, from *insert, lo, hi int) {
	b := Batch{Batch: *from.out.rows, Origin: from.out.origin}
	at := place{from.at.pump, from.at.number, from.target}
	s.good = s.good[:0]
	for i := lo; i < hi; i++ {
		if t := b.Rowtime[i]; t < s.mark {
			e.ctx.drop(&at, &b, int32(i), t, dialect.ErrLate, fmt.Sprintf("the row is behind ROWTIME %s of %s", types.AppendTimestamp(nil, s.mark), s.name))
			continue
		}
		s.mark = b.Rowtime[i]
		s.good = append(s.good, int32(i))
	}
	s.merged.append(b.Cols, &b, s.good)
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
