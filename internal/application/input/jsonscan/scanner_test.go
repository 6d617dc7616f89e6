package jsonscan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestRecords runs testdata/records.txt: wanted paths, then records above the
// line and what is read below it. Each case runs strictly and with learned shapes.
func TestRecords(t *testing.T) {
	file, err := os.ReadFile("testdata/records.txt")
	if err != nil {
		t.Fatal(err)
	}
	cases := strings.Split(string(file), "\n\n")
	for _, c := range cases {
		var comment string
		for strings.HasPrefix(c, "#") {
			var line string
			line, c, _ = strings.Cut(c, "\n")
			comment += line
		}
		head, body, ok := strings.Cut(c, "\n")
		if !ok {
			continue
		}
		input, want, ok := strings.Cut(body, "\n----\n")
		if !ok {
			t.Fatalf("%s: no line of dashes", comment)
		}
		paths := parsePaths(strings.TrimPrefix(head, "want "))
		records := strings.Split(input, "\n")
		for _, learning := range []bool{false, true} {
			var got strings.Builder
			s := New(paths)
			for range 2 { // a second round meets the shapes of the first
				got.Reset()
				for _, r := range records {
					if !learning {
						s = New(paths)
					}
					got.WriteString(scanAll(s, strings.NewReplacer("⏎", "\n", "␀", "").Replace(r), len(paths)))
				}
			}
			if strings.TrimSpace(got.String()) != strings.TrimSpace(want) {
				t.Errorf("%s (learning %v)\ngot\n%s\nwant\n%s", comment, learning, got.String(), want)
			}
		}
	}
}

func parsePaths(s string) (paths []Path) {
	for _, f := range strings.Fields(s) {
		paths = append(paths, strings.Split(f, "."))
	}
	return paths
}

// scanAll prints the rows of a record, a line each, and its error.
func scanAll(s *Scanner, r string, n int) string {
	data := []byte("xx" + r + "}}}}\"\"\"\"")
	start, end := 2, 2+len(r)
	values := make([]Value, n)
	var out strings.Builder
	for at := start; ; {
		next, err := s.Scan(data, at, end, values)
		if err != nil {
			fmt.Fprintf(&out, "error: byte %d: %s\n", err.(*SyntaxError).Offset+at-start, err.(*SyntaxError).Text)
			return out.String()
		}
		for i, v := range values {
			if i > 0 {
				out.WriteString(" | ")
			}
			switch v.Kind {
			case Missing, Null, True, False:
				out.WriteString(v.Kind.String())
			case String:
				fmt.Fprintf(&out, "%q", v.Text)
			default:
				out.WriteString(v.Text)
			}
		}
		out.WriteByte('\n')
		if next == end {
			return out.String()
		}
		at = next
	}
}

// fuzzPaths are the members that the fuzz targets want.
var fuzzPaths = []Path{{"b"}, {"o", "x"}, {"d"}}

// FuzzScan holds two things: a scanner that has learned from other records
// reads a record as one that has not, and what it reads is what encoding/json
// reads.
func FuzzScan(f *testing.F) {
	f.Add(`{"a":1,"b":"x","o":{"x":2,"y":3},"d":null,"e":"tail"}`, `{"a":1,"b":"q\"","o":{"x":2.5,"y":3},"d":[1,{"d":2}],"e":"tail"}`)
	f.Add(`{"b":1,"o":{"x":2},"d":3}`, `{"b":1,"o":{"x":2},"d":3}{"b":4,"o":{"x":5},"d":6}`)
	f.Add(`{"b":1,"o":null}`, `{"b":1,"o":{"x":1}}`)
	f.Add(`{ "b" : true , "d" : -0.5e-3 , "o" : { "x" : "\ud83d\ude00" } }`, `{ "b" : tru , "d" : 01 , "o" : { "x" : "\ud83d" } }`)
	f.Add(`{}`, `{"b":1,"b":2,"d":1,"o":{"x":1}} `)
	f.Fuzz(func(t *testing.T, teacher, record string) {
		learned := New(fuzzPaths)
		scanAll(learned, teacher, len(fuzzPaths))
		scanAll(learned, teacher, len(fuzzPaths))
		strict := scanAll(New(fuzzPaths), record, len(fuzzPaths))
		if got := scanAll(learned, record, len(fuzzPaths)); got != strict {
			t.Fatalf("record %q after %q\nlearned %s\nstrict  %s", record, teacher, got, strict)
		}
		if got := scanAll(learned, record, len(fuzzPaths)); got != strict {
			t.Fatalf("record %q after itself\nlearned %s\nstrict  %s", record, got, strict)
		}
		compareWithEncodingJSON(t, record)
	})
}

