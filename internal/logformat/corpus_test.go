package logformat

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// corpus describes the lines of one format: its pieces in order, the usual text of each first, then what else stands or should not stand there.
type corpus struct {
	file   string
	format string // as in a golden file
	parts  [][]string
}

const corpusLines = 320

// Texts that any free field may hold.
var freeTexts = []string{"a b", "", "-", "--", "é 日本 😀", "\x00\x01\x1b\x7f", "\t\v\f\b", "<>&/'", `back\slash`, `say \"hi\"`, `end\`, "\u0085", "\u2028", "\u2029", "\r", "\xff\xfe", "\xe2\x82A",
	"\xf0\x9f\x98", "\xed\xa0\x80", "\xc0\xaf", "\xf4\x90\x80\x80", "\u00a0", "]", "[x]", `" "`, `" 200 1 "`, "%20?a=b&c=d", "\\", "\\\\", "null", "ſK"}

var (
	corpusHosts = []string{"127.0.0.1", "www.example.com", "www.example.com.", "a", "-", "_x-", "::1", "2001:db8::7", "[::1]", "1.1.1.1, 2.2.2.2", "exämple.com", "...", "1..2", "a..b", ".a", "1.2.3.4.5.6", "999", "", " ", "host name", "a.b-c_d.e", "0.0.0.0."}
	corpusUsers = []string{"-", "frank", "j.doe", "a_b-c.d", "a@b", "", "two words", "DOMAIN\\u", "é", "\"\"", "x,y", "0"}
	corpusTimes = []string{"18:49:57", "00:00:00", "23:59:60", "0:5:7", "0:05:7", "24:00:00", "18:60:00", "18:49:61", "18:49:57.123", "18:49:57,5", "18:49:57:9", "18:49:57.", "18:49", "018:49:57", "3:07:08"}
	corpusDays  = []string{"22", "1", "01", "31", "32", "0", "00", "9", "09", "3a", "", "022"}
	corpusMonth = []string{"Nov", "November", "May", "Sept", "Sep", "June", "Jun", "nov", "NOV", "11", "Novembe", "", "Mai"}
	corpusYears = []string{"2026", "1", "0026", "20261", "", "26", "-2026"}
	corpusZones = []string{" +0000", " -0730", " 0000", " +04:00", " Z", "", "  +0000", "\t+1", " +", "\v-05"}
	corpusCodes = []string{"200", "404", "-", "-5", "+7", "", "2x0", "99999999999999999999", "--", "1e3", "0", " "}
	corpusRest  = []string{"", " ", " more \"quoted\" text", "x", "\r", " \u2028", " 12 34", "\"", " \xff", "\t"}
)

func quotedVariants(usual string) []string { return append([]string{usual}, freeTexts...) }

func fixed(text string) []string { return []string{text} }

func accessParts() [][]string {
	return [][]string{append([]string{"10.1.2.3"}, corpusHosts...), fixed(" "), corpusUsers, fixed(" "), append([]string{"frank"}, corpusUsers...), {" [", " ", "[", " [ "},
		corpusDays, {"/", "-", " "}, corpusMonth, fixed("/"), corpusYears, {":", " "}, corpusTimes, corpusZones, {"] ", "]", "]  "},
		fixed(`"`), quotedVariants("GET /a?b=1 HTTP/1.1"), {`" `, `"`, `"  `, `'`}, corpusCodes, {" ", "", "  "}, append([]string{"5120"}, corpusCodes...)}
}

var corpora = []corpus{
	{"corpus_common", CommonApacheLog, append(accessParts(), corpusRest)},
	{"corpus_combined", CombinedApacheLog, append(accessParts(), []string{` "`, ` `, `"`, `  "`}, quotedVariants("http://www.example.com/start"), []string{`" "`, `""`, `"  "`, `" `},
		quotedVariants("Mozilla/5.0 (X11; Linux x86_64)"), fixed(`"`), corpusRest)},
	{"corpus_lenient", CombinedApacheLog + " lenient", append(accessParts(), []string{` "`, ` `, `"`, `  "`}, quotedVariants("http://www.example.com/start"), []string{`" "`, `""`, `"  "`, `" `},
		quotedVariants("Mozilla/5.0 (X11; Linux x86_64)"), fixed(`"`), corpusRest)},
	{"corpus_error", ApacheErrorLog, [][]string{{"[", "", " ["}, {"Sun", "Sunday", "Tues", "Wed", "Xyz", "sun", "", "Thursday"}, {" ", "  ", "\t", ""}, corpusMonth, {" ", "  ", "\v", ""}, corpusDays, {" ", "  "},
		append([]string{"18:49:57.123456"}, corpusTimes...), {" ", "  ", ""}, corpusYears, {"] ", "]", "]  "}, {"[core:", "[", "[proxy_http:", "[a:b:", "[:", "[é:", ""}, {"error", "warn", "", "x-y", "-"}, {"] ", "]"},
		{"[pid 35708", "[pid ", "[pid -1", "[pid 007", "pid 7", "[pid 7 "}, {":tid 4328636416", "", ":tid ", ":tid -5", ":tid 5x", ":tid 0"}, {"] ", "]", "]  "},
		{"[client 72.15.99.187", "[client ::1", "[client www.example.com.", "", "[client ", "[client 1.1.1.1, 2.2.2.2", "[client -", "[client ..."}, {":54321", "", ":", ":0", ":080", ":99999999", ":1:2"},
		{"] ", "]", "]  "}, append([]string{"AH00035: access to / denied"}, freeTexts...)}},
	{"corpus_syslog", SyslogLog, append([][]string{corpusMonth, {" ", "  ", "\t", ""}, corpusDays, {" ", "  ", ""}, corpusTimes, {" ", "  ", ""}}, syslogParts()...)},
	{"corpus_rfc3339", RFC3339Syslog, append([][]string{{"2026-11-22", "26-11-22", "2026-1-2", "9999-99-99", "2026/11/22", ""}, {"T", "t", " ", ""}, append([]string{"99:99:99"}, corpusTimes...),
		{"", ".1", ".123456789012", ".", ",5"}, {"Z", "+01:00", "-99:99", "z", "+0100", "", " Z", "+1:00"}, {" ", "  ", ""}}, syslogParts()...)},
	{"corpus_workshop", CombinedApacheLog + " workshop", append(accessParts(), workshopParts()...)},
}

