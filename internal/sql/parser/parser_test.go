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

// Every text below testdata, and every application, prints back to the same tree.
func TestStringParsesBack(t *testing.T) {
	files, err := filepath.Glob("testdata/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("find testdata: %v, %d files", err, len(files))
	}
	applications, err := filepath.Glob("../testdata/applications/*.sql")
	if err != nil || len(applications) == 0 {
		t.Fatalf("find applications: %v, %d files", err, len(applications))
	}
	for _, file := range append(files, applications...) {
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
		{`CREATE STREAM "S" ("a" INTEGR);`, `f:1:24: unknown type INTEGR, did you mean INTEGER?`},
		{`CREATE STREAM S (a INTEGER`, `f:1:27: expected , or ), found the end of the text`},
		{`CREATE PUMP P AS INSERT INTO S SELECT STREAM a S2 b FROM T;`, `f:1:51: expected , or FROM, found B`},
		{"CREATE PUMP P AS\nINSERT INTO S SELECT STREAM FROM T;", `f:2:29: expected an expression, found FROM`},
		{`CREATE PUMP P AS INSERT INTO S SELECT STREAM STEP(x, 1) FROM T;`, `f:1:52: expected BY, found ,`},
		{`CREATE STREAM S (a VARCHAR(0));`, `f:1:20: length 0 of VARCHAR is not between 1 and 65535`},
		{`SELECT 1`, `f:1:1: a SELECT stands alone here: only a pump runs a query (CREATE PUMP … AS INSERT INTO … SELECT STREAM …)`},
		{`CREATE STREAM S ("é" INTEGER, 'x' INTEGER);`, `f:1:31: expected the name of a column, found the string 'x'`},
		{`CREATE STREAM S (a INTEGER) 'x`, `f:1:29: string is not closed: expected '`},
		{`/* never closed`, `f:1:1: comment is not closed: expected */`},
		{`ALTER PUMP P HALT; ALTER STREAM S; DROP VIEW V; DROP STREAM`,
			"f:1:14: expected START or STOP, found HALT\nf:1:20: ALTER STREAM is not supported; only ALTER PUMP is\n" +
				"f:1:36: DROP VIEW is not supported; only DROP STREAM, DROP PUMP and DROP FUNCTION are\nf:1:60: expected a name, found the end of the text"},
		{`CREATE SCHEMA "Test"; SET SCHEMA '"Test"'; CREATE VIEW V AS SELECT * FROM S; CREATE FOREIGN STREAM S; CREATE INDEX I`,
			"f:1:1: CREATE SCHEMA is not supported: the streams and pumps of an application have no schema\n" +
				"f:1:23: SET statements are not supported: an application consists of streams, functions and pumps\n" +
				"f:1:44: CREATE VIEW is not supported: make a stream, and a pump that fills it\n" +
				"f:1:78: CREATE FOREIGN is not supported: tables are the reference data of the application's configuration\n" +
				"f:1:103: CREATE INDEX is not supported: an application consists of streams, functions and pumps"},
		{`CREATE FUNCTION f (x INTEGER) RETURNS INTEGER LANGUAGE JAVA RETURN x`, `f:1:56: LANGUAGE JAVA is not supported: functions are written in SQL`},
		{`CREATE FUNCTION f (x INTEGER) RETURNS TABLE (a INTEGER) RETURN x`, `f:1:39: a function RETURNS TABLE is not supported: it returns one value`},
		{`CREATE FUNCTION f (x INTEGER) RETURNS INTEGER BEGIN RETURN x; END`, "f:1:47: expected RETURN, or an option of CREATE FUNCTION, found BEGIN\nf:1:63: expected CREATE STREAM or CREATE PUMP, found END"},
		{`CREATE FUNCTION f () RETURNS INTEGER RETURN SELECT 1`, `f:1:45: expected an expression: a function reads no stream, found SELECT`},
		{`CREATE PUMP P AS INSERT INTO S SELECT STREAM SUBSTRING(a SIMILAR 'x') FROM T`, `f:1:69: expected ESCAPE, found )`},
		{`CREATE PUMP P AS INSERT INTO S SELECT STREAM SUBSTRING(a) FROM T`, `f:1:57: expected FROM, SIMILAR or ,, found )`},
		{`CREATE PUMP P AS INSERT INTO S SELECT STREAM a FROM T WHERE (a, b) = (c, d)`, `f:1:68: expected a predicate of periods, such as OVERLAPS, behind (start, end), found =`},
		{`CREATE PUMP P AS INSERT INTO S SELECT STREAM a FROM T WHERE (a, b) OVERLAPS c`, `f:1:77: expected a period (start, end), found C`},
		{`CREATE PUMP P AS INSERT INTO S SELECT STREAM (SELECT MAX(a) FROM R) FROM T`, `f:1:46: a sub-query as a value is not supported: join the stream or the table instead`},
		{`CREATE PUMP P AS INSERT INTO S SELECT STREAM a FROM (VALUES (1)) AS T (a)`, `f:1:54: VALUES is not supported: it is no stream, and nothing would run it`},
		{`CREATE PUMP P AS INSERT INTO S SELECT STREAM SUM(a) OVER (ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM T`, `f:1:88: expected CURRENT, found 1`},
		{`CREATE PUMP P AS INSERT INTO S SELECT STREAM SUM(a) OVER (ROWS 1 FOLLOWING) FROM T`, `f:1:66: FOLLOWING is not supported: a window ends with the current row`},
		{`CREATE PUMP P AS INSERT INTO S SELECT STREAM a FROM T ORDER BY a WITHIN INTERVAL '1' SECOND`, `f:1:66: ORDER BY … WITHIN is not supported: order by ROWTIME, or by MONOTONIC(…)`},
		{`UPDATE S SET a = 1; WITH x AS (SELECT 1) SELECT * FROM x; VALUES (1)`,
			"f:1:1: UPDATE statements are not supported: an application consists of streams, functions and pumps\n" +
				"f:1:21: a WITH stands alone here: only a pump runs a query (CREATE PUMP … AS INSERT INTO … SELECT STREAM …)\n" +
				"f:1:59: a VALUES stands alone here: only a pump runs a query (CREATE PUMP … AS INSERT INTO … SELECT STREAM …)"},
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
