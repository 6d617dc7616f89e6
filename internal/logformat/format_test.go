package logformat

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write what the formats answer into testdata/*.golden")

// The golden files hold a line of log and below it what becomes of it:
//
//	# why this line is here
//	"input as a Go string"
//	{"json":…}   or   dropped at byte N: expected …
//
// A line "format …" switches the format, given as logFormat, then lenient, workshop (its pattern of sixteen groups), or pattern and names where there are any.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { runGolden(t, file) })
	}
}

func runGolden(t *testing.T, file string) {
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	var format Format
	var got string
	lines := 0
	scanner := bufio.NewScanner(strings.NewReader(string(src)))
	scanner.Buffer(nil, 1<<20)
	for n := 1; scanner.Scan(); n++ {
		text := scanner.Text()
		switch {
		case text == "" || text[0] == '#':
		case strings.HasPrefix(text, "format "):
			format = goldenFormat(t, strings.Fields(text)[1:])
		case text[0] == '"':
			line, err := strconv.Unquote(text)
			if err != nil || format == nil {
				t.Fatalf("%s:%d: bad input line: %v", file, n, err)
			}
			got = goldenAnswer(format, line)
			lines++
			out.WriteString(text + "\n" + got + "\n")
			continue
		default:
			if text != got && !*rewrite {
				t.Errorf("%s:%d:\n got %s\nwant %s", file, n, got, text)
			}
			continue
		}
		out.WriteString(text + "\n")
	}
	if lines == 0 {
		t.Fatalf("%s holds no lines", file)
	}
	if *rewrite {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !*rewrite && out.String() != string(src) {
		t.Errorf("%s lacks answers: run with -rewrite", file)
	}
}

func goldenFormat(t *testing.T, words []string) Format {
	format, err := New(goldenSpec(t, words))
	if err != nil {
		t.Fatal(err)
	}
	return format
}

func goldenSpec(t *testing.T, words []string) Spec {
	spec := Spec{LogFormat: words[0]}
	switch {
	case len(words) == 2 && words[1] == "lenient":
		spec.Lenient = true
	case len(words) > 1 && words[1] == "workshop":
		spec.MatchPattern, spec.CustomFieldNames = workshop16, workshopNames
	case len(words) > 1:
		pattern, err := strconv.Unquote(strings.Join(words[1:len(words)-1], " "))
		if err != nil {
			t.Fatalf("pattern of %q: %v", words, err)
		}
		spec.MatchPattern, spec.CustomFieldNames = pattern, strings.Split(words[len(words)-1], ",")
	}
	return spec
}

func goldenAnswer(format Format, line string) string {
	const before = "kept "
	out, mismatch := format.Append([]byte(before), []byte(line))
	if !strings.HasPrefix(string(out), before) {
		return fmt.Sprintf("lost what was before: %q", out)
	}
	if mismatch != nil {
		if string(out) != before {
			return fmt.Sprintf("left %q behind a mismatch", out)
		}
		return fmt.Sprintf("dropped at byte %d: expected %s", mismatch.Pos, mismatch.Expected)
	}
	return string(out[len(before):])
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		spec Spec
		want string
	}{
		{Spec{}, "logFormat is missing"},
		{Spec{LogFormat: "SYSLOG", Lenient: true}, "lenient is for COMMONAPACHELOG and COMBINEDAPACHELOG without matchPattern"},
		{Spec{LogFormat: "SYSLOG", JSONFormat: "XML"}, `jsonFormat "XML" is unknown`},
		{Spec{LogFormat: "combinedapachelog"}, `logFormat "combinedapachelog" is unknown`},
		{Spec{LogFormat: CommonApacheLog, CustomFieldNames: []string{"a", "b"}}, "customFieldNames has 2 names, COMMONAPACHELOG has 7 fields"},
		{Spec{LogFormat: CommonApacheLog, MatchPattern: "(.*)"}, "matchPattern needs customFieldNames"},
		{Spec{LogFormat: CommonApacheLog, MatchPattern: `(a`, CustomFieldNames: []string{"a"}}, "matchPattern: '(' without ')' at character 1 is not supported"},
	} {
		_, err := New(c.spec)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("New(%+v) = %v, want %s", c.spec, err, c.want)
		}
	}
}

func TestFieldNamesAreEscapedAndRepeatsKeepTheirFirstPlace(t *testing.T) {
	format, err := New(Spec{LogFormat: CommonApacheLog, MatchPattern: `(\w) (\w) (\w)`, CustomFieldNames: []string{`a"`, "b", `a"`}})
	if err != nil {
		t.Fatal(err)
	}
	out, mismatch := format.Append(nil, []byte("1 2 3"))
	if want := `{"a\"":"3","b":"2"}`; mismatch != nil || string(out) != want {
		t.Fatalf("got %s %v, want %s", out, mismatch, want)
	}
}