func syslogParts() [][]string {
	return [][]string{{"", "<4.6> ", "<165> ", "<12> ", "<1> ", "<1>2> ", "<123>4> ", "<1é2> ", "<1\xff2> ", "<1\n2> ", "<.> ", "<4.6>", "<4.> "}, append([]string{"web-1.example"}, corpusHosts...), {" ", "  ", ""},
		{"sshd", "-", "kernel", "/usr/sbin/cron", "a%b.c_d", "", "pro gram", "é", "x:y", "[x]"}, {"[1234]", "", "[0]", "[01]", "[]", "[12", "[-]", "[1][2]", "[99999999999]"}, {": ", ":", " : ", ":  ", ""},
		append([]string{"Accepted publickey for root"}, freeTexts...)}
}

func workshopParts() [][]string {
	parts := [][]string{{` "`, ` `}}
	for i, usual := range []string{"http://www.example.com/", "Mozilla/5.0", "search", "client-17", "/index", "metric", "17", "17.5", "blue"} {
		if i > 0 {
			parts = append(parts, []string{`" "`, `""`, `" " "`, `"  "`})
		}
		parts = append(parts, quotedVariants(usual))
	}
	return append(parts, []string{`"`, ``, `""`, `" `}, corpusRest)
}

// lines are those with one unusual piece, or a few of them where there are too many, then some with two.
func (c corpus) lines() []string {
	random := rand.New(rand.NewPCG(uint64(len(c.parts)), 7))
	usual := make([]string, len(c.parts))
	for i, part := range c.parts {
		usual[i] = part[0]
	}
	plain := strings.Join(usual, "")
	lines := []string{plain, plain + "\r", " " + plain, "\ufeff" + plain, strings.Replace(plain, " ", "  ", 1), plain[:len(plain)/2], plain[:len(plain)-1], "", " ", plain + "\n" + plain, plain + "\x00"}
	seen := make(map[string]bool)
	for _, line := range lines {
		seen[line] = true
	}
	with := func(faults int) {
		pieces := append([]string(nil), usual...)
		for range faults {
			i := random.IntN(len(pieces))
			pieces[i] = c.parts[i][random.IntN(len(c.parts[i]))]
		}
		if line := strings.Join(pieces, ""); !seen[line] {
			seen[line] = true
			lines = append(lines, line)
		}
	}
	for i, part := range c.parts {
		for _, variant := range part[1:] {
			if line := strings.Join(usual[:i], "") + variant + strings.Join(usual[i+1:], ""); !seen[line] && len(lines) < corpusLines*3/4 {
				seen[line] = true
				lines = append(lines, line)
			}
		}
	}
	for len(lines) < corpusLines {
		with(1 + random.IntN(3))
	}
	return lines
}

