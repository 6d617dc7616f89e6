package exec

import (
	"cmp"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/types"
)

// movers are monotonic terms that do not follow from ROWTIME, such as MONOTONIC(event). Their windows end when a row brings a
// further value; no bound ends them. A row that brings an earlier value, or NULL, is late.
type movers struct {
	labels []string
	down   []bool
	// now are the values of the current window; set tells that there is one.
	now []cells
	set bool
	// breaks are the places in the rows of the last split at which a window begins.
	breaks []int
}

func (m *movers) add(label string, kind types.Kind, motion bind.Motion) {
	m.labels, m.down = append(m.labels, label), append(m.down, motion == bind.Descending)
	c := cells{kind: kind}
	c.grow(1)
	m.now = append(m.now, c)
}

// split takes rows, in their order, and sets breaks. Late rows fail and are missing in what it returns, which is in buf.
func (m *movers) split(ctx *context, at *place, b *Batch, values []*types.Vector, sel, buf []int32) []int32 {
	m.breaks = m.breaks[:0]
	good := buf[:0]
	for _, i := range sel {
		moved, late := m.compare(values, int(i))
		if late >= 0 {
			m.refuse(ctx, late, values[late], i)
			continue
		}
		if moved || !m.set {
			m.breaks = append(m.breaks, len(good))
			m.set = true
			for k := range m.now {
				m.now[k].set(0, values[k], int(i))
			}
		}
		good = append(good, i)
	}
	ctx.settle(at, b, nil, nil)
	return good
}

// compare tells whether row i has other values than the current window, and which of them is late, or -1.
func (m *movers) compare(values []*types.Vector, i int) (moved bool, late int) {
	late = -1
	for k, v := range values {
		if v.IsNull(i) {
			return false, k
		}
		if !m.set {
			continue
		}
		order := m.now[k].compareTo(v, i)
		if m.down[k] {
			order = -order
		}
		if order > 0 && dialect.LateMonotonicIsError {
			return false, k
		}
		moved = moved || order != 0
	}
	return moved, late
}

// refuse makes a late row an error row.
func (m *movers) refuse(ctx *context, k int, v *types.Vector, row int32) {
	if v.IsNull(int(row)) {
		ctx.eval.Fail(row, dialect.ErrLate, "%s is NULL and belongs to no window", m.labels[k])
		return
	}
	ctx.eval.Fail(row, dialect.ErrLate, "%s is behind that of an earlier row, whose window has begun", m.labels[k])
}

// compareTo orders value 0 and row i of a vector; neither is NULL.
func (c *cells) compareTo(v *types.Vector, i int) int {
	switch c.kind.Physical() {
	case types.FloatValues:
		return cmp.Compare(c.floats[0], v.Float[i])
	case types.StrValues:
		return cmp.Compare(c.text(0), v.Str[i])
	}
	return cmp.Compare(c.ints[0], v.Int[i])
}

func (m *movers) snapshot(dst []byte) []byte {
	if len(m.now) == 0 {
		return dst
	}
	if !m.set {
		return append(dst, 0)
	}
	dst = append(dst, 1)
	for k := range m.now {
		dst = m.now[k].appendValue(dst, 0)
	}
	return dst
}

func (m *movers) restore(d *decoder) {
	if len(m.now) == 0 {
		return
	}
	if m.set = d.uvarint() == 1; !m.set {
		return
	}
	for k := range m.now {
		m.now[k].clear(0)
		m.now[k].readValue(d, 0)
	}
}
