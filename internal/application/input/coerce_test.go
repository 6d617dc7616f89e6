package input

import (
	"os"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/application/input/jsonscan"
	"github.com/millrace/millrace/internal/sql/types"
)

// TestCoercions runs AWS's table of what a column makes of a JSON value.
func TestCoercions(t *testing.T) {
	file, err := os.ReadFile("testdata/coercions.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(file)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		sqlType, value, want := strings.TrimSpace(line[:18]), strings.TrimSpace(line[18:51]), strings.TrimSpace(line[51:])
		if got := coerce(t, sqlType, value); got != want {
			t.Errorf("%s of %s is %s, want %s", sqlType, value, got, want)
		}
	}
}

func coerce(t *testing.T, sqlType, value string) string {
	typ, err := types.ParseType(sqlType)
	if err != nil {
		t.Fatal(err)
	}
	columns := []types.Column{{Name: "c", Type: typ}}
	b := types.NewBatch(columns)
	c := column{columns[0], b.Cols[0]}
	doc := []byte(`{"c":` + value + `}`)
	values := make([]jsonscan.Value, 1)
	if _, err := jsonscan.New([]jsonscan.Path{{"c"}}).Scan(doc, 0, len(doc), values); err != nil {
		t.Fatal(err)
	}
	if !c.add(&values[0]) {
		return "error: " + c.misfit(&values[0])
	}
	b.N, b.Rowtime = 1, []int64{0}
	text := string(types.AppendJSON(nil, columns, b, 0))
	return strings.TrimSuffix(strings.TrimPrefix(text, `{"c":`), "}")
}

// TestColumnTakesBack checks that a row refused at its second column leaves the
// first as it was, nulls included.
func TestColumnTakesBack(t *testing.T) {
	columns := []types.Column{{Name: "a", Type: types.VarcharOf(0)}, {Name: "b", Type: types.Of(types.Integer)}}
	b := types.NewBatch(columns)
	r := &Reader{batch: b, values: make([]value, 2), format: &jsonFormat{jsonscan.New([]jsonscan.Path{{"a"}, {"b"}})}}
	for i := range columns {
		r.columns = append(r.columns, column{columns[i], b.Cols[i]})
	}
	var rows, errors []string
	r.push = func(b *types.Batch) {
		for i := range b.N {
			rows = append(rows, string(types.AppendJSON(nil, columns, b, i)))
		}
	}
	r.fail = func(e types.ErrorRow) { errors = append(errors, e.Name) }
	for _, doc := range []string{`{"a":null,"b":1}`, `{"a":"x","b":"-"}`, `{"a":null,"b":"-"}`, `{"a":"y","b":null}{"a":"z","b":3}{`, `{"b":4}`} {
		r.Record([]byte(doc), 1000, nil)
	}
	r.Flush()
	want := `{"a":null,"b":1} {"a":"y","b":null} {"a":"z","b":3} {"a":null,"b":4}`
	if got := strings.Join(rows, " "); got != want {
		t.Errorf("rows %s, want %s", got, want)
	}
	if got, want := strings.Join(errors, " "), "INVALID_VALUE INVALID_VALUE INVALID_JSON"; got != want {
		t.Errorf("errors %s, want %s", got, want)
	}
}
