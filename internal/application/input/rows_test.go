package input

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/sql/types"
)

// signs stand in the text files for characters that lines cannot show.
var signs = strings.NewReplacer("⏎", "\n", "␍", "\r", "⇥", "\t")

// rowCase is a case of testdata/rows.txt: a format, its columns (whose names are
// c1, c2 … or the last name of the mapping), records and the rows they become.
type rowCase struct {
	name    string
	schema  Schema
	records []string
	want    string
}

func readRowCases(t testing.TB) (cases []rowCase) {
	file, err := os.ReadFile("testdata/rows.txt")
	if err != nil {
		t.Fatal(err)
	}
	name := ""
	for _, block := range strings.Split(strings.TrimSpace(string(file)), "\n\n") {
		for strings.HasPrefix(block, "#") {
			name, block, _ = strings.Cut(block, "\n")
		}
		parts := strings.Split(block, "\n----\n")
		if len(parts) != 3 {
			t.Fatalf("%s: %d parts, want schema, records, rows", name, len(parts))
		}
		c := rowCase{name: name, records: strings.Split(signs.Replace(parts[1]), "\n"), want: strings.TrimSpace(parts[2])}
		c.schema = readSchema(strings.Split(parts[0], "\n"))
		for i, r := range strings.Split(parts[1], "\n") {
			if i == 0 {
				c.records = nil
			}
			c.records = append(c.records, signs.Replace(r))
		}
		cases = append(cases, c)
	}
	return cases
}

func readSchema(lines []string) Schema {
	head := strings.Fields(lines[0])
	s := Schema{RowPath: head[1]}
	if head[0] == "csv" {
		unescape := strings.NewReplacer(`\n`, "\n", `\t`, "\t")
		s = Schema{Format: CSV, ColumnDelimiter: unescape.Replace(head[1]), RowDelimiter: unescape.Replace(head[2])}
	}
	for i, line := range lines[1:] {
		sqlType, mapping, _ := strings.Cut(line, " ")
		s.Columns = append(s.Columns, Column{Name: fmt.Sprintf("c%d", i+1), SQLType: sqlType, Mapping: mapping})
	}
	return s
}

// rowPrinter gathers what a reader makes.
type rowPrinter struct {
	columns []types.Column
	out     strings.Builder
}

func (p *rowPrinter) push(b *types.Batch) {
	for i := range b.N {
		for c := range p.columns {
			if b.Cols[c] == nil {
				continue
			}
			one := types.Batch{Cols: b.Cols[c : c+1]}
			text := string(types.AppendJSON(nil, p.columns[c:c+1], &one, i))
			_, value, _ := strings.Cut(text, ":")
			p.out.WriteString(strings.TrimSuffix(value, "}") + " ")
		}
		p.out.WriteString("\n")
	}
}

func (p *rowPrinter) fail(e types.ErrorRow) {
	fmt.Fprintf(&p.out, "error %s %s\n", e.Name, e.Message)
}

func (p *rowPrinter) String() string {
	return strings.TrimSpace(strings.ReplaceAll(p.out.String(), " \n", "\n"))
}

// all marks the columns of the schema.
func all(l *Layout) []bool {
	needed := make([]bool, l.own)
	for i := range needed {
		needed[i] = true
	}
	return needed
}

// TestRows reads each case twice, with the records one by one and as parts of
// one run of bytes: the second time meets the shapes of the first.
func TestRows(t *testing.T) {
	for _, c := range readRowCases(t) {
		l, err := c.schema.Layout()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		p := &rowPrinter{columns: l.Columns()}
		r := NewReader(l, all(l), p.push, p.fail)
		for _, together := range []bool{false, true} {
			p.out.Reset()
			var run []byte
			var ends []int
			for _, record := range c.records {
				run = append(run, record...)
				ends = append(ends, len(run))
			}
			start := 0
			for i, end := range ends {
				if together {
					r.Part(run, start, end, 1000, nil)
				} else {
					r.Record([]byte(c.records[i]), 1000, nil)
				}
				start = end
			}
			r.Flush()
			if got := p.String(); got != c.want {
				t.Errorf("%s (together %v)\ngot\n%s\nwant\n%s", c.name, together, got, c.want)
			}
		}
	}
}

