package objectkey

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/realtest"
)

var rewrite = flag.Bool("rewrite", false, "write what Java makes of testdata/patterns.txt into it")

// testdata/patterns.txt: "at INSTANT ZONE", then a pattern and what Java's
// DateTimeFormatter makes of it, or "refused".
func TestPatterns(t *testing.T) {
	const file = "testdata/patterns.txt"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if *rewrite {
		text = fillIn(t, text)
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var at time.Time
	lines := 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		if instant, ok := strings.CutPrefix(line, "at "); ok {
			at = parseInstant(t, instant)
			continue
		}
		s, want, found := strings.Cut(line, "\t")
		if !found {
			t.Fatalf("%q has no outcome: run with -rewrite", line)
		}
		lines++
		if got := evaluatePattern(s, at); got != want {
			t.Errorf("%s at %s: %q, Java makes %q", s, at, got, want)
		}
	}
	if lines < 100 {
		t.Fatalf("only %d patterns", lines)
	}
}

func parseInstant(t *testing.T, s string) time.Time {
	t.Helper()
	instant, name, _ := strings.Cut(s, " ")
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339, instant)
	if err != nil {
		t.Fatal(err)
	}
	return at.In(zone)
}

func evaluatePattern(s string, at time.Time) string {
	p, err := parsePattern(s)
	if err != nil {
		return "refused"
	}
	return string(p.append(nil, at))
}

// fillIn asks Java.
func fillIn(t *testing.T, text []byte) []byte {
	var at string
	var questions []string
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if rest, ok := strings.CutPrefix(line, "at "); ok {
			at = strings.Replace(rest, " ", "|", 1)
		} else if line != "" && !strings.HasPrefix(line, "# ") {
			questions = append(questions, at+"|"+line)
		}
	}
	answers := java(t, questions)
	var out bytes.Buffer
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if line != "" && !strings.HasPrefix(line, "# ") && !strings.HasPrefix(line, "at ") {
			line += "\t" + answers[0]
			answers = answers[1:]
		}
		fmt.Fprintln(&out, line)
	}
	return out.Bytes()
}

// java returns what DateTimeFormatter makes of "instant|zone|pattern".
func java(t *testing.T, questions []string) []string {
	t.Helper()
	realtest.Program(t, "javac") // the source is compiled on the way
	cmd := exec.Command(realtest.Program(t, "java"), "-Xshare:auto", "-XX:TieredStopAtLevel=1", "testdata/Format.java")
	cmd.Stdin = strings.NewReader(strings.Join(questions, "\n") + "\n")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	answers := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(answers) != len(questions) {
		t.Fatalf("%d answers to %d questions", len(answers), len(questions))
	}
	return answers
}

// Patterns of all letters that are not refused, literals and times at random
// give what Java gives.
func TestPatternsAgainstJava(t *testing.T) {
	random := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	const letters = "GyuYMLQqdDwWFEecaHkKhmsSANnVzOXxZ"
	var questions []string
	for range 3000 {
		pattern := ""
		for range 1 + random.IntN(5) {
			c := letters[random.IntN(len(letters))]
			run := strings.Repeat(string(c), 1+random.IntN(5))
			if c == 'z' && len(run) > 3 {
				run = "z" // its long names are refused
			}
			// A letter twice in a row is one run.
			pattern += pick("", pick("-", "/", "_", " ", ".", "''", "'T'", "'it''s é'", "é")) + pick("", "", "", strings.Repeat("p", 40)) + run
			pattern += pick("/", "-", "'x'", "[dd]")
		}
		at := time.Unix(946684800+random.Int64N(35*365*86400), 0).UTC() // zones have fewer secrets since 2000
		zone := pick("UTC", "Europe/Madrid", "Asia/Kolkata", "America/New_York", "America/St_Johns", "Asia/Tokyo", "Australia/Sydney", "Europe/London")
		questions = append(questions, at.Format(time.RFC3339)+"|"+zone+"|"+pattern)
	}
	formatted := 0
	for i, want := range java(t, questions) {
		fields := strings.SplitN(questions[i], "|", 3)
		got := evaluatePattern(fields[2], parseInstant(t, fields[0]+" "+fields[1]))
		if got != want {
			t.Errorf("%s: %q, Java makes %q", questions[i], got, want)
		}
		if want != "refused" {
			formatted++
		}
	}
	t.Logf("%d of %d patterns were formatted", formatted, len(questions))
	if formatted < 100 {
		t.Errorf("only %d patterns were formatted", formatted)
	}
}
