package exec

import (
	"encoding/binary"

	"github.com/millrace/millrace/internal/sql/types"
)

// rowStore keeps rows in the order of their arrival until they are dropped from its old end. A row has a number that it keeps:
//
//	first        next
//	  ▼            ▼
//	  5  6  7  8 …       columns, ROWTIME, key
//
// Nothing in it is a pointer to a row: texts lie one behind the other in an arena of their column.
type rowStore struct {
	cols  []storedColumn
	times []int64
	first int64
	// dropped rows still lie at the front of the slices until they are half of them.
	dropped int
}

// storedColumn is a column of the rows; one that nobody wants stays empty.
type storedColumn struct {
	kind   types.Kind
	wanted bool
	ints   []int64
	floats []float64
	texts  arena
	null   []bool
}

// arena is texts one behind the other; ends has where each one ends.
type arena struct {
	bytes []byte
	ends  []int
}

func (a *arena) append(s string) {
	a.bytes = append(a.bytes, s...)
	a.ends = append(a.ends, len(a.bytes))
}

// appendKey appends the encoded values of a row.
func (a *arena) appendKey(cols []*types.Vector, row int) {
	a.bytes = appendKey(a.bytes, cols, row)
	a.ends = append(a.ends, len(a.bytes))
}

// at returns text i. It stays as it is, even when more are appended or old ones are dropped.
func (a *arena) at(i int) string {
	start := 0
	if i > 0 {
		start = a.ends[i-1]
	}
	return view(a.bytes[start:a.ends[i]])
}

// drop forgets the first n texts. What is left moves to memory of its own, so that texts given out stay.
func (a *arena) drop(n int) {
	if n == 0 {
		return
	}
	from := a.ends[n-1]
	a.bytes = append(make([]byte, 0, max(len(a.bytes)-from, cap(a.bytes)/2)), a.bytes[from:]...)
	a.ends = shiftDown(a.ends, n)
	for i := range a.ends {
		a.ends[i] -= from
	}
}

func shiftDown[T any](s []T, n int) []T { return s[:copy(s, s[n:])] }

func newRowStore(cols []types.Column, wanted []bool) rowStore {
	s := rowStore{cols: make([]storedColumn, len(cols))}
	for i, c := range cols {
		s.cols[i] = storedColumn{kind: c.Type.Kind, wanted: wanted[i]}
	}
	return s
}

func (s *rowStore) len() int    { return len(s.times) - s.dropped }
func (s *rowStore) next() int64 { return s.first + int64(s.len()) }

// at is where row n lies in the slices.
func (s *rowStore) at(n int64) int     { return s.dropped + int(n-s.first) }
func (s *rowStore) time(n int64) int64 { return s.times[s.at(n)] }
func (s *rowStore) holds(n int64) bool { return n >= s.first && n < s.next() }

// append stores row i of some columns and returns its number.
func (s *rowStore) append(cols []*types.Vector, i int, time int64) int64 {
	for k := range s.cols {
		if c := &s.cols[k]; c.wanted {
			c.append(cols[k], i)
		}
	}
	s.times = append(s.times, time)
	return s.next() - 1
}

func (c *storedColumn) append(v *types.Vector, i int) {
	null := v.IsNull(i)
	c.null = append(c.null, null)
	switch c.kind.Physical() {
	case types.IntValues:
		n := int64(0)
		if !null {
			n = v.Int[i]
		}
		c.ints = append(c.ints, n)
	case types.FloatValues:
		f := 0.0
		if !null {
			f = v.Float[i]
		}
		c.floats = append(c.floats, f)
	case types.StrValues:
		t := ""
		if !null {
			t = v.Str[i]
		}
		c.texts.append(t)
	}
}

// get sets value at of a vector, which has room and marks of NULL, to the column's value of the row at index i.
func (c *storedColumn) get(i int, v *types.Vector, at int) {
	if v.Null[at] = c.null[i]; c.null[i] {
		return
	}
	switch c.kind.Physical() {
	case types.IntValues:
		v.Int[at] = c.ints[i]
	case types.FloatValues:
		v.Float[at] = c.floats[i]
	case types.StrValues:
		v.Str[at] = c.texts.at(i)
	}
}

// dropFirst forgets the oldest row.
func (s *rowStore) dropFirst() {
	s.first++
	s.dropped++
	if s.dropped >= 64 && 2*s.dropped >= len(s.times) {
		s.compact()
	}
}

func (s *rowStore) compact() {
	n := s.dropped
	for k := range s.cols {
		c := &s.cols[k]
		if !c.wanted {
			continue
		}
		c.null = shiftDown(c.null, n)
		switch c.kind.Physical() {
		case types.IntValues:
			c.ints = shiftDown(c.ints, n)
		case types.FloatValues:
			c.floats = shiftDown(c.floats, n)
		case types.StrValues:
			c.texts.drop(n)
		}
	}
	s.times, s.dropped = shiftDown(s.times, n), 0
}

// snapshot appends the rows: how many, their ROWTIMEs and then each wanted column. Numbers begin anew when they are restored.
func (s *rowStore) snapshot(dst []byte) []byte {
	from := s.dropped
	dst = appendInts(dst, s.times[from:])
	for k := range s.cols {
		c := &s.cols[k]
		if !c.wanted {
			continue
		}
		for _, null := range c.null[from:] {
			dst = append(dst, byte(bit(null)))
		}
		switch c.kind.Physical() {
		case types.IntValues:
			dst = appendInts(dst, c.ints[from:])
		case types.FloatValues:
			dst = appendFloats(dst, c.floats[from:])
		case types.StrValues:
			dst = c.texts.snapshot(dst, from)
		}
	}
	return dst
}

func (a *arena) snapshot(dst []byte, from int) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(a.ends)-from))
	for i := from; i < len(a.ends); i++ {
		text := a.at(i)
		dst = binary.AppendUvarint(dst, uint64(len(text)))
		dst = append(dst, text...)
	}
	return dst
}

func (a *arena) restore(d *decoder) {
	a.bytes, a.ends = nil, nil
	for range d.count(1) {
		a.append(view(d.bytes()))
	}
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s *rowStore) restore(d *decoder) {
	s.first, s.dropped, s.times = 0, 0, d.ints(nil)
	for k := range s.cols {
		c := &s.cols[k]
		if !c.wanted {
			continue
		}
		c.null = d.marks(len(s.times))
		n := 0
		switch c.kind.Physical() {
		case types.IntValues:
			c.ints = d.ints(nil)
			n = len(c.ints)
		case types.FloatValues:
			c.floats = d.floats(nil)
			n = len(c.floats)
		case types.StrValues:
			c.texts.restore(d)
			n = len(c.texts.ends)
		}
		if d.err == nil && n != len(s.times) {
			d.fail("a column has another number of values than its store has rows")
		}
	}
}

// marks reads n bytes that are 0 or 1.
func (d *decoder) marks(n int) []bool {
	if n > len(d.src) {
		d.fail("snapshot ends early")
		return nil
	}
	marks := make([]bool, n)
	for i := range marks {
		marks[i] = d.src[i] != 0
	}
	d.src = d.src[n:]
	return marks
}
