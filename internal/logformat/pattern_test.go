package logformat

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// workshop is the pattern of the web analytics workshop's servers, with twelve fields and with sixteen.
const (
	workshopHead = `^([\d.]+) (\S+) (\S+) \[([\w:/]+\s[+\-]\d{4})\] "(.+?)" (\d{3}) ([0-9]+) "(.+?)" "(.+?)" "(.+?)" "(.+?)" "(.+?)"`
	workshop12   = workshopHead + `$`
	workshop16   = workshopHead + ` "(.+?)" "(.+?)" "(.+?)" "(.+?)"$`
)

var workshopNames = []string{"host", "ident", "authuser", "datetime", "request", "response", "bytes", "referrer", "agent", "event", "clientid", "page",
	"custom_metric_name", "custom_metric_int_value", "custom_metric_float_value", "custom_metric_string_value"}

func workshopLines(n int) [][]byte {
	lines := make([][]byte, n)
	for i, line := range benchLines(n) {
		lines[i] = fmt.Appendf(line, ` "%s" "client-%d" "/page/%d" "metric" "%d" "%d.5" "blue"`, []string{"search", "click", "cart"}[i%3], i%97, i%13, i, i)
	}
	return lines
}

// compareTimeout is what a line may take in the backtracking engine to be compared.
const compareTimeout = 20 * time.Millisecond

// ways are the engines that can run a pattern, each made to run it alone.
func ways(t testing.TB, expr string) map[string]matcher {
	t.Helper()
	root, groups, err := parseJava(expr)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	out := make(map[string]matcher)
	if p := compileProgram(root, groups); p != nil {
		out["program"] = programMatcher{p}
	}
	m, err := newMatcher(root, `\A(?:`, `)\z`)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	if _, ok := m.(linear); ok {
		out["linear"] = m
	}
	slow, err := newBacktracking(root, `\A(?:`, `)\z`)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	slow.re.MatchTimeout = compareTimeout
	out["backtracking"] = slow
	return out
}

// programMatcher is a program without the engine behind it.
type programMatcher struct{ *program }

var errNotFinal = fmt.Errorf("the program does not know")

func (m programMatcher) match(spans []span, text []byte) ([]span, error) {
	found, _, final := m.program.match(spans, text, true)
	if found == nil && !final {
		return nil, errNotFinal
	}
	return found, nil
}

// compare holds the ways to each other on one line. It tells whether there was a match and whether the program decided.
func compare(t *testing.T, expr string, ways map[string]matcher, line []byte, slow bool) (matched, decided bool) {
	t.Helper()
	if !utf8.Valid(line) {
		line = AppendValid(nil, line)
	}
	var want []span
	reference := ""
	for _, name := range []string{"linear", "backtracking", "program"} {
		m := ways[name]
		if m == nil || name == "backtracking" && !slow && reference != "" {
			continue
		}
		got, err := m.match(nil, line)
		switch {
		case err == errNotFinal || err == errMatchTimeout:
		case err != nil:
			t.Fatalf("%s %q: %v", expr, line, err)
		case reference == "":
			reference, want = name, got
		case !slices.Equal(got, want):
			t.Fatalf("%s\n%q:\n%s %v\n%s %v", expr, line, name, got, reference, want)
		default:
			decided = decided || name == "program"
		}
	}
	return want != nil, decided
}

