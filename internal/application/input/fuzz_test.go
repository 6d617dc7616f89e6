package input

import (
	"encoding/csv"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/sql/types"
)

// FuzzElements holds an array's rows to what encoding/json reads of it, and a
// reader that has learned from another record to one that has not.
func FuzzElements(f *testing.F) {
	f.Add(`{"id":1,"items":[{"p":5},{"p":6}]}`, `{"id":2,"items":[{"p":"x\n"},null,[],{}]}`)
	f.Add(`{"items":[]}`, `{"items":[{"p":{"p":1}},{"q":[{"p":2}]}],"id":"\u00e4"}{"items":7}`)
	f.Add(`{"items":[ { "p" : 1 } , { "p" : 2 } ] }`, `{"items":[{"p":1},{"p":]}`)
	l, err := Schema{RowPath: "$", Columns: []Column{{"id", "VARCHAR", "$.id"}, {"p", "VARCHAR", "$.items[0:].p"}}}.Layout()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, teacher, record string) {
		read := func(records ...string) string {
			p := &rowPrinter{columns: l.Columns()}
			r := NewReader(l, all(l), p.push, p.fail)
			for _, s := range records {
				p.out.Reset()
				r.Record([]byte(s), 0, nil)
				r.Flush()
			}
			return p.out.String()
		}
		fresh := read(record)
		if got := read(teacher, teacher, record); got != fresh {
			t.Fatalf("record %q after %q\nlearned %s\nfresh   %s", record, teacher, got, fresh)
		}
		var doc struct{ Items []json.RawMessage }
		names := map[string]json.RawMessage{}
		if json.Unmarshal([]byte(record), &names) != nil || json.Unmarshal(names["items"], &doc.Items) != nil || len(doc.Items) == 0 ||
			strings.Count(record, "items") != 1 || strings.ContainsRune(record, '\\') {
			return
		}
		if got := strings.Count(fresh, "\n"); got != len(doc.Items) {
			t.Fatalf("record %q: %d rows, encoding/json finds %d elements:\n%s", record, got, len(doc.Items), fresh)
		}
	})
}

// FuzzCSV holds the fast way to the whole grammar, and the grammar to
// encoding/csv where both know a record.
func FuzzCSV(f *testing.F) {
	f.Add("a,1\r\nb,2\n", ",", "\n")
	f.Add("\"a,\"\"b\"\"\",1\n\"x\",\"y\"\r\n", ",", "\n")
	f.Add("a|x|b", "|x", "x|")
	f.Add("\"a\"b\n\"c", ",", "\n")
	f.Add("a\tb;\r;", "\t", ";")
	f.Fuzz(func(t *testing.T, record, column, row string) {
		l, err := Schema{Format: CSV, ColumnDelimiter: column, RowDelimiter: row, Columns: []Column{{"a", "VARCHAR", ""}, {"b", "VARCHAR", ""}, {"c", "VARCHAR", ""}}}.Layout()
		if err != nil || len(record) > 4096 {
			return
		}
		got, faults := readCSV(l, record, false)
		if strict, _ := readCSV(l, record, true); !reflect.DeepEqual(got, strict) {
			t.Fatalf("record %q, delimiters %q %q\nfast   %q\nstrict %q", record, column, row, got, strict)
		}
		if faults || row != "\n" || len(column) != 1 || column[0] >= 0x80 || column == "\r" || strings.ContainsRune(record, '\r') {
			return
		}
		r := csv.NewReader(strings.NewReader(record))
		r.Comma, r.FieldsPerRecord = rune(column[0]), -1
		want, err := r.ReadAll()
		if err != nil {
			return // a bare quote, which we take
		}
		for i := range want {
			want[i] = append(want[i], "-", "-", "-")[:3] // NULL
		}
		if len(want)+len(got) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("record %q, delimiter %q\ngot  %q\nwant %q", record, column, got, want)
		}
	})
}

// readCSV reads a record, by the whole grammar alone if strict.
func readCSV(l *Layout, record string, strict bool) (rows [][]string, faults bool) {
	r := NewReader(l, all(l), func(b *types.Batch) {
		for i := range b.N {
			var row []string
			for _, c := range b.Cols[:3] {
				if c.IsNull(i) {
					row = append(row, "-")
				} else {
					row = append(row, strings.Clone(c.Str[i]))
				}
			}
			rows = append(rows, row)
		}
	}, func(e types.ErrorRow) { rows, faults = append(rows, []string{e.Name, e.Message}), true })
	if strict {
		r.format = strictCSV{r.format.(*csvFormat)}
	}
	r.Record([]byte(record), 0, nil)
	r.Flush()
	return rows, faults
}

// strictCSV reads every row by the whole grammar.
type strictCSV struct{ *csvFormat }

func (f strictCSV) read(r *Reader, data []byte, start, end int) {
	data = data[:end]
	for at := start; at < end; {
		if stop, next := f.rowEnd(data, at); len(f.trim(data[at:stop])) == 0 {
			at = next
		} else {
			at = f.quoted(r, data, at)
		}
	}
}

// FuzzObject reads an object in small pieces and at once: the rows are the same.
func FuzzObject(f *testing.F) {
	f.Add("{\"a\":1}\n{\"a\":\"}\\\"\"} x\n[{]\"", 3)
	f.Add("a,\"b\nc\"\r\n\"d\"e\n\"f", 2)
	var layouts []*Layout
	for _, lines := range [][]string{{"json $", "VARCHAR $.a"}, {"json $", "VARCHAR $.a[0:].b"}, {"json $[0:]", "VARCHAR $.a"}, {"csv , \\n", "VARCHAR", "VARCHAR"}, {"csv |x x|", "VARCHAR", "INTEGER"}} {
		l, err := readSchema(lines).Layout()
		if err != nil {
			f.Fatal(err)
		}
		layouts = append(layouts, l)
	}
	f.Fuzz(func(t *testing.T, object string, chunk int) {
		if chunk < 1 || len(object) > 4096 {
			return
		}
		for _, l := range layouts {
			read := func(chunk int) string {
				p := &rowPrinter{columns: l.Columns()[:l.own]}
				if err := readObject(l, strings.NewReader(object), chunk, p.push, p.fail); err != nil {
					t.Fatal(err)
				}
				return p.String()
			}
			if whole, parts := read(1<<16), read(chunk%64+1); whole != parts {
				t.Fatalf("object %q, schema %+v\nwhole\n%s\nin pieces of %d\n%s", object, l.schema, whole, chunk%64+1, parts)
			}
		}
	})
}
