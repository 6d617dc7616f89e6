package local

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millrace/millrace/internal/application/output"
)

func writeFile(t interface {
	TempDir() string
	Fatal(...any)
}, text string) string {
	file := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func format(t *testing.T, name string) Format {
	t.Helper()
	f, err := ParseFormat(name, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func schema(t *testing.T, text string) *Schema {
	t.Helper()
	s, err := ParseSchema("schema", text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func runText(t *testing.T, o Options) (string, *Result) {
	t.Helper()
	var out bytes.Buffer
	o.Out = &out
	if o.File == "" {
		o.File = "app.sql"
	}
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), r
}

const countByStatus = `CREATE STREAM "OUT" ("at" TIMESTAMP, STATUS INTEGER, N BIGINT);
CREATE PUMP P AS INSERT INTO "OUT"
SELECT STREAM STEP(SOURCE_SQL_STREAM_001.ROWTIME BY INTERVAL '10' SECOND), "response", COUNT(*)
FROM SOURCE_SQL_STREAM_001 GROUP BY "response", STEP(SOURCE_SQL_STREAM_001.ROWTIME BY INTERVAL '10' SECOND);`

const accessLog = `192.0.2.1 - - [01/Jan/2020:11:00:01 +0100] "GET / HTTP/1.1" 200 10 "-" "a"
192.0.2.1 - - [01/Jan/2020:11:00:09 +0100] "GET /x HTTP/1.1" 404 - "-" "a"
not a line of the log

192.0.2.1 - - [01/Jan/2020:11:00:11 +0100] "GET / HTTP/1.1" 200 10 "-" "a"
192.0.2.1 - - [01/Jan/2020:11:00:08 +0100] "GET / HTTP/1.1" 200 10 "-" "a"
192.0.2.1 - - [01/Jan/2020:11:02:00 +0100] "GET / HTTP/1.1" 200 10 "-" "a"
192.0.2.1 - - [01/Jan/2020:11:00:59 +0100] "GET / HTTP/1.1" 200 10 "-" "a"
`

// Lines of a log are counted by their own time, those out of order too; what is
// no line or comes too late is counted and can be looked at.
func TestAccessLog(t *testing.T) {
	file := writeFile(t, accessLog)
	in := []Input{{Stream: DefaultStream, File: file, Format: format(t, "combined")}}
	out, r := runText(t, Options{Code: countByStatus, Inputs: in, Window: time.Minute})
	const want = `{"at":"2020-01-01 10:00:00.000","STATUS":200,"N":2}
{"at":"2020-01-01 10:00:00.000","STATUS":404,"N":1}
{"at":"2020-01-01 10:00:10.000","STATUS":200,"N":1}
{"at":"2020-01-01 10:02:00.000","STATUS":200,"N":1}
`
	if out != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
	c := r.Sources[0]
	if c.Records != 7 || c.Late != 1 || c.Mismatches != 1 || !strings.HasPrefix(c.FirstMismatch, file+":3:12: the line does not have the format combined: ") {
		t.Errorf("%+v", c)
	}
	if got := fmt.Sprint(r.Errors); got != "map[INVALID_LINE:1 LATE_ROW:1]" {
		t.Error(got)
	}
	out, _ = runText(t, Options{Code: countByStatus, Inputs: in, Window: time.Minute, From: "error_stream", Output: output.CSV})
	for _, s := range []string{"INVALID_LINE", "LATE_ROW", fmt.Sprintf("%x", "not a line of the log"), "1m1s behind"} {
		if !strings.Contains(out, s) {
			t.Errorf("%q is not in\n%s", s, out)
		}
	}
}

const passThrough = `CREATE STREAM "OUT" (N INTEGER);
CREATE PUMP P AS INSERT INTO "OUT" SELECT STREAM "n" FROM SOURCE_SQL_STREAM_001;`

// The same records are read from every way of writing them.
func TestFormats(t *testing.T) {
	for name, c := range map[string]struct{ format, schema, text string }{
		"lines":               {"json", `"t" VARCHAR(32), "n" INTEGER`, "{\"t\":\"2020-01-01T10:00:00Z\",\"n\":1}\n{\"t\":\"2020-01-01 10:00:01\",\"n\":2}\n"},
		"no line end":         {"json", `"t" VARCHAR(32), "n" INTEGER`, "{\"t\":1577872800,\"n\":1}\n{\"t\":1577872801.5,\"n\":2}"},
		"documents":           {"json", `"t" BIGINT, "n" INTEGER`, "{\n \"t\": 1577872800000,\n \"n\": 1 }{\"n\":2,\n\"t\":1577872801000}"},
		"array":               {"json", `"t" BIGINT, "n" INTEGER`, `[{"t":1577872800,"n":1},{"t":1577872801,"n":2}]`},
		"discovered":          {"json", ``, `{"t":1577872800,"n":1} {"t":1577872801,"n":2}`},
		"discovered array":    {"json", ``, ` [ {"t":1577872800,"n":1} , {"t":1577872801,"n":2} ] `},
		"elements":            {"json", elements, `{"Records":[{"t":1577872800,"n":1}]}{"Records":[]} {"Records":[{"t":1577872801,"n":2}]}`},
		"csv":                 {"csv", `"t" VARCHAR(32), "n" INTEGER`, "2020-01-01 10:00:00,1\n\"2020-01-01T11:00:01+01:00\",2\n"},
		"csv quoted":          {"csv", `"x" VARCHAR(9), "t" VARCHAR(32), "n" INTEGER`, "\"a\nb,\"\"\",2020-01-01 10:00:00,1\r\n\r\n5\",2020-01-01 10:00:01,2\r\n"},
		"csv other delimiter": {"csv", delimited, "1577872800|1;1577872801|2;"},
	} {
		t.Run(name, func(t *testing.T) {
			in := Input{Stream: DefaultStream, File: writeFile(t, c.text), Format: format(t, c.format), Rowtime: "t"}
			if c.schema != "" {
				in.Schema = schema(t, c.schema)
			}
			for _, block := range []int{1, 7, 0} {
				out, r := runText(t, Options{Code: passThrough, Inputs: []Input{in}, block: block})
				if out != "{\"N\":1}\n{\"N\":2}\n" || len(r.Errors) > 0 {
					t.Errorf("blocks of %d: %s%v", block, out, r.Errors)
				}
			}
		})
	}
}

const elements = `{"RecordFormat":{"RecordFormatType":"JSON","MappingParameters":{"JSONMappingParameters":{"RecordRowPath":"$.Records[0:]"}}},
"RecordColumns":[{"Name":"t","SqlType":"BIGINT","Mapping":"$.t"},{"Name":"n","SqlType":"INTEGER","Mapping":"$.n"}]}`

const delimited = `{"InputSchema":{"RecordFormat":{"RecordFormatType":"CSV","MappingParameters":{"CSVMappingParameters":{"RecordRowDelimiter":";","RecordColumnDelimiter":"|"}}},
"RecordColumns":[{"Name":"t","SqlType":"BIGINT"},{"Name":"n","SqlType":"INTEGER"}]}}`

func TestGzipAndSeveralFiles(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	fmt.Fprint(z, `{"t":1,"n":1}{"t":3,"n":3}{"t":3,"n":4}`)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	a := Input{Stream: DefaultStream, File: writeFile(t, zipped.String()), Format: format(t, "json"), Rowtime: "t"}
	b := a
	b.File = writeFile(t, `{"t":2,"n":2}{"t":3,"n":5}{"t":4,"n":6}`)
	out, r := runText(t, Options{Code: passThrough, Inputs: []Input{a, b}})
	if want := "{\"N\":1}\n{\"N\":2}\n{\"N\":3}\n{\"N\":4}\n{\"N\":5}\n{\"N\":6}\n"; out != want || r.Rows != 6 {
		t.Errorf("got %s, %d rows", out, r.Rows)
	}
}

// Rows of a stream meet those of another by their time, and a table is looked up.
func TestStreamsAndTables(t *testing.T) {
	const code = `CREATE STREAM O (N INTEGER, M INTEGER, NAME VARCHAR(8));
CREATE PUMP P AS INSERT INTO O SELECT STREAM A."n", B."n", R.NAME FROM A JOIN B ON A.ROWTIME = B.ROWTIME JOIN R ON A."n" = R.ID;`
	in := func(stream, text string) Input {
		return Input{Stream: stream, File: writeFile(t, text), Format: format(t, "json"), Rowtime: "t"}
	}
	table := Table{Name: "R", File: writeFile(t, "1,one\n2,two\n"), Format: format(t, "csv"), Schema: schema(t, "ID INTEGER, NAME VARCHAR(8)")}
	out, _ := runText(t, Options{Code: code, Tables: []Table{table}, Inputs: []Input{
		in("B", `{"t":1,"n":10}{"t":2,"n":20}{"t":5,"n":50}`), in("A", `{"t":1,"n":1}{"t":2,"n":2}{"t":3,"n":3}`),
	}})
	if want := "{\"N\":1,\"M\":10,\"NAME\":\"one\"}\n{\"N\":2,\"M\":20,\"NAME\":\"two\"}\n"; out != want {
		t.Errorf("got %s", out)
	}
	table.File = writeFile(t, "1,one\nx,two\n")
	_, err := Run(t.Context(), Options{Code: code, Tables: []Table{table}, Out: &bytes.Buffer{}})
	if err == nil || !strings.Contains(err.Error(), `reference table R: `) || !strings.Contains(err.Error(), `"x,two"`) {
		t.Error(err)
	}
}

func TestOptionErrors(t *testing.T) {
	file := writeFile(t, `{"t":1,"n":1,"list":[{"t":1}]}`)
	for name, c := range map[string]struct {
		in         Input
		from, want string
	}{
		"no time":      {Input{Format: format(t, "json")}, "", "--rowtime: say which column of " + file + " holds the time of a record: t, n, list_t"},
		"other case":   {Input{Format: format(t, "json"), Rowtime: "T"}, "", `--rowtime: ` + file + ` has no column "T"; it has t, n, list_t`},
		"in an array":  {Input{Format: format(t, "json"), Rowtime: "x", Schema: schema(t, `{"RecordFormat":{"RecordFormatType":"JSON"},"RecordColumns":[{"Name":"x","SqlType":"BIGINT","Mapping":"$.list[0:].t"},{"Name":"n","SqlType":"INTEGER","Mapping":"$.n"}]}`)}, "", `--rowtime: column "x" is in the elements of an array, and a record has one time: take a column beside the array`},
		"other stream": {Input{Format: format(t, "json"), Rowtime: "t"}, "Q", `--from: the SQL creates no in-application stream "Q"; there are OUT, error_stream`},
	} {
		t.Run(name, func(t *testing.T) {
			c.in.Stream, c.in.File = DefaultStream, file
			_, err := Run(t.Context(), Options{File: "a.sql", Code: passThrough, Inputs: []Input{c.in}, From: c.from, Out: &bytes.Buffer{}})
			var option *OptionError
			if !errors.As(err, &option) || err.Error() != c.want {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Whatever the order of a file and the size of its blocks, records leave in the
// order of their time, those of the same time as they came, and without those
// that are later than the window.
func TestReorder(t *testing.T) {
	json, list := format(t, "json"), schema(t, `"t" BIGINT, "n" INTEGER`)
	rapid.Check(t, func(rt *rapid.T) {
		times := rapid.SliceOfN(rapid.Int64Range(0, 40), 0, 60).Draw(rt, "seconds")
		window := rapid.Int64Range(0, 30).Draw(rt, "window")
		var text strings.Builder
		type record struct{ t, n int64 }
		var kept []record
		newest, late := int64(0), int64(0)
		for i, s := range times {
			fmt.Fprintf(&text, "{\"t\":%d,\"n\":%d}\n", s, i)
			newest = max(newest, s)
			if s < newest-window {
				late++
				continue
			}
			kept = append(kept, record{s, int64(i)})
		}
		slices.SortStableFunc(kept, func(a, b record) int { return int(a.t - b.t) })
		want := ""
		for _, k := range kept {
			want += fmt.Sprintf("{\"N\":%d}\n", k.n)
		}
		file := filepath.Join(t.TempDir(), "in")
		if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
			rt.Fatal(err)
		}
		var out bytes.Buffer
		r, err := Run(t.Context(), Options{
			Code: passThrough, Out: &out, Window: time.Duration(window) * time.Second, block: rapid.IntRange(1, 200).Draw(rt, "block"),
			Inputs: []Input{{Stream: DefaultStream, File: file, Format: json, Schema: list, Rowtime: "t"}},
		})
		if err != nil {
			rt.Fatal(err)
		}
		if out.String() != want || r.Sources[0].Late != late {
			rt.Fatalf("got\n%swant\n%slate %d, want %d", &out, want, r.Sources[0].Late, late)
		}
	})
}

func TestReadTime(t *testing.T) {
	for text, want := range map[string]int64{
		"10/Oct/2000:13:55:36 -0700":      971211336000,
		"Tue Oct 10 20:55:36.5 2000":      971211336500,
		"Tue Oct 10 20:55:36 2000":        971211336000,
		"2000-10-10T13:55:36-07:00":       971211336000,
		"2000-10-10 20:55:36.25":          971211336250,
		"2000-10-10T20:55:36.25Z":         971211336250,
		"2000-10-10T22:55:36.123456+0200": 971211336123,
		"2000-10-10T22:55:36 +02":         971211336000,
		"2000-10-10":                      971136000000,
		"971211336":                       971211336000,
		"971211336.5":                     971211336500,
		"9.71211336e8":                    971211336000,
		"99999999999":                     99999999999000,
		"100000000000":                    100000000000,
		" 971211336500 ":                  971211336500,
		"31/Apr/2000:13:55:36 -0700":      -1,
		"10/Okt/2000:13:55:36 -0700":      -1,
		"10/Oct/2000:13:55:36 -07:0":      -1,
		"2000-13-10":                      -1,
		"2000-10-10T22:55:36+2500":        -1,
		"yesterday":                       -1,
		"":                                -1,
		"-5":                              -1,
		"NaN":                             -1,
		"1e300":                           -1,
	} {
		var c clock
		for range 2 {
			ms, ok := c.read(text)
			if !ok {
				ms = -1
			}
			if ms != want {
				t.Errorf("%q: %d, want %d", text, ms, want)
			}
		}
	}
}