// TestUnneededColumns reads each case without some of its columns: the rows have
// the same values in the others, where no value was refused.
func TestUnneededColumns(t *testing.T) {
	for _, c := range readRowCases(t) {
		if strings.Contains(c.want, "error ") {
			continue
		}
		l, err := c.schema.Layout()
		if err != nil {
			t.Fatal(err)
		}
		for mask := range 1 << l.own {
			needed := make([]bool, l.own)
			for i := range needed {
				needed[i] = mask>>i&1 == 1
			}
			p := &rowPrinter{columns: l.Columns()}
			r := NewReader(l, needed, func(b *types.Batch) {
				for i := l.own - 1; i >= 0; i-- { // unneeded columns are NULL below
					if b.Cols[i] == nil {
						b.Cols[i] = &types.Vector{Kind: l.columns[i].Type.Kind, Null: trues(b.N)}
						defer func() { b.Cols[i] = nil }()
					}
				}
				p.push(b)
			}, p.fail)
			for _, record := range c.records {
				r.Record([]byte(record), 1000, nil)
			}
			r.Flush()
			if got, want := strings.Count(p.String(), "\n"), strings.Count(c.want, "\n"); got != want {
				t.Errorf("%s: columns %v give %d more line ends, want %d", c.name, needed, got, want)
			}
			if mask == 1<<l.own-1 && p.String() != c.want {
				t.Errorf("%s: got\n%s\nwant\n%s", c.name, p.String(), c.want)
			}
		}
	}
}

func trues(n int) []bool {
	b := make([]bool, n)
	for i := range b {
		b[i] = true
	}
	return b
}

// TestLayouts refuses schemas by what is wrong with them.
func TestLayouts(t *testing.T) {
	column := func(mappings ...string) (s Schema) {
		s.RowPath = "$"
		for i, m := range mappings {
			s.Columns = append(s.Columns, Column{fmt.Sprintf("c%d", i+1), "INTEGER", m})
		}
		return s
	}
	path := func(s Schema, path string) Schema { s.RowPath = path; return s }
	typed := func(sqlType string) Schema { return Schema{RowPath: "$", Columns: []Column{{"c", sqlType, "$.c"}}} }
	csv := func(row, column string) Schema {
		return Schema{Format: CSV, RowDelimiter: row, ColumnDelimiter: column, Columns: []Column{{"c", "INTEGER", ""}}}
	}
	for _, c := range []struct {
		schema Schema
		want   string
	}{
		{Schema{RowPath: "$"}, "no RecordColumns"},
		{column("$.a", "$.b"), ""},
		{column("a"), `column "c1": path "a" does not begin with $`},
		{column(""), `path "" does not begin with $`},
		{column("$"), `Mapping is "$"`},
		{column("$..a"), "empty name"},
		{column("$.a[0:].b", "$.a[0:].c", "$.d[0:]"), ""},
		{column("$.a[0:].b", "$.d[0:].c"), `column "c2": path "$.d[0:].c": only one array can become rows, and another column has $.a[0:]`},
		{column("$.a[0:].b[0:].c"), "arrays in arrays"},
		{column("$.a[0:].b[0:]"), ""},
		{column("$.a[0:][0:]"), "arrays in arrays"},
		{column("$.a[1]"), "the index [1] is not supported, only [0:] is"},
		{column("$.a[*].b"), "the index [*] is not supported"},
		{column("$.a[0:"), "the index [0: is not supported"},
		{column("$['a']"), "the index ['a'] is not supported"},
		{column("$.a", "$[0:].b"), `column "c1": path $.a is beside the elements of an array that is the whole record`},
		{path(column("$.a"), "$.items[0:]"), ""},
		{path(column("$.a[0:].b"), "$.items[0:]"), "arrays in arrays"},
		{path(column("$.a"), "$.items[0:].b"), "RecordRowPath: path"},
		{path(column("$.a"), "items"), "RecordRowPath: path \"items\" does not begin"},
		{typed("INTEGER"), ""},
		{typed("TEXT"), `column "c":`},
		{Schema{RowPath: "$", Columns: []Column{{"c", "INTEGER", "$.c"}, {"c", "INTEGER", "$.d"}}}, `column "c" is there twice`},
		{Schema{RowPath: "$", Columns: []Column{{"", "INTEGER", "$.c"}}}, "column 1 has no name"},
		{csv("", ""), ""},
		{csv("|", "|"), `both "|"`},
		{csv("\n", `"`), "delimiter cannot begin with the quote"},
	} {
		_, err := c.schema.Layout()
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%+v: %v", c.schema, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%+v: error %v, want one with %q", c.schema, err, c.want)
		}
	}
}

