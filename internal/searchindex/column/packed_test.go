package column

import (
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace/millrace/internal/searchindex/mapping"
)

// A packed column unpacks to the same values, whatever they are, into a column that held others.
func TestPacked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := New(mapping.Class(rapid.IntRange(0, 2).Draw(t, "class")))
		base, step := rapid.Int64().Draw(t, "base"), rapid.SampledFrom([]int64{1, 1000, 7, math.MaxInt64, 0}).Draw(t, "step")
		spread := rapid.SampledFrom([]int64{1, 200, 60_000, 1 << 20, 1 << 40}).Draw(t, "spread")
		floats := rapid.SampledFrom([]float64{0.5, 0.1, math.Inf(1), -0.0}).Draw(t, "float")
		for doc := range rapid.IntRange(0, 300).Draw(t, "docs") {
			for range rapid.IntRange(0, 2).Draw(t, "values") {
				n := rapid.Int64Range(0, spread).Draw(t, "n")
				c.Add(doc, &mapping.Cell{Int: base + n*step, Float: floats * float64(n), Text: rapid.StringN(0, 2, -1).Draw(t, "text")})
			}
		}
		other := &Column{Ints: []int64{1, 2, 3}, Floats: []float64{1}, Codes: []uint32{1, 2, 3}}
		c.Pack().Unpack(other)
		for doc := range SegmentSize {
			if c.Has.Has(doc) != other.Has.Has(doc) {
				t.Fatalf("document %d: has %v", doc, other.Has.Has(doc))
			}
			if c.Has.Has(doc) && !reflect.DeepEqual(valuesOf(c, doc), valuesOf(other, doc)) {
				t.Fatalf("document %d: %v, wanted %v", doc, valuesOf(other, doc), valuesOf(c, doc))
			}
		}
	})
}

func valuesOf(c *Column, doc int) []any {
	switch c.Class {
	case mapping.Ints:
		return []any{c.Ints[doc], c.MoreInts[int32(doc)]}
	case mapping.Floats:
		return []any{math.Float64bits(c.Floats[doc]), c.MoreFloats[int32(doc)]}
	}
	return []any{c.Dict[c.Codes[doc]], c.MoreCodes[int32(doc)]}
}
