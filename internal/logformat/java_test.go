package logformat

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/realtest"
)

// jvm gathers questions to java.util.regex, which testdata/java/Match.java answers all at once.
type jvm struct {
	questions []string
	check     []func(answer string)
}

func (j *jvm) ask(command byte, text []byte, check func(answer string)) {
	j.questions = append(j.questions, fmt.Sprintf("%c %s", command, base64.StdEncoding.EncodeToString(text)))
	j.check = append(j.check, check)
}

func (j *jvm) run(t *testing.T) {
	t.Helper()
	c := exec.Command(realtest.Program(t, "java"), "testdata/java/Match.java")
	c.Stdin = strings.NewReader(strings.Join(j.questions, "\n") + "\n")
	var problems bytes.Buffer
	c.Stderr = &problems
	out, err := c.Output()
	if err != nil {
		if strings.Contains(problems.String(), "Module jdk.compiler") { // a runtime without compiler
			realtest.Missing(t, "JDK")
		}
		t.Fatalf("java: %v\n%s", err, problems.String())
	}
	answers := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(answers) != len(j.questions) {
		t.Fatalf("%d answers to %d questions\n%s", len(answers), len(j.questions), problems.String())
	}
	for i, answer := range answers {
		j.check[i](answer)
	}
}

// wanted fails if Java compiles a pattern differently than we think.
func (j *jvm) pattern(t *testing.T, expr string) {
	j.ask('P', []byte(expr), func(answer string) {
		if answer != "ok" {
			t.Errorf("Java does not compile %s", expr)
		}
	})
}

// javaAnswer writes spans as Match.java does.
func javaAnswer(spans []span, text []byte) string {
	if spans == nil {
		return "no"
	}
	out := "groups"
	for _, s := range spans[1:] {
		if s.start < 0 {
			out += " -"
		} else {
			out += " " + base64.StdEncoding.EncodeToString(text[s.start:s.end])
		}
	}
	return out
}

// beyondRE2 are patterns that need the backtracking engine, or mean something else in other dialects.
var beyondRE2 = []string{
	`(?=(\w+))(.+)`, `(.+?)(?!\d)(.)`, `(.*)(?<=a)(b?)`, `(\w)(.*)\1`, `(?<q>["'])(.*?)\k<q>(.*)`, `(\w++)(.*)`, `(?>(\d+))(.*)`, `([a-z&&[^aeiou]]*)(.*)`, `(.*?)\b(\w*)`, `(\w*)\B(.*)`,
	`([^a-c&&b-z]*)(.*)`, `([\w.&&\D]*)(.*)`, `(?i)([a-f]+|é)(.*)`, `(\R*)(.*)`, `(?s)(.*)\R(.*)`, `([\h]*)(\H*)(\v*)(?s)(.*)`, `(?m)(^.*$)(?s)(.*)`, `(?s)(.*?)(?m)^(.*)`, `(?s)(.*)$(\n?)`,
	`(?d)(.*)(?-d)(.*)`, `(\S*)(\s*)([\S]*)(.*)`, `(\p{L}*)(\P{Alpha}*)(.*)`, `(\p{Punct}*)([\p{Lu}\d]*)(.*)`, `(?:(a)|(b)|.)*`, `(?:(a|b)*c?)*(.*)`, `((a*)*)(.*)`, `(a|ab)(c|bcd)?(d*)(.*)`, `([]a]*)(.*)`,
	`(a??)(a*?)(.*)`, `(\x41|\u0062|\0143)*(.*)`, `(\Qa.b\E)*(.*)`, `([\Q[]\E]*)(.*)`, `(?s)(.*)\Z(.*)`, `(?:(?=(.))\1)*(.*)`, `(.{2})*(.*)`, `(?s:(.)){2}(.*)`, `(\w{2,3}?)*+(.*)`, `([é-ü]*)(.*)`,
}

var javaTexts = []string{"", "a", "b", "c", "ab", "aab", "abc", "A", "é", "ü", "日", "😀", "1", "22", " ", "\t", "\v", "\u00a0", "\u0085", "\u2028", "\r", "\n", "\r\n", "\"", "'", "-", ".", "_", "[", "]", "\u0301", "\x00"}

// Our engines and java.util.regex say the same of the same patterns and lines.
func TestPatternsMeanWhatTheyMeanInJava(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var j jvm
	matched := 0
	compareWith := func(expr string, lines int, line func() []byte) {
		j.pattern(t, expr)
		re, err := CompileJava(expr)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			return
		}
		for range lines {
			text := line()
			valid := AppendValid(nil, text)
			spans, err := re.whole.match(nil, valid)
			if err != nil {
				t.Fatalf("%s %q: %v", expr, text, err)
			}
			want := javaAnswer(spans, valid)
			matched += count(spans != nil)
			j.ask('M', text, func(answer string) {
				if answer != want {
					t.Errorf("%s\n%q: Java has %s, %T %s", expr, text, readable(answer), re.whole, readable(want))
				}
			})
			looking, err := re.LookingAt(text)
			if err != nil {
				t.Fatalf("%s %q: %v", expr, text, err)
			}
			j.ask('A', text, func(answer string) {
				if (answer == "yes") != looking {
					t.Errorf("%s\n%q: lookingAt is %s in Java", expr, text, answer)
				}
			})
		}
	}
	for _, expr := range beyondRE2 {
		compareWith(expr, 300, func() []byte {
			var line []byte
			for range random.IntN(6) {
				line = append(line, javaTexts[random.IntN(len(javaTexts))]...)
			}
			return line
		})
	}
	for range 200 {
		g := patternGenerator{random: random}
		expr := g.pattern()
		compareWith(expr, 100, g.line)
	}
	if matched < 5000 {
		t.Errorf("only %d lines matched", matched)
	}
	j.run(t)
}

// readable decodes an answer.
func readable(answer string) string {
	words := strings.Fields(answer)
	for i, word := range words {
		if text, err := base64.StdEncoding.DecodeString(word); err == nil && i > 0 {
			words[i] = fmt.Sprintf("%q", text)
		}
	}
	return strings.Join(words, " ")
}

// Lines are split as String.split does it.
func TestDelimitersSplitAsInJava(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	pieces := []string{"", ",", ",,", "|", "\t", ";", " ", "a", "b1", "é", "x,y", "::", "\r", "1|"}
	var j jvm
	for _, delimiter := range []string{",", `\|`, "|", `\t`, `\s+`, `\s*`, "[,;]", "::", ":", ".", "", `(?=a)`, `(?<=,)`, `\b`, ",|;", "(,)(;)?", "a*", "x?", "é", `^`, `$`} {
		j.pattern(t, delimiter)
		split, err := newSplitter(delimiter)
		if err != nil {
			t.Fatalf("%s: %v", delimiter, err)
		}
		c := csvToJSON{layout: layout{width: 50}, split: split}
		for range 200 {
			var line []byte
			for range random.IntN(7) {
				line = append(line, pieces[random.IntN(len(pieces))]...)
			}
			want := "columns"
			columns, err := c.columns(nil, line)
			if err != nil {
				t.Fatal(err)
			}
			for _, column := range columns {
				want += " " + base64.StdEncoding.EncodeToString(line[column.start:column.end])
			}
			j.ask('S', line, func(answer string) {
				if answer != want {
					t.Errorf("%q by %s: Java has %s, we %s", line, delimiter, readable(answer), readable(want))
				}
			})
		}
	}
	j.run(t)
}
