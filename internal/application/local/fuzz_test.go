package local

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Whatever is in a file: how it is cut into blocks changes neither its rows nor
// its error rows, and each record becomes one or the other.
func FuzzBlocks(f *testing.F) {
	f.Add([]byte(accessLog), uint8(0), uint16(30))
	f.Add([]byte("{\"t\":1,\"n\":1}\n{\"t\":3,\"n\":\"x\"} 5 {\"t\":2,\"n\":3}[{\"t\":9}]{\"t\":\"\\\"}\",\"n\":4}{"), uint8(1), uint16(3))
	f.Add([]byte(`[{"t":1,"n":1},{"t":3,"n":2}, 7, {"t":2`), uint8(1), uint16(5))
	f.Add([]byte("1,1\n\"2\",\"2\"\"\n\"\n\r\n3,\"x\n4,4\n5"), uint8(2), uint16(1))
	f.Fuzz(func(t *testing.T, text []byte, kind uint8, block uint16) {
		name := []string{"combined", "json", "csv"}[kind%3]
		format, err := ParseFormat(name, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "in")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		in := Input{Stream: DefaultStream, File: file, Format: format}
		code := `CREATE STREAM "OUT" (H VARCHAR(64)); CREATE PUMP P AS INSERT INTO "OUT" SELECT STREAM "host" FROM SOURCE_SQL_STREAM_001;`
		if name != "combined" {
			if in.Schema, err = ParseSchema("schema", `"t" VARCHAR(32), "n" INTEGER`); err != nil {
				t.Fatal(err)
			}
			in.Rowtime, code = "t", passThrough
		}
		run := func(block int, from string) (string, *Result) {
			var out bytes.Buffer
			r, err := Run(t.Context(), Options{File: "a", Code: code, From: from, Out: &out, Window: 2 * time.Second, Inputs: []Input{in}, block: block})
			if err != nil {
				t.Skip(err) // a file that says it is gzip
			}
			return out.String(), r
		}
		for _, from := range []string{"OUT", "error_stream"} {
			whole, r := run(0, from)
			parts, p := run(int(block)+1, from)
			if from == "OUT" && whole != parts || !maps.Equal(r.Errors, p.Errors) {
				t.Errorf("%s: got\n%s%v\nin blocks of %d\n%s%v", from, whole, r.Errors, int(block)+1, parts, p.Errors)
			}
			if got, want := fmt.Sprint(*p.Sources[0]), fmt.Sprint(*r.Sources[0]); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			var errors int64
			for _, n := range r.Errors {
				errors += n
			}
			if from == "OUT" && r.Rows+errors != r.Sources[0].Records {
				t.Errorf("%d rows and %d error rows of %d records", r.Rows, errors, r.Sources[0].Records)
			}
		}
	})
}
