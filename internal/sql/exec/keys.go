package exec

import (
	"encoding/binary"
	"math"

	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

// groupKeys numbers the distinct keys of a window by their first arrival.
type groupKeys interface {
	// lookup sets ids, beside sel, to the groups of the rows; new keys become new groups, or noGroup when there are as many
	// as may be. It reports whether there is a noGroup.
	lookup(cols []*types.Vector, sel []int32, ids []uint32) (full bool)
	groups() int
	// columns writes the keys of the groups from lo to hi into out, one vector a key.
	columns(lo, hi int, out []*types.Vector, e *function.Eval)
	reset()
	snapshot(dst []byte) []byte
	restore(d *decoder)
}

// noGroup is the group of a row whose key is one too many.
const noGroup = math.MaxUint32

// newGroupKeys returns keys of some kinds, of which there may be limit; 0 is no limit.
func newGroupKeys(kinds []types.Kind, limit int) groupKeys {
	if limit == 0 {
		limit = noGroup
	}
	if len(kinds) == 1 && kinds[0].Physical() == types.IntValues {
		k := newIntKeys()
		k.limit = limit
		return k
	}
	t := newTable()
	t.limit = limit
	switch {
	case len(kinds) == 0:
		return &oneKey{}
	case len(kinds) == 1 && kinds[0].Physical() == types.StrValues:
		return &textKeys{t}
	}
	return &tupleKeys{table: t, kinds: kinds}
}

// oneKey is the single group of a query that groups by its window alone.
type oneKey struct{ n int }

func (k *oneKey) lookup(_ []*types.Vector, sel []int32, ids []uint32) bool {
	k.n = 1
	clear(ids[:len(sel)])
	return false
}

func (k *oneKey) groups() int                                           { return k.n }
func (k *oneKey) columns(_, _ int, _ []*types.Vector, _ *function.Eval) {}
func (k *oneKey) reset()                                                { k.n = 0 }
func (k *oneKey) snapshot(dst []byte) []byte                            { return binary.AppendUvarint(dst, uint64(k.n)) }
func (k *oneKey) restore(d *decoder) {
	if k.n = d.count(0); k.n > 1 {
		d.fail("a single group is there more than once")
	}
}

// textKeys are keys of one text column.
type textKeys struct{ table *table }

func (k *textKeys) lookup(cols []*types.Vector, sel []int32, ids []uint32) bool {
	v := cols[0]
	if len(v.Null) == 0 {
		k.table.lookupAll(v.Str, sel, ids)
		return k.table.wasFull()
	}
	for n, i := range sel {
		if v.Null[i] {
			ids[n] = k.table.null()
		} else {
			ids[n] = k.table.lookup(v.Str[i])
		}
	}
	return k.table.wasFull()
}

func (k *textKeys) groups() int { return k.table.len() }

func (k *textKeys) columns(lo, hi int, out []*types.Vector, e *function.Eval) {
	v := out[0]
	prepare(v, hi-lo)
	if null := k.table.hidden; null >= lo && null < hi {
		v.Null = grow(v.Null, hi-lo)
		clear(v.Null)
		v.Null[null-lo] = true
	}
	for g := lo; g < hi; g++ {
		v.Str[g-lo] = e.Copy(k.table.key(g))
	}
}

func (k *textKeys) reset()                     { k.table.reset() }
func (k *textKeys) snapshot(dst []byte) []byte { return k.table.snapshot(dst) }
func (k *textKeys) restore(d *decoder)         { k.table.restore(d) }

// tupleKeys are keys of several columns, or of a kind that has no table of its own, encoded as bytes: for each column a
// mark, 0 for NULL, and the value.
type tupleKeys struct {
	table *table
	kinds []types.Kind
	buf   []byte
}

func (k *tupleKeys) lookup(cols []*types.Vector, sel []int32, ids []uint32) bool {
	for n, i := range sel {
		k.buf = appendKey(k.buf[:0], cols, int(i))
		ids[n] = k.table.lookup(view(k.buf))
	}
	return k.table.wasFull()
}

// appendKey appends the values of a row, encoded so that rows are equal exactly when their bytes are.
func appendKey(buf []byte, cols []*types.Vector, row int) []byte {
	for _, v := range cols {
		if v.IsNull(row) {
			buf = append(buf, 0)
			continue
		}
		buf = append(buf, 1)
		switch v.Kind.Physical() {
		case types.IntValues:
			buf = binary.LittleEndian.AppendUint64(buf, uint64(v.Int[row]))
		case types.FloatValues:
			// Adding zero makes the negative zero the positive one, for they are equal.
			buf = binary.LittleEndian.AppendUint64(buf, math.Float64bits(v.Float[row]+0))
		case types.StrValues:
			buf = binary.AppendUvarint(buf, uint64(len(v.Str[row])))
			buf = append(buf, v.Str[row]...)
		}
	}
	return buf
}

func (k *tupleKeys) groups() int { return k.table.len() }

func (k *tupleKeys) columns(lo, hi int, out []*types.Vector, e *function.Eval) {
	n := hi - lo
	for _, v := range out {
		prepare(v, n)
		v.Null = grow(v.Null, n)
	}
	for g := range n {
		putKey(k.table.key(lo+g), out, g, e)
	}
}

// putKey writes a key of appendKey as row i of some columns, which have room and marks of NULL.
func putKey(key string, out []*types.Vector, i int, e *function.Eval) {
	for _, v := range out {
		v.Null[i] = key[0] == 0
		key = key[1:]
		if v.Null[i] {
			continue
		}
		switch v.Kind.Physical() {
		case types.IntValues:
			v.Int[i] = int64(binary.LittleEndian.Uint64([]byte(key[:8])))
			key = key[8:]
		case types.FloatValues:
			v.Float[i] = math.Float64frombits(binary.LittleEndian.Uint64([]byte(key[:8])))
			key = key[8:]
		case types.StrValues:
			size, width := uvarint(key)
			key = key[width:]
			v.Str[i] = e.Copy(key[:size])
			key = key[size:]
		}
	}
}

// uvarint is binary.Uvarint for a string.
func uvarint(s string) (n, width int) {
	shift := 0
	for {
		b := s[width]
		width++
		n |= int(b&0x7f) << shift
		if b < 0x80 {
			return n, width
		}
		shift += 7
	}
}

func (k *tupleKeys) reset()                     { k.table.reset() }
func (k *tupleKeys) snapshot(dst []byte) []byte { return k.table.snapshot(dst) }

func (k *tupleKeys) restore(d *decoder) {
	k.table.restore(d)
	for g := 0; g < k.table.len() && d.err == nil; g++ {
		if !validKey([]byte(k.table.key(g)), k.kinds) {
			d.fail("a key is cut")
		}
	}
}
