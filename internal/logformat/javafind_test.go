package logformat

import (
	"fmt"
	"strings"
	"testing"
)

// What Matcher.find gives, one match after the other, each with its groups; the expectations were made by hand.
func TestJavaFinder(t *testing.T) {
	for _, c := range []struct{ expr, text, want string }{
		{`L[A-Z]*`, "TECHNOLOGY", "LOGY"},
		{`FOO`, "TECHNOLOGY", ""},
		{`(\w+)-(\d+)`, "a-1, bc-22", "a-1(a)(1) bc-22(bc)(22)"},
		{`(a)|(b)`, "ba", "b(-)(b) a(a)(-)"},
		{`\b\w`, "one two", "o t"},
		{`\bé`, "é été", "é é"},
		{`^a`, "aa", "a"},
		{`a$`, "aa", "a"},
		{`a$`, "aa\n", "a"},
		{`(?<=x)a`, "axa", "a"},
		{`(.)\1`, "abbccd", "bb(b) cc(c)"},
		{`a++b`, "aab", "aab"},
	} {
		f, err := CompileJavaFinder(c.expr)
		if err != nil {
			t.Fatalf("%s: %v", c.expr, err)
		}
		var all []string
		for from := 0; ; {
			spans, err := f.Find(nil, c.text, from)
			if err != nil {
				t.Fatal(err)
			}
			if spans == nil {
				break
			}
			if len(spans) != 2*f.Groups()+2 {
				t.Fatalf("%s has %d spans, want %d", c.expr, len(spans), 2*f.Groups()+2)
			}
			one := c.text[spans[0]:spans[1]]
			for i := 2; i < len(spans); i += 2 {
				group := "-"
				if spans[i] >= 0 {
					group = c.text[spans[i]:spans[i+1]]
				}
				one += fmt.Sprintf("(%s)", group)
			}
			all = append(all, one)
			from = max(spans[1], spans[0]+1)
		}
		if got := strings.Join(all, " "); got != c.want {
			t.Errorf("%s in %q finds %q, want %q", c.expr, c.text, got, c.want)
		}
	}
}

func TestMatchGroups(t *testing.T) {
	for _, c := range []struct{ expr, text, want string }{
		{`(\w+)-(\d+)`, "ab-12", "[0 2 3 5]"},
		{`(\w+)-(\d+)`, "ab-12 ", "[]"},
		{`(a)?b`, "b", "[-1 -1]"},
		{`(?=a)(.)é`, "aé", "[0 1]"},
	} {
		r, err := CompileJava(c.expr)
		if err != nil {
			t.Fatal(err)
		}
		if spans, err := r.MatchGroups(nil, c.text); err != nil || fmt.Sprint(spans) != c.want {
			t.Errorf("%s on %q: %v, %v, want %s", c.expr, c.text, spans, err, c.want)
		}
	}
}

func TestFindGivesUpATextThatTakesTooLong(t *testing.T) {
	f, err := CompileJavaFinder(`(?=a)(?:aa?)+[bc]`)
	if err == nil {
		_, err = f.Find(nil, strings.Repeat("a", 100), 0)
	}
	if err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("find: %v, want a text that took too long", err)
	}
}
