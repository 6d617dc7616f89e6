package logformat

import (
	"strings"
	"testing"
)

func TestPatternsAreRefusedByNameAndPlace(t *testing.T) {
	for _, c := range [][2]string{
		{`a)`, "')' without '(' at character 2"},
		{`x(a|b`, "'(' without ')' at character 2"},
		{`a[b`, "'[' without ']' at character 2"},
		{`*a`, "'*' with nothing to repeat at character 1"},
		{`a|+`, "'+' with nothing to repeat at character 3"},
		{`a**`, "quantifier behind a quantifier at character 3"},
		{`a{2}{3}`, "quantifier behind a quantifier at character 5"},
		{`{"a":(.*)}`, "'{' with nothing to repeat at character 1"},
		{`a{x}`, "repetition without a number of times at character 3"},
		{`a{2,1}`, "repetition with its largest number first at character 6"},
		{`a{99999999999}`, "repetition without a number of times at character 3"},
		{`(?x) a`, "inline flag x at character 1"},
		{`(?iu)a`, "inline flag u at character 1"},
		{`(?#a)`, "group of an unknown kind at character 1"},
		{`(?<1a>b)`, "group name that is not letters and digits before '>' at character 4"},
		{`\Gx`, `\G at character 1`},
		{`a\X`, `\X at character 2`},
		{`\b{g}`, `\b{ at character 1`},
		{`\N{DIGIT ONE}`, `\N at character 1`},
		{`\1(a)`, "back-reference to a group that does not exist before it at character 1"},
		{`(a\1)`, "back-reference to a group that does not exist before it at character 3"},
		{`\k<n>`, "back-reference to a group that does not exist before it at character 1"},
		{`(?i)(a)\1`, "back-reference under (?i) at character 8"},
		{`\p{InGreek}`, `property \p{InGreek} at character 1`},
		{`a\`, "backslash at the end at character 2"},
		{`\0`, `\0 without octal digits at character 1`},
		{`\u12`, "short escape at character 1"},
		{`\ud83d`, "half a surrogate pair at character 1"},
		{`[b-a]`, "range with its largest character first at character 3"},
		{`[a&&]`, "'&&' with nothing behind at character 3"},
		{`[a-\d]`, `\d at character 4`},
		{`\Qa.b\E*)`, "')' without '(' at character 9"},
	} {
		_, err := CompileJava(c[0])
		if want := c[1] + " is not supported"; err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", c[0], err, want)
		}
	}
}

// Each pattern meets a text that it matches as a whole, or not, as Java has it; "engine" is where it runs.
func TestJavaRegexp(t *testing.T) {
	const go_, net = "linear", "backtracking"
	for _, c := range []struct {
		expr, engine string
		match, other string // texts separated by blanks; "_" is the empty one
	}{
		{`\d+`, go_, "1 09", "a ١ _"},
		{`\w+`, go_, "aZ_9", "é a-b"},
		{`[\W]`, go_, "é -", "a"},
		{`a\sb`, go_, "a\vb", "a\u00a0b a\u0085b"},
		{`a[\S]b`, go_, "a\u0085b", "a\vb"},
		{`a\hb`, go_, "a\u00a0b", "a\vb"},
		{`a\Vb`, go_, "axb", "a\vb a\u2028b"},
		{`a.b`, go_, "a\vb a\u00a0b a😀b", "a\rb a\u0085b a\u2028b"},
		{`(?s)a.b`, go_, "a\rb", "ab"},
		{`(?d)a.b`, go_, "a\rb", "a\nb"},
		{`(?i)ab[c-e]`, go_, "AbD", "\u212aB abf"},
		{`(?i)k`, go_, "k K", "\u212a"},
		{`a(?i:b)c`, go_, "aBc", "aBC"},
		{`a((?i)b)c`, go_, "aBc", "aBC"},
		{`(?i)a(?-i)b`, go_, "Ab", "AB"},
		{`\Q.*[\E+`, go_, ".*[[", "a"},
		{`[\Q^-]\E]`, go_, "^ - ]", "a"},
		{`[]a]+[^]a]`, go_, "a]b", "]]"},
		{`[a-z&&[^aeiou]]+`, go_, "xyz", "xaz"},
		{`[a-z&&def]`, go_, "d f", "a"},
		{`[^a-c&&b-z]`, go_, "a é d", "b c"},
		{`[a-c[x-z]]+`, go_, "ay", "m"},
		{`[a&b]+`, go_, "a&b", "c"},
		{`[\w.-]+`, go_, "a-.9", "+"},
		{`\x41\u0042\103\0103\e?`, net, "", "A"}, // \103 is a back-reference to group 1, which is refused
		{`\x41\u0042\0103\x{43}\cA?`, go_, "ABCC", "A"},
		{`\ud83d\ude00`, go_, "😀", "?"},
		{`\p{Lu}\p{L}*\pN?\P{L}`, go_, "Éé1-", "é1-"},
		{`\p{Alpha}\p{Punct}`, go_, "a!", "é!"},
		{`a\Rb`, go_, "a\rb a\r\nb a\u2028b", "a\n\rb"},
		{`^a$`, go_, "a", "a\n"},
		{`(a$\n?)`, net, "a a\n", "ab"},
		{`a|b$`, go_, "a b", "b\n"},
		{`\ba\b-\Bx?`, go_, "a-", "a-x"},
		{`\ba\b.*`, go_, "a a-", "ab aé"},
		{`(?=a)\w+`, net, "ab", "ba"},
		{`(?!a)\w+(?<!z)`, net, "ba", "ab bz"},
		{`(?<=^)a(?<=a)`, net, "a", "b"},
		{`(\w)\1`, net, "aa", "ab"},
		{`(?<x>\w)-\k<x>`, net, "a-a", "a-b"},
		{`(a)\10`, net, "aa0", "aa"},
		{`a*+a`, net, "", "aaa"},
		{`(?>a|ab)c`, net, "ac", "abc"},
		{`(a|b*)*`, net, "aab _", "c"},
		{`a{1001}`, net, "", "a"},
		{`(?:a{500}){3}`, net, "", "a"},
		{`(?m)a$\n^b`, net, "a\nb", "a\rb"},
		{`(?m)a$.?`, net, "a", "ab"},
		{`a\Z`, go_, "a", "b"},
	} {
		re, err := CompileJava(c.expr)
		if err != nil {
			if !strings.Contains(err.Error(), "not exist") {
				t.Errorf("%s: %v", c.expr, err)
			}
			continue
		}
		engine := net
		switch re.whole.(type) {
		case linear, asciiMatcher:
			engine = go_
		}
		if engine != c.engine {
			t.Errorf("%s runs in the %s engine", c.expr, engine)
		}
		for _, text := range strings.Split(c.match, " ") {
			if ok, err := re.Matches([]byte(strings.TrimPrefix(text, "_"))); c.match != "" && (!ok || err != nil) {
				t.Errorf("%s does not match %q (%v)", c.expr, text, err)
			}
		}
		for _, text := range strings.Split(c.other, " ") {
			if ok, err := re.Matches([]byte(strings.TrimPrefix(text, "_"))); ok || err != nil {
				t.Errorf("%s matches %q (%v)", c.expr, text, err)
			}
		}
	}
}

func TestLookingAt(t *testing.T) {
	for _, c := range []struct {
		expr, text string
		want       bool
	}{
		{`\[\d+`, "[12] rest\n", true},
		{`\d+`, "[12]", false},
		{`a$`, "a\n", true},
		{`a$`, "ab", false},
		{`^`, "", true},
		{`(?=a)`, "ab", true},
	} {
		re, err := CompileJava(c.expr)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := re.LookingAt([]byte(c.text)); got != c.want || err != nil {
			t.Errorf("%s at %q: %v %v", c.expr, c.text, got, err)
		}
	}
}

// A pattern that backtracks without end is given up, and says so.
func TestAPatternThatTakesTooLongIsAMismatch(t *testing.T) {
	format, err := New(Spec{LogFormat: SyslogLog, MatchPattern: `(?=a)((?:aa?)+)[bc]`, CustomFieldNames: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	_, mismatch := format.Append(nil, []byte(strings.Repeat("a", 100)))
	if mismatch == nil || mismatch.Expected != "a line that can be matched in time: matching took longer than 1s" {
		t.Errorf("got %v", mismatch)
	}
}

// A linear engine comes to an end also where a backtracking one would not.
func TestALongLineThatDoesNotMatch(t *testing.T) {
	line := []byte(`1.1.1.1 - - [` + strings.Repeat(`" 20x `, 1<<20/6))
	for _, expr := range []string{`(\S+) (.+?) (.+?) \[(.*?)" (\d{3}) "(.+?)" (.+?)"`, `(?:(.+?)+ )+(\d{3})$`} {
		re, err := CompileJava(expr)
		if err != nil {
			t.Fatal(err)
		}
		format, err := New(Spec{LogFormat: CommonApacheLog, MatchPattern: expr, CustomFieldNames: make([]string, re.Groups())})
		if err != nil {
			t.Fatal(err)
		}
		if _, mismatch := format.Append(nil, line); mismatch == nil {
			t.Errorf("%s matched", expr)
		}
	}
}
