package column

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace/millrace/internal/searchindex/mapping"
)

// What is encoded decodes to itself, and what is damaged is an error.
func TestEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := New(rapid.SampledFrom([]mapping.Class{mapping.Ints, mapping.Floats, mapping.Strings}).Draw(t, "class"))
		for range rapid.IntRange(0, 60).Draw(t, "values") {
			c.Add(rapid.IntRange(0, SegmentSize-1).Draw(t, "doc"), &mapping.Cell{
				Int: rapid.Int64().Draw(t, "int"), Float: rapid.Float64Range(-1e9, 1e9).Draw(t, "float"), Text: rapid.String().Draw(t, "text")})
		}
		for range rapid.IntRange(0, 5).Draw(t, "removed") {
			c.Remove(rapid.IntRange(0, SegmentSize-1).Draw(t, "doc"))
		}
		data := c.Encode()
		back, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, column := range []*Column{c, back} {
			column.codeOf = nil // which only adding values needs
			for _, doc := range []any{&column.MoreInts, &column.MoreFloats, &column.MoreCodes} {
				if m := reflect.ValueOf(doc).Elem(); m.Len() == 0 {
					m.SetZero()
				}
			}
			if len(column.Ints)+len(column.Floats)+len(column.Codes)+len(column.Dict) == 0 {
				column.Ints, column.Floats, column.Codes, column.Dict = nil, nil, nil, nil
			}
		}
		if !reflect.DeepEqual(c, back) {
			t.Fatalf("%+v came back as %+v", c, back)
		}
		if len(data) > 5 {
			data[rapid.IntRange(1, len(data)-1).Draw(t, "damage")] ^= 0x10
			if _, err := Decode(data); err == nil {
				t.Fatal("damage was not seen")
			}
		}
	})
}

// A payload with a right checksum but wrong content is refused, or is a column that can be walked.
func FuzzDecode(f *testing.F) {
	c := New(mapping.Strings)
	c.Add(3, &mapping.Cell{Text: "a"})
	c.Add(3, &mapping.Cell{Text: "b"})
	payload, err := open(c.Encode())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(payload)
	f.Fuzz(func(t *testing.T, payload []byte) {
		c, err := Decode(seal(payload))
		if err != nil {
			return
		}
		for _, doc := range c.Has.AppendDocs(nil) {
			switch c.Class {
			case mapping.Ints:
				_ = c.Ints[doc]
			case mapping.Floats:
				_ = c.Floats[doc]
			default:
				_ = c.Dict[c.Codes[doc]]
			}
		}
	})
}
