package conversion

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"github.com/millrace/millrace/internal/record"
)

// drawType draws types as deep as they may go.
func drawType(t *rapid.T, depth int) Type {
	kinds := []Kind{Int, BigInt, String, Boolean, Double}
	if depth < 4 {
		kinds = append(kinds, Array, Array, Map, Struct, Struct)
	}
	k := Type{Kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
	switch k.Kind {
	case Array, Map:
		e := drawType(t, depth+1)
		k.Element = &e
		if k.Kind == Map {
			k.Key = &Type{Kind: String}
		}
	case Struct:
		k.Fields = drawColumns(t, depth+1)
	}
	return k
}

func drawColumns(t *rapid.T, depth int) (columns []Column) {
	for i := range rapid.IntRange(1, 3).Draw(t, "fields") {
		columns = append(columns, Column{fmt.Sprintf("%c%d", 'z'-i, depth), drawType(t, depth)})
	}
	return columns
}

// drawValue draws a value and returns its JSON and what should be read back,
// as fmt writes it.
func drawValue(t *rapid.T, k Type) (text, want string) {
	if rapid.IntRange(0, 5).Draw(t, "null") == 0 {
		return "null", "<nil>"
	}
	switch k.Kind {
	case Array:
		var texts, wants []string
		for range rapid.IntRange(0, 3).Draw(t, "length") {
			text, want := drawValue(t, *k.Element)
			texts, wants = append(texts, text), append(wants, want)
		}
		return "[" + strings.Join(texts, ",") + "]", "[" + strings.Join(wants, " ") + "]"
	case Map:
		var texts, wants []string
		for i := range rapid.IntRange(0, 3).Draw(t, "length") {
			text, want := drawValue(t, *k.Element)
			texts, wants = append(texts, fmt.Sprintf("%q:%s", string(rune('a'+i)), text)), append(wants, fmt.Sprintf("%c:%s", 'a'+i, want))
		}
		return "{" + strings.Join(texts, " , ") + "}", "map[" + strings.Join(wants, " ") + "]"
	case Struct:
		return drawObject(t, k.Fields)
	case Int:
		n := rapid.Int32().Draw(t, "int")
		return fmt.Sprint(n), fmt.Sprint(n)
	case BigInt:
		n := rapid.Int64().Draw(t, "bigint")
		return fmt.Sprint(n), fmt.Sprint(n)
	case Double:
		n := rapid.Float64Range(-1e9, 1e9).Draw(t, "double")
		text, _ := json.Marshal(n)
		return string(text), fmt.Sprint(n)
	case Boolean:
		b := rapid.Bool().Draw(t, "boolean")
		return fmt.Sprint(b), fmt.Sprint(b)
	}
	s := rapid.StringOf(rapid.RuneFrom([]rune("aé😀\"\\\n/ "))).Draw(t, "string")
	quoted, _ := json.Marshal(s)
	return string(quoted), s
}

// drawObject draws the members in any order, and leaves some out.
func drawObject(t *rapid.T, columns []Column) (text, want string) {
	wants := map[string]string{}
	var members []string
	for _, c := range rapid.Permutation(columns).Draw(t, "order") {
		wants[c.Name] = "<nil>"
		if rapid.IntRange(0, 4).Draw(t, "absent") > 0 {
			text, want := drawValue(t, c.Type)
			members, wants[c.Name] = append(members, fmt.Sprintf("%q : %s", strings.ToUpper(c.Name), text)), want
		}
	}
	var sorted []string
	for _, name := range slices.Sorted(maps.Keys(wants)) {
		sorted = append(sorted, name+":"+wants[name])
	}
	return "{" + strings.Join(members, ",") + "}", "map[" + strings.Join(sorted, " ") + "]"
}

// Whatever the schema, what is written is read back, lists in lists and all.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		schema := Schema{drawColumns(t, 0)}
		for _, c := range schema.Columns {
			if again, err := ParseType(c.Type.String()); err != nil || again.String() != c.Type.String() {
				t.Fatal(c.Type, again, err)
			}
		}
		f, err := New(Config{Parquet: Parquet{Dictionary: rapid.Bool().Draw(t, "dictionary"), WriterVersion: rapid.SampledFrom([]string{"V1", "V2"}).Draw(t, "version")}}, schema)
		if err != nil {
			t.Fatal(err)
		}
		var records []record.Record
		var wants []string
		for range rapid.IntRange(1, 8).Draw(t, "records") {
			text, want := drawObject(t, schema.Columns)
			if rapid.IntRange(0, 3).Draw(t, "bad") == 0 {
				records = append(records, record.Record{Data: []byte(strings.TrimSuffix(text, "}") + `,"x":}`)})
				continue
			}
			records, wants = append(records, record.Record{Data: []byte(text)}), append(wants, want)
		}
		body, refused, err := f.Encode(records)
		if err != nil || len(refused) != len(records)-len(wants) || (body == nil) != (len(wants) == 0) {
			t.Fatal(len(body), refused, err)
		}
		if body == nil {
			return
		}
		rows, err := parquet.Read[any](bytes.NewReader(body), int64(len(body)))
		if err != nil || len(rows) != len(wants) {
			t.Fatal(len(rows), err)
		}
		for i := range rows {
			if got := fmt.Sprint(plainValue(rows[i])); got != wants[i] {
				t.Fatalf("%s\n got %s\nwant %s", records[i].Data, got, wants[i])
			}
		}
	})
}

// FuzzRecord holds the reader against the standard library's: a record whose
// objects are JSON is no ParseError, and one that is not is refused.
func FuzzRecord(f *testing.F) {
	for _, seed := range []string{`{"host":"a","response":"200"}`, `{"a":[1,{"b":-0.1e+3}]}{}`, `{"host":"\ud83d\ude00\n"}`, `{"x":nul}`, "{\"\xff\":1}", `[1]`, ` `} {
		f.Add([]byte(seed))
	}
	format, err := New(Config{OpenX: &OpenX{}}, hits(f))
	if err != nil {
		f.Fatal(err)
	}
	s := newShredder(format.rules, format.columns)
	f.Fuzz(func(t *testing.T, data []byte) {
		s.clear()
		refused := s.add(data)
		valid, objects := 0, 0
		d := json.NewDecoder(bytes.NewReader(data))
		for {
			var raw json.RawMessage
			err := d.Decode(&raw)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				valid = -1
				break
			}
			if valid++; raw[0] == '{' {
				objects++
			}
		}
		switch {
		case refused == nil && (valid <= 0 || objects != valid || s.rows != objects):
			t.Fatalf("%q: %d rows of %d objects", data, s.rows, objects)
		case refused != nil && s.rows != 0:
			t.Fatalf("%q: %d rows of a refused record", data, s.rows)
		case refused != nil && refused.code == parseError && valid > 0 && objects == valid &&
			!strings.Contains(refused.message, "duplicate key") && !strings.Contains(refused.message, "deep"):
			t.Fatalf("%q: %s", data, refused.message)
		}
		for i := range s.leaves {
			if len(s.leaves[i]) != s.rows {
				t.Fatalf("%q: column %d has %d values in %d rows", data, i, len(s.leaves[i]), s.rows)
			}
		}
	})
}
