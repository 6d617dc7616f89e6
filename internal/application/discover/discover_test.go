package discover

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/application/input"
)

// Each case of testdata/records.txt: records, and what is discovered in them.
func TestRecords(t *testing.T) {
	text, err := os.ReadFile("testdata/records.txt")
	if err != nil {
		t.Fatal(err)
	}
	cases := strings.Split(string(text), "\n== ")[1:]
	if len(cases) < 9 {
		t.Fatalf("found %d cases", len(cases))
	}
	for _, c := range cases {
		name, rest, _ := strings.Cut(c, "\n")
		in, want, ok := strings.Cut(rest, "\n--\n")
		if !ok {
			t.Fatalf("%s: no line --", name)
		}
		var records [][]byte
		for _, line := range strings.Split(in, "\n") {
			records = append(records, []byte(line))
		}
		if got := show(Records(records, Options{})); got != strings.TrimSpace(want) {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
		}
	}
}

func show(r *Result, err error) string {
	if err != nil {
		return err.Error()
	}
	s := r.Schema
	lines := []string{s.Format.String() + " " + s.RowPath + s.ColumnDelimiter}
	for _, c := range s.Columns {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s", c.Name, c.SQLType, c.Mapping)))
	}
	for _, row := range r.Parsed {
		lines = append(lines, strings.Join(row, " | "))
	}
	return strings.Join(lines, "\n")
}

// A known format is not taken for the other one.
func TestKnownFormat(t *testing.T) {
	record := [][]byte{[]byte(`{"a":1,"b":2}`)}
	if _, err := Records(record, Options{Format: input.JSON, Known: true}); err != nil {
		t.Error(err)
	}
	r, err := Records([][]byte{[]byte("1,2"), []byte("3,4")}, Options{Format: input.CSV, Known: true})
	if err != nil || len(r.Schema.Columns) != 2 {
		t.Error(r, err)
	}
	if _, err := Records([][]byte{[]byte("1,2")}, Options{Format: input.JSON, Known: true}); err != ErrUndetected {
		t.Error(err)
	}
}

// Whatever the records are, a discovered schema is one that an input takes, and reading by it does not panic.
func FuzzRecords(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[{"c":1}]},"d":"x"}`), []byte("a,b\n\"c\",d"))
	f.Add([]byte(`[{"a.b":1,"":2,"x":[[1]]}]`), []byte("1|2"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		r, err := Records([][]byte{a, b}, Options{})
		if err != nil {
			if err != ErrUndetected {
				t.Fatal(err)
			}
			return
		}
		if _, err := r.Schema.Layout(); err != nil {
			t.Fatal(err)
		}
	})
}
