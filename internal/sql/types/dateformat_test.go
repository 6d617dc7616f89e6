package types

import (
	"os"
	"strings"
	"testing"
)

// Java's answers lie in testdata, so that no Java is needed to hold us to them.
func TestDateFormatsAreJavas(t *testing.T) {
	text, err := os.ReadFile("testdata/simpledateformat.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimRight(string(text), "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		field := strings.Split(line, "\t")
		f, err := CompileDateFormat(field[1])
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		got := ""
		if field[0] == "parse" {
			ms, err := f.Parse(field[2])
			if got = string(AppendTimestamp(nil, ms)); err != nil {
				got = "error"
			}
		} else {
			ms, ok := ParseTimestamp(field[2])
			if !ok {
				t.Fatalf("%s: no time", line)
			}
			got = string(f.Append(nil, ms))
		}
		if got != field[3] {
			t.Errorf("%s %q of %q: %q, Java has %q", field[0], field[1], field[2], got, field[3])
		}
	}
}
