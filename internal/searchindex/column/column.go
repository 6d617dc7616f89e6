// Package column keeps the values of one field for the documents of one segment, side by side, so that queries and
// aggregations walk over plain slices.
package column

import (
	"math/bits"
	"slices"

	"github.com/millrace/millrace/internal/searchindex/mapping"
)

// SegmentSize is the number of documents of a segment.
const SegmentSize = 4096

// Bitmap marks documents of a segment.
type Bitmap [SegmentSize / 64]uint64

func (b *Bitmap) Set(doc int)      { b[doc>>6] |= 1 << (doc & 63) }
func (b *Bitmap) Clear(doc int)    { b[doc>>6] &^= 1 << (doc & 63) }
func (b *Bitmap) Has(doc int) bool { return b[doc>>6]&(1<<(doc&63)) != 0 }

// And keeps what is marked in both.
func (b *Bitmap) And(other *Bitmap) {
	for i := range b {
		b[i] &= other[i]
	}
}

// Or adds what the other marks.
func (b *Bitmap) Or(other *Bitmap) {
	for i := range b {
		b[i] |= other[i]
	}
}

// AndNot removes what the other marks.
func (b *Bitmap) AndNot(other *Bitmap) {
	for i := range b {
		b[i] &^= other[i]
	}
}

// Count returns how many documents are marked.
func (b *Bitmap) Count() int {
	n := 0
	for _, word := range b {
		n += bits.OnesCount64(word)
	}
	return n
}

// AppendDocs lists the marked documents in order.
func (b *Bitmap) AppendDocs(docs []int32) []int32 {
	for i, word := range b {
		for word != 0 {
			docs = append(docs, int32(i<<6+bits.TrailingZeros64(word)))
			word &= word - 1
		}
	}
	return docs
}

// Column holds values by document. A document has none, one, or several: the first lies in Ints, Floats or Codes at its
// place, further ones in the map of the same class. Strings are kept once, in Dict, in the order they first came.
type Column struct {
	Class mapping.Class
	Has   Bitmap

	Ints   []int64
	Floats []float64
	Codes  []uint32
	Dict   []string

	MoreInts   map[int32][]int64
	MoreFloats map[int32][]float64
	MoreCodes  map[int32][]uint32

	codeOf map[string]uint32 // of Dict; built when a value is added
}

// New returns an empty column.
func New(class mapping.Class) *Column { return &Column{Class: class} }

// Add gives the document one more value. The text of a cell is copied.
func (c *Column) Add(doc int, cell *mapping.Cell) {
	switch c.Class {
	case mapping.Ints:
		add(&c.Has, &c.Ints, &c.MoreInts, doc, cell.Int)
	case mapping.Floats:
		add(&c.Has, &c.Floats, &c.MoreFloats, doc, cell.Float)
	default:
		code := c.code(cell.Text)
		if c.Has.Has(doc) && (c.Codes[doc] == code || slices.Contains(c.MoreCodes[int32(doc)], code)) {
			return
		}
		add(&c.Has, &c.Codes, &c.MoreCodes, doc, code)
	}
}

func add[T any](has *Bitmap, values *[]T, more *map[int32][]T, doc int, v T) {
	if has.Has(doc) {
		if *more == nil {
			*more = map[int32][]T{}
		}
		(*more)[int32(doc)] = append((*more)[int32(doc)], v)
		return
	}
	if doc >= len(*values) {
		*values = append(*values, make([]T, doc+1-len(*values))...)
	}
	(*values)[doc] = v
	has.Set(doc)
}

func (c *Column) code(text string) uint32 {
	if c.codeOf == nil {
		c.codeOf = make(map[string]uint32, len(c.Dict))
		for i, s := range c.Dict {
			c.codeOf[s] = uint32(i)
		}
	}
	if code, ok := c.codeOf[text]; ok {
		return code
	}
	text = string([]byte(text))
	code := uint32(len(c.Dict))
	c.Dict = append(c.Dict, text)
	c.codeOf[text] = code
	return code
}

// Remove takes all values from the document. Strings that nobody has any more stay in Dict.
func (c *Column) Remove(doc int) {
	c.Has.Clear(doc)
	delete(c.MoreInts, int32(doc))
	delete(c.MoreFloats, int32(doc))
	delete(c.MoreCodes, int32(doc))
}