// TestMetadata reads columns that are not in the schema.
func TestMetadata(t *testing.T) {
	s := readSchema([]string{"json $", "INTEGER $.a"})
	l, err := s.Layout()
	if err != nil {
		t.Fatal(err)
	}
	if l.Hidden() != 4 || len(l.Columns()) != 5 {
		t.Errorf("%d of %d columns are hidden", l.Hidden(), len(l.Columns()))
	}
	p := &rowPrinter{columns: l.Columns()}
	r := NewReader(l, []bool{true, true, true, true, true}, p.push, p.fail)
	r.Record([]byte(`{"a":1}`), 1000, &Metadata{Arrival: 2000, PartitionKey: "k", SequenceNumber: "49", ShardID: "shardId-0", HasShard: true})
	r.Record([]byte(`{"a":2}`), 1000, &Metadata{Arrival: 3000})
	r.Record([]byte(`{"a":3}`), 1000, nil)
	r.Flush()
	want := `1 "1970-01-01 00:00:02.000" "k" "49" "shardId-0"
2 "1970-01-01 00:00:03.000" null null null
3 null null null null`
	if got := p.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	s.Columns[0].Name = "PARTITION_KEY" // of the schema: it hides the metadata
	if l, err = s.Layout(); err != nil || l.Hidden() != 3 || l.Columns()[0].Type.Kind != types.Integer {
		t.Errorf("columns %v, %v", l.Columns(), err)
	}
}

// TestManyElements makes more rows of a record than a batch holds, with texts
// that had to be unescaped beside them and in them.
func TestManyElements(t *testing.T) {
	s := readSchema([]string{"json $", `VARCHAR(8) $.\u006b`, "VARCHAR(8) $.items[0:].p", "INTEGER $.items[0:].n"})
	s.Columns[0].Mapping = "$.k"
	l, err := s.Layout()
	if err != nil {
		t.Fatal(err)
	}
	doc := []byte(`{"k":"a\"b","items":[`)
	n := 3*maxBatchRows + 7
	for i := range n {
		doc = fmt.Appendf(doc, `{"p":"x\t%d","n":%d},`, i%1000, i)
	}
	doc = append(doc[:len(doc)-1], "]}"...)
	rows := 0
	r := NewReader(l, all(l), func(b *types.Batch) {
		for i := range b.N {
			if k, p := b.Cols[0].Str[i], b.Cols[1].Str[i]; k != `a"b` || p != fmt.Sprintf("x\t%d", rows%1000) || b.Cols[2].Int[i] != int64(rows) {
				t.Fatalf("row %d is %q %q %d", rows, k, p, b.Cols[2].Int[i])
			}
			rows++
		}
	}, func(e types.ErrorRow) { t.Error(e.Message) })
	r.Record(doc, 1000, nil)
	r.Flush()
	if rows != n {
		t.Errorf("%d rows, want %d", rows, n)
	}
}

// TestRefusedBytes keeps of what was refused no more than is needed to see why:
// the document, the element or the row, or the record where it is no JSON.
func TestRefusedBytes(t *testing.T) {
	for _, c := range []struct{ schema, record, want string }{
		{"json $\nINTEGER $.v", `{"v":1}{"v":"x"} {"v":2}{"v":"y"}`, `{"v":"x"} |{"v":"y"}`},
		{"json $\nINTEGER $.v", `{"v":1}{"v":nothing}`, `{"v":1}{"v":nothing}`},
		{"json $\nINTEGER $.id\nINTEGER $.i[0:].p", `{"id":1,"i":[{"p":"x"} ,{"p":2},{"p":"y"}]}`, `{"p":"x"} |{"p":"y"}`},
		{"json $\nINTEGER $.id\nINTEGER $.i[0:].p", `{"id":"x","i":[{"p":1},{"p":2}]}`, `{"id":"x","i":[{"p":1},{"p":2}]}`},
		{"csv , \\n\nINTEGER", "1\nx\r\n\"y\",2\n", `x|"y",2`},
	} {
		l, err := readSchema(strings.Split(c.schema, "\n")).Layout()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		r := NewReader(l, all(l), func(*types.Batch) {}, func(e types.ErrorRow) { got = append(got, string(e.DataRow)) })
		r.Record([]byte(c.record), 0, nil)
		r.Flush()
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s: got %q, want %q", c.record, got, c.want)
		}
	}
}

// TestWideRow reads a row of a million fields beside a quoted one: each is looked
// at once.
func TestWideRow(t *testing.T) {
	l, err := readSchema([]string{"csv , \\n", "VARCHAR(8)", "VARCHAR(8)"}).Layout()
	if err != nil {
		t.Fatal(err)
	}
	p := &rowPrinter{columns: l.Columns()}
	r := NewReader(l, all(l), p.push, p.fail)
	r.Record([]byte(`"a",b`+strings.Repeat(",", 1_000_000)+"\nc,d"), 0, nil)
	r.Flush()
	if got := p.String(); got != "\"a\" \"b\"\n\"c\" \"d\"" {
		t.Errorf("got %s", got)
	}
}