// The corpora are golden files whose lines come from the tables above.
func TestCorporaAreWhatTheTablesMake(t *testing.T) {
	for _, c := range corpora {
		file := filepath.Join("testdata", c.file+".golden")
		format := goldenFormat(t, strings.Fields(c.format))
		var want strings.Builder
		fmt.Fprintf(&want, "# Made from the tables of corpus_test.go.\nformat %s\n", c.format)
		matched := 0
		for _, line := range c.lines() {
			answer := goldenAnswer(format, line)
			matched += count(strings.HasPrefix(answer, "{"))
			want.WriteString(strconv.Quote(line) + "\n" + answer + "\n")
		}
		if n := len(c.lines()); n < 300 || matched < n/8 || matched > n*7/8 {
			t.Errorf("%s: %d of %d lines match", c.file, matched, n)
		}
		if *rewrite {
			if err := os.WriteFile(file, []byte(want.String()), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want.String() {
			t.Errorf("%s is not what the tables and formats make: see go test -rewrite and the difference", file)
		}
	}
}

// goldenLines are the lines of all golden files with their formats and answers.
func goldenLines(t *testing.T, each func(spec Spec, line, answer string)) {
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var spec Spec
		var line string
		for text := range strings.Lines(string(src)) {
			switch text = strings.TrimSuffix(text, "\n"); {
			case text == "" || text[0] == '#':
			case strings.HasPrefix(text, "format "):
				spec = goldenSpec(t, strings.Fields(text)[1:])
			case text[0] == '"':
				if line, err = strconv.Unquote(text); err != nil {
					t.Fatalf("%s: %s: %v", file, text, err)
				}
			default:
				each(spec, line, text)
			}
		}
	}
}

// Every answer about a format's own shape is what the plain way makes of the line.
func TestGoldenFilesByThePlainWay(t *testing.T) {
	lines := 0
	goldenLines(t, func(spec Spec, line, answer string) {
		if spec.MatchPattern != "" || spec.Lenient {
			return
		}
		lines++
		own, err := ownFields(spec.LogFormat)
		if err != nil {
			t.Fatal(err)
		}
		want, matched := plainAnswer(spec.LogFormat, own, line)
		if matched && answer != want || !matched && !strings.HasPrefix(answer, "dropped ") {
			t.Errorf("%s %q:\n golden %s\nplain  %s", spec.LogFormat, line, answer, want)
		}
	})
	if lines < 5*300 {
		t.Errorf("only %d lines", lines)
	}
}

// javaDefaults are the shapes of the formats in Java's syntax.
var javaDefaults = func() map[string]string {
	const (
		host    = `(?:[\w\-]+(?:\.[\w\-]+)*(?:\.?|\b)|[\d.]+)`
		user    = `([a-zA-Z0-9._-]+)`
		number  = `([+-]?[0-9]+|\-)`
		month   = `\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|Jun(?:e)?|Jul(?:y)?|Aug(?:ust)?|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b`
		day     = `(?:0[1-9]|[12][0-9]|3[01]|[1-9])`
		weekday = `(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)`
		clock   = `(?:2[0123]|[01]?[0-9]):[0-5][0-9]:(?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?`
		common  = `^(` + host + `) ` + user + ` ` + user + ` \[(` + day + `/` + month + `/[1-9]\d*:` + clock + `\s[+-]?[0-9]+)\] "([^"]+)" ` + number + ` ` + number
		syslog  = ` (?:<[0-9]+.[0-9]+> )?` + user + ` ([\w./%-]+)(?:\[([1-9][0-9]*)\])?: (.*)`
	)
	return map[string]string{
		CommonApacheLog:   common + `.*`,
		CombinedApacheLog: common + ` "([^"]+)" "([^"]+)".*`,
		ApacheErrorLog: `^\[(` + weekday + `\s+` + month + `\s+` + day + `\s+` + clock + `\s+[1-9]\d*)\] \[(?:(\w+):)?(\w+)\] \[pid ([0-9]+)(?::tid ([0-9]+))?\] ` +
			`\[client (` + host + `(?::[1-9][0-9]*)?)\] (.*)`,
		SyslogLog:     `^(` + month + `\s+` + day + `\s+` + clock + `)` + syslog,
		RFC3339Syslog: `^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[-+]\d{2}:\d{2}))` + syslog,
	}
}()

// Every answer but the lenient ones is what java.util.regex makes of the bytes.
func TestGoldenFilesByJava(t *testing.T) {
	var j jvm
	lines := 0
	last := ""
	goldenLines(t, func(spec Spec, line, answer string) {
		if spec.Lenient {
			return
		}
		expr, names := spec.MatchPattern, spec.CustomFieldNames
		if expr == "" {
			expr = javaDefaults[spec.LogFormat]
			names, _ = ownFields(spec.LogFormat)
		}
		if expr != last {
			j.pattern(t, expr)
			last = expr
		}
		lines++
		j.ask('M', []byte(line), func(java string) {
			groups := strings.Fields(java)
			want := "dropped"
			if groups[0] == "groups" {
				values := make([]*string, len(names))
				for i, group := range strings.Split(java, " ")[1:] {
					if text, err := base64.StdEncoding.DecodeString(group); err == nil {
						value := string(text)
						values[i] = &value
					}
				}
				want = plainJSON(names, values, !strings.HasSuffix(spec.LogFormat, "SYSLOG"))
			}
			if want == "dropped" && !strings.HasPrefix(answer, "dropped ") || want != "dropped" && answer != want {
				t.Errorf("%s %q:\n golden %s\n   Java %s", spec.LogFormat, line, answer, want)
			}
		})
	})
	j.run(t)
	if lines < 6*300 {
		t.Errorf("only %d lines", lines)
	}
}
