package sql_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/sql"
	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/parser"
	"github.com/millrace/millrace/internal/sql/types"
)

// No text makes the compiler or the engine panic: it is refused, or it runs on rows full of odd values and gives the same when it
// goes on from a snapshot. Inputs are lines "stream NAME (COLUMNS)" in front of the text.
func FuzzAnyText(f *testing.F) {
	files, err := filepath.Glob("sqltest/testdata/*.slt")
	if err != nil || len(files) == 0 {
		f.Fatalf("find testdata: %v, %d files", err, len(files))
	}
	for _, file := range files {
		for _, text := range applicationsOf(f, file) {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 8000 {
			return
		}
		var schema sql.Schema
		rest := text
		for strings.HasPrefix(rest, "stream ") {
			line, after, _ := strings.Cut(rest, "\n")
			tree, d := parser.Parse("f", "CREATE STREAM "+strings.TrimPrefix(line, "stream "))
			def, ok := first(tree).(*ast.CreateStream)
			if d.Err() != nil || !ok {
				return
			}
			s := sql.Stream{Name: def.Name.Name}
			for _, c := range def.Columns {
				s.Columns = append(s.Columns, types.Column{Name: c.Name.Name, Type: c.Type})
			}
			schema.Inputs = append(schema.Inputs, s)
			rest = after
		}
		p, err := sql.Compile("f", rest, schema)
		if err != nil {
			return
		}
		e := p.NewEngine(discard{}, sql.Limits{Groups: 1000, Rows: 1000})
		for step := range 6 {
			for _, in := range schema.Inputs {
				e.Push(in.Name, oddRows(in.Columns, int64(step)))
			}
			again := p.NewEngine(discard{}, sql.Limits{Groups: 1000, Rows: 1000})
			if err := again.Restore(e.Snapshot(nil)); err != nil {
				t.Fatalf("restore: %v", err)
			}
			e = again
		}
		e.Bound(1 << 60)
	})
}

func first(tree []ast.Statement) ast.Statement {
	if len(tree) != 1 {
		return nil
	}
	return tree[0]
}

// applicationsOf are the texts of a file of cases, each with the inputs that stand before it.
func applicationsOf(t testing.TB, file string) []string {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	streams, all := "", []string(nil)
	blocks := strings.Split(string(src), "\n\n")
	for _, block := range blocks {
		for strings.HasPrefix(block, "#") {
			_, block, _ = strings.Cut(block, "\n")
		}
		if strings.HasPrefix(block, "stream ") {
			streams += block + "\n"
		}
		head, code, _ := strings.Cut(block, "\n")
		if strings.HasPrefix(head, "code") {
			text, _, _ := strings.Cut(code, "\n----")
			all = append(all, streams+text)
		}
	}
	return all
}

type discard struct{}

func (discard) Rows(string, *types.Batch) {}
func (discard) Error(types.ErrorRow)      {}

// oddRows are rows of the least, the greatest and other values that bring trouble.
func oddRows(cols []types.Column, step int64) *types.Batch {
	texts := []string{"", "a", "-1", "1e400", "\xff\xfe", "2020-01-01 10:00:00", "a,b\\,\"c", strings.Repeat("é", 40), "%_[(", "NULL"}
	floats := []float64{0, -0.5, 1e300, -1e-300, 7, 1 << 60}
	b := types.NewBatch(cols)
	for row := range int64(10) {
		b.N++
		b.Rowtime = append(b.Rowtime, 1_577_872_800_000+step*7_000+row*row*90)
		for i, c := range cols {
			k := int(row) + i
			v := b.Cols[i]
			v.Null = append(v.Null, c.Type.Nullable && k%4 == 3)
			switch c.Type.Kind.Physical() {
			case types.FloatValues:
				v.Float = append(v.Float, floats[k%len(floats)])
			case types.StrValues:
				v.Str = append(v.Str, types.Cut(texts[k%len(texts)], c.Type.Length))
			default:
				v.Int = append(v.Int, oddNumber(c.Type, k, step))
			}
		}
	}
	return b
}

func oddNumber(t types.Type, k int, step int64) int64 {
	lo, hi := t.Kind.IntRange()
	switch t.Kind {
	case types.Boolean:
		return int64(k % 2)
	case types.Decimal:
		hi = types.Pow10(t.Precision) - 1
		lo = -hi
	case types.Date:
		return int64(k-5) * 86_400_000 * 400
	case types.Time:
		return int64(k%24) * 3_599_999
	case types.Timestamp:
		return 1_577_872_800_000 + int64(k-3)*step*3_000
	}
	return []int64{0, 1, -1, lo, hi, 42}[k%6]
}
