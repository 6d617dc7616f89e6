package exec

import (
	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/types"
)

// cursor follows, in each partition, the row that stands k rows behind the first one, or before the last one. Rows with NULL
// may be left out of the count. It only moves forward, so that it passes each row once.
type cursor struct {
	slide     *slide
	arg       *slideArg
	k         uint32
	last      bool
	skipNulls bool
	// counts are the rows that count, at the slot; none when there are too few.
	counts, at []uint32
}

func (c *cursor) grow(partitions, _ int) {
	c.counts, c.at = extend(c.counts, partitions), growNone(c.at, partitions)
}

func (c *cursor) reset() { c.counts, c.at = nil, nil }

func (c *cursor) skips(slot uint32) bool { return c.skipNulls && c.arg.cells.null[slot] }

func (c *cursor) enter(p, slot uint32, _ int32) {
	if c.skips(slot) {
		return
	}
	c.counts[p]++
	switch {
	case !c.last:
		if c.counts[p] == c.k+1 {
			c.at[p] = slot
		}
	case c.counts[p] == c.k+1:
		c.at[p] = c.counted(c.slide.head[p])
	case c.counts[p] > c.k+1:
		c.at[p] = c.counted(c.slide.next[c.at[p]])
	}
}

// counted returns the first row that counts, from slot on.
func (c *cursor) counted(slot uint32) uint32 {
	for c.skips(slot) {
		slot = c.slide.next[slot]
	}
	return slot
}

func (c *cursor) leave(p, slot uint32) {
	if c.skips(slot) {
		return
	}
	c.counts[p]--
	switch {
	case c.at[p] == none:
	case c.counts[p] == c.k:
		// There was one row more than k, and now there are too few.
		c.at[p] = none
	case !c.last:
		c.at[p] = c.counted(c.slide.next[c.at[p]])
	}
}

// nth is FIRST_VALUE, LAST_VALUE, NTH_VALUE and LAG by no row.
type nth struct {
	cursor
	out *types.Vector
}

func (n *nth) put(p uint32, i int32) {
	if n.out.Null[i] = n.at[p] == none; !n.out.Null[i] {
		n.arg.cells.put(n.at[p], n.out, i, &n.slide.ctx.eval)
	}
}

// lag is LAG. It is asked before the row enters, when the row n before it stands n - 1 before the last one.
type lag struct {
	cursor
	// standIn is the default, or nil.
	standIn *slideArg
	out     *types.Vector
}

func (s *slide) newLag(a bind.Aggregate, arg *slideArg, out *types.Vector) *lag {
	l := &lag{cursor: cursor{slide: s, arg: arg, k: uint32(a.N - 1), last: true, skipNulls: a.IgnoreNulls}, out: out}
	if a.Default != nil {
		l.standIn = &slideArg{eval: compile(a.Default)}
		s.defaults = append(s.defaults, l.standIn)
	}
	return l
}

func (l *lag) put(p uint32, i int32) {
	switch {
	case l.at[p] != none:
		l.arg.cells.put(l.at[p], l.out, i, &l.slide.ctx.eval)
	case l.standIn != nil:
		l.slide.ctx.one[0] = i
		copyRows(l.out, l.standIn.values, l.slide.ctx.one[:])
	default:
		l.out.Null[i] = true
	}
}