// Random patterns of the kind that people write for logs meet lines that nearly match.
func TestEnginesAgree(t *testing.T) {
	const lines = 5000
	random := rand.New(rand.NewPCG(1, 2))
	matched, decided, programs := 0, 0, 0
	for range 200 {
		g := patternGenerator{random: random}
		expr := g.pattern()
		ways := ways(t, expr)
		if ways["program"] != nil {
			programs++
		}
		for i := range lines {
			hit, sure := compare(t, expr, ways, g.line(), i%10 == 0)
			matched += count(hit)
			decided += count(sure)
		}
	}
	t.Logf("%d of %d lines matched, %d patterns were programs, which decided %d lines", matched, 200*lines, programs, decided)
	if matched < 200*lines/10 || matched > 200*lines*9/10 || programs < 100 || decided < 200*lines/4 {
		t.Errorf("the lines or patterns are too much alike to tell anything")
	}
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// patternGenerator makes patterns, and lines from what it remembers of the last one.
type patternGenerator struct {
	random *rand.Rand
	parts  []patternPart
}

// patternPart is a piece of a pattern with texts that it takes.
type patternPart struct {
	expr string
	like []string
}

var patternRuns = []patternPart{
	{`\S+`, []string{"abc", "-", "1.2.3.4", "a\"b", "é"}},
	{`\d{3}`, []string{"200", "404"}},
	{`\d+`, []string{"1", "65535", "200"}},
	{`[0-9]*`, []string{"", "12"}},
	{`[\d.]+`, []string{"1.2.3.4", "."}},
	{`.+?`, []string{"a b", "x\" \"y", "é\u2028"[:2], "a", "b] \"c"}},
	{`.*?`, []string{"", "GET / HTTP", "a|b", "\" 200"}},
	{`.*`, []string{"", "rest \"of\" it", "] \" |"}},
	{`.+`, []string{"q", "12 12", "日本"}},
	{`[^"]*`, []string{"", "no quote", "é"}},
	{`[^"]+?`, []string{"x", "y y"}},
	{`[^\]]+`, []string{"22/Nov/2026:18:49:57 +0000", "a"}},
	{`[\w:/]+\s[+\-]\d{4}`, []string{"22/Nov/2026:18:49:57 +0000"}},
	{`\w{2,4}`, []string{"ab", "abcd", "abcde", "a"}},
	{`[a-f]{1,3}?`, []string{"abc", "f"}},
	{`(?i:get|post)`, []string{"GET", "post", "put"}},
	{`a|ab`, []string{"a", "ab"}},
	{`-|\d+`, []string{"-", "17"}},
	{`.{3}`, []string{"abc", "aéb", "\" \""}},
	{`\p{L}+`, []string{"abc", "日本", "é"}},
	{`[^a]?`, []string{"", "b", "é", "a"}},
}

var patternTexts = []patternPart{
	{" ", []string{" "}}, {`" "`, []string{`" "`}}, {`" `, []string{`" `}}, {` "`, []string{` "`}}, {`\[`, []string{"["}}, {`\] `, []string{"] "}}, {`\|`, []string{"|"}}, {"é", []string{"é"}},
	{`\s+`, []string{" ", "  ", "\t"}}, {": ", []string{": "}}, {"", []string{""}}, {"", []string{""}},
}

func (g *patternGenerator) pattern() string {
	g.parts = g.parts[:0]
	var b strings.Builder
	for range 1 + g.random.IntN(5) {
		text, run := patternTexts[g.random.IntN(len(patternTexts))], patternRuns[g.random.IntN(len(patternRuns))]
		g.parts = append(g.parts, text, run)
		b.WriteString(text.expr)
		if g.random.IntN(8) == 0 {
			b.WriteString("(?:" + run.expr + ")")
		} else {
			b.WriteString("(" + run.expr + ")")
		}
	}
	if g.random.IntN(2) == 0 {
		b.WriteString("$")
	}
	return b.String()
}

// line fills the last pattern; one in three gets a fault.
func (g *patternGenerator) line() []byte {
	var line []byte
	for _, part := range g.parts {
		line = append(line, part.like[g.random.IntN(len(part.like))]...)
	}
	if g.random.IntN(3) > 0 || len(line) == 0 {
		return line
	}
	at, with := g.random.IntN(len(line)), []string{"", " ", "\"", "é", "\n", "\r", "\u2028", "\xff", "0", "a", "] "}
	return slices.Concat(line[:at], []byte(with[g.random.IntN(len(with))]), line[at+g.random.IntN(len(line)-at):])
}

// FuzzEngines is the same on patterns and lines that nobody thought of.
func FuzzEngines(f *testing.F) {
	for _, line := range workshopLines(3) {
		f.Add(workshop16, line)
	}
	f.Add(`([\d.]+) (.+?) \[(.*)\]`, []byte("1.2 a [b]"))
	f.Add(`(\w{2,3}?)(.+)(\s*)$`, []byte("abc é\u0085"))
	f.Add(`\Q[a\E(\s|\h)(?i)(x)`, []byte("[a X"))
	f.Fuzz(func(t *testing.T, expr string, line []byte) {
		if len(expr) > 200 || len(line) > 300 {
			return
		}
		root, _, err := parseJava(expr)
		if err != nil || canExplode(root, 0) {
			return
		}
		if _, err := CompileJava(expr); err != nil {
			return
		}
		compare(t, expr, ways(t, expr), line, true)
		if format, err := New(Spec{LogFormat: CommonApacheLog, MatchPattern: expr, CustomFieldNames: []string{"a"}}); err == nil {
			if out, mismatch := format.Append(nil, line); mismatch == nil {
				requireValidJSON(t, out)
			} else if mismatch.Pos > len(line) {
				t.Fatalf("%s %q: position %d is outside", expr, line, mismatch.Pos)
			}
		}
	})
}

// canExplode tells of repetitions in repetitions, which take the backtracking engine too long to compare.
func canExplode(n *javaNode, depth int) bool {
	if n.op == opRepeat {
		if depth++; depth > 1 || n.max > 20 || n.min > 20 {
			return true
		}
	}
	for _, sub := range n.sub {
		if canExplode(sub, depth) {
			return true
		}
	}
	return false
}

func TestWorkshopPatternsTakeTheCompiledPath(t *testing.T) {
	for expr, fields := range map[string]int{workshop12: 12, workshop16: 16} {
		format, err := New(Spec{LogFormat: CombinedApacheLog, MatchPattern: expr, CustomFieldNames: workshopNames[:fields]})
		if err != nil {
			t.Fatal(err)
		}
		p := format.(*pattern)
		if p.program == nil {
			t.Fatalf("%s is no program", expr)
		}
		for _, line := range workshopLines(50) {
			found, failed, _ := p.program.match(nil, line, true)
			if found == nil && fields == 16 && !strings.Contains(string(line), `" 304 `) {
				t.Fatalf("%s: %v", line, failed)
			}
		}
	}
}

func TestNamesAndGroupsThatDifferDropEveryLine(t *testing.T) {
	converter := mustConverter(t)(NewLogToJSON(Spec{LogFormat: SyslogLog, MatchPattern: `(.) (.)`, CustomFieldNames: []string{"a"}}))
	const want = "a matchPattern with as many groups as there are customFieldNames, or every line is dropped: it has 2, there are 1 names"
	if got := converter.(Warner).Warning(); got != want {
		t.Errorf("warning %q", got)
	}
	if got := convert(t, converter, "1 2\n"); got != "drop byte 0: expected 2 names in customFieldNames, one for each group of matchPattern, instead of 1" {
		t.Errorf("got %s", got)
	}
	if got := convert(t, converter, "12\n"); got != `drop byte 1: expected " "` {
		t.Errorf("a line that does not match: %s", got)
	}
}

func benchPattern(b *testing.B, expr string, names []string, prepare func(*pattern)) {
	lines := workshopLines(512)
	format, err := New(Spec{LogFormat: CombinedApacheLog, MatchPattern: expr, CustomFieldNames: names})
	if err != nil {
		b.Fatal(err)
	}
	prepare(format.(*pattern))
	b.SetBytes(totalBytes(lines))
	b.ReportAllocs()
	out := make([]byte, 0, 1<<20)
	for b.Loop() {
		out = out[:0]
		for _, line := range lines {
			var mismatch *Mismatch
			if out, mismatch = format.Append(out, line); mismatch != nil {
				b.Fatal(mismatch)
			}
		}
	}
}

// The workshop's pattern through the program, through Go's regexp, and through the engine that backtracks.
func BenchmarkWorkshop(b *testing.B) {
	b.Run("program", func(b *testing.B) { benchPattern(b, workshop16, workshopNames, func(*pattern) {}) })
	b.Run("linear", func(b *testing.B) {
		benchPattern(b, workshop16, workshopNames, func(p *pattern) { p.program = nil })
	})
	b.Run("backtracking", func(b *testing.B) {
		benchPattern(b, workshop16, workshopNames, func(p *pattern) {
			p.program, p.re.whole = nil, ways(b, workshop16)["backtracking"]
		})
	})
}