func compareWithEncodingJSON(t *testing.T, record string) {
	if !json.Valid([]byte(record)) || strings.ContainsRune(record, '\ufffd') || !strings.HasPrefix(strings.TrimSpace(record), "{") {
		return
	}
	want := map[string]json.RawMessage{}
	if !uniqueNames([]byte(record)) || json.Unmarshal([]byte(record), &want) != nil {
		return
	}
	values := make([]Value, len(fuzzPaths))
	if next, err := New(fuzzPaths).Scan([]byte(record), 0, len(record), values); err != nil || next != len(record) {
		if err != nil && strings.Contains(err.Error(), "nest deeper") {
			return
		}
		t.Fatalf("record %q: next %d, error %v, want %d, none", record, next, err, len(record))
	}
	for i, p := range fuzzPaths {
		members := want
		raw, ok := members[p[0]]
		if len(p) == 2 {
			inner := map[string]json.RawMessage{}
			if !ok || raw[0] != '{' || json.Unmarshal(raw, &inner) != nil {
				raw, ok = nil, false
			} else {
				raw, ok = inner[p[1]]
			}
		}
		if got, want := values[i], valueOf(raw, ok); got != want {
			t.Fatalf("record %q: %v is %v, encoding/json says %v", record, p, got, want)
		}
	}
}

func valueOf(raw json.RawMessage, ok bool) Value {
	if !ok {
		return Value{}
	}
	switch raw[0] {
	case '"':
		var s string
		_ = json.Unmarshal(raw, &s)
		return Value{String, s}
	case '{':
		return Value{Object, string(raw)}
	case '[':
		return Value{Array, string(raw)}
	case 't':
		return Value{True, "true"}
	case 'f':
		return Value{False, "false"}
	case 'n':
		return Value{Null, "null"}
	}
	return Value{Number, string(raw)}
}

// uniqueNames is false when names repeat or bytes are no UTF-8: there the
// package says what counts, and differs.
func uniqueNames(b []byte) bool {
	d := json.NewDecoder(bytes.NewReader(b))
	type level struct {
		names map[string]bool
		name  bool
	}
	var stack []*level
	value := func() {
		if n := len(stack); n > 0 && stack[n-1].names != nil {
			stack[n-1].name = true
		}
	}
	for {
		tok, err := d.Token()
		if err != nil {
			return bytes.Equal(bytes.ToValidUTF8(b, nil), b)
		}
		switch x := tok.(type) {
		case json.Delim:
			switch x {
			case '{':
				stack = append(stack, &level{names: map[string]bool{}, name: true})
			case '[':
				stack = append(stack, &level{})
			default:
				stack = stack[:len(stack)-1]
				value()
			}
			continue
		case string:
			if n := len(stack); n > 0 && stack[n-1].names != nil && stack[n-1].name {
				if stack[n-1].names[x] {
					return false
				}
				stack[n-1].names[x] = true
				stack[n-1].name = false
				continue
			}
		}
		value()
	}
}

func corpus() (data []byte, ends []int) {
	for i := range 512 {
		data = fmt.Appendf(data, `{"host":"10.%d.%d.7","ident":"-","authuser":"-","datetime":"20/Nov/2019:10:%02d:%02d +0000","request":"GET /catalogue/item-%d.html HTTP/1.1","response":"%d","bytes":"%d","referer":"https://shop.example.com/list?page=%d","agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0"}`,
			i%7, i%250, i/60%60, i%60, i%100, 200+i%5, 1000+i*7, i%9)
		data = append(data, '\n')
		ends = append(ends, len(data))
	}
	return data, ends
}

func BenchmarkScan(b *testing.B) {
	data, ends := corpus()
	for _, wanted := range []string{"response", "datetime response", "host request response", "host datetime response bytes agent"} {
		b.Run(strings.ReplaceAll(wanted, " ", "+"), func(b *testing.B) {
			paths := parsePaths(wanted)
			s := New(paths)
			values := make([]Value, len(paths))
			b.SetBytes(int64(len(data) / len(ends)))
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				i := n % len(ends)
				start := 0
				if i > 0 {
					start = ends[i-1]
				}
				if _, err := s.Scan(data, start, ends[i], values); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkEncodingJSON is the plain Go way to the same three columns.
func BenchmarkEncodingJSON(b *testing.B) {
	data, ends := corpus()
	b.SetBytes(int64(len(data) / len(ends)))
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		i := n % len(ends)
		start := 0
		if i > 0 {
			start = ends[i-1]
		}
		var row struct{ Host, Request, Response string }
		if err := json.Unmarshal(data[start:ends[i]], &row); err != nil {
			b.Fatal(err)
		}
	}
}
