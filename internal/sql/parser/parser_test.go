package parser

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/token"
)

// Every text below testdata prints back to the same tree.
func TestStringParsesBack(t *testing.T) {
	files, err := filepath.Glob("testdata/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("find testdata: %v, %d files", err, len(files))
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tree, d := Parse(file, string(src))
		if d.Err() != nil {
			t.Errorf("parse: %v", d)
		}
		checkRoundTrip(t, tree)
	}
}

func checkRoundTrip(t *testing.T, tree []ast.Statement) {
	t.Helper()
	for _, s := range tree {
		text := s.String()
		again, d := Parse("printed", text)
		if d.Err() != nil {
			t.Fatalf("parse what was printed: %v\n%s", d, text)
		}
		if len(again) != 1 {
			t.Fatalf("printed statement became %d\n%s", len(again), text)
		}
		clearPositions(reflect.ValueOf(s))
		clearPositions(reflect.ValueOf(again[0]))
		if !reflect.DeepEqual(s, again[0]) {
			t.Fatalf("another tree after printing:\n%s\n%s", text, again[0])
		}
	}
}

// clearPositions zeroes every position below v.
func clearPositions(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			clearPositions(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			clearPositions(v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[token.Position]() {
			v.SetZero()
			return
		}
		for i := range v.NumField() {
			clearPositions(v.Field(i))
		}
	}
}

func TestSyntaxErrorsSayWhatWasExpected(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{`CREATE STREAM "S" ("a" INTEGR);`, `f:1:24: unknown type INTEGR`},
		{`CREATE STREAM S (a INTEGER`, `f:1:27: expected , or ), found the end of the text`},
		{`CREATE PUMP P AS INSERT INTO S SELECT STREAM a S2 b FROM T;`, `f:1:51: expected , or FROM, found B`},
		{"CREATE PUMP P AS\nINSERT INTO S SELECT STREAM FROM T;", `f:2:29: expected an expression, found FROM`},
		{`CREATE PUMP P AS INSERT INTO S SELECT STREAM STEP(x, 1) FROM T;`, `f:1:52: expected BY, found ,`},
		{`CREATE STREAM S (a VARCHAR(0));`, `f:1:20: length 0 of VARCHAR is not between 1 and 65535`},
		{`SELECT 1`, `f:1:1: a SELECT stands alone here: only a pump runs a query (CREATE PUMP … AS INSERT INTO … SELECT STREAM …)`},
		{`CREATE STREAM S ("é" INTEGER, 'x' INTEGER);`, `f:1:31: expected the name of a column, found the string 'x'`},
		{`CREATE STREAM S (a INTEGER) 'x`, `f:1:29: string is not closed: expected '`},
		{`/* never closed`, `f:1:1: comment is not closed: expected */`},
		{`ALTER PUMP P STOP; DROP STREAM S`, "f:1:1: ALTER statements are not supported yet\nf:1:20: DROP statements are not supported yet"},
		{`CREATE FUNCTION f (x INTEGER) RETURNS INTEGER RETURN x`, `f:1:1: CREATE FUNCTION is not supported yet`},
		{"CREATE STREAM " + strings.Repeat("(", 1000), `f:1:15: expected the name of the stream, found (`},
		{"CREATE PUMP P AS INSERT INTO S SELECT " + strings.Repeat("(", 1000), `f:1:288: the statement nests deeper than 250 levels`},
	} {
		_, d := Parse("f", c.src)
		if d.Err() == nil || d.Error() != c.want {
			t.Errorf("%.60s\n got %v\nwant %s", c.src, d.Err(), c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.sql")
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src))
	}
	f.Fuzz(func(t *testing.T, src string) {
		tree, _ := Parse("f", src)
		checkRoundTrip(t, tree)
	})
}
