package logformat

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// The plain way to read an access log: one regular expression for the line, a map of the groups.
var (
	plainHost     = `((?:[\w-]+(?:\.[\w-]+)*\.?)|[\d.]+)`
	plainUser     = `([A-Za-z0-9._-]+)`
	plainMonth    = `(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)`
	plainTime     = `(?:2[0-3]|[01]?\d):[0-5]\d:(?:60|[0-5]?\d)(?:[:.,]\d+)?`
	plainDate     = `\[((?:0[1-9]|[12]\d|3[01]|[1-9])/` + plainMonth + `/[1-9]\d*:` + plainTime + `[\t-\r ][+-]?\d+)\]`
	plainText     = `"([^"]+)"`
	plainNumber   = `([+-]?\d+|-)`
	plainRest     = `[^\n\r\x{85}\x{2028}\x{2029}]*`
	plainCommon   = strings.Join([]string{plainHost, plainUser, plainUser, plainDate, plainText, plainNumber, plainNumber}, " ")
	plainCombined = strings.Join([]string{plainCommon, plainText, plainText}, " ")

	plainMonthDay = `(?:0[1-9]|[12]\d|3[01]|[1-9])`
	plainSpace    = `[\t-\r ]+`
	plainWeekday  = `(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)`
	plainError    = `\[(` + strings.Join([]string{plainWeekday, plainMonth, plainMonthDay, plainTime, `[1-9]\d*`}, plainSpace) + `)\] \[(?:(\w+):)?(\w+)\] ` +
		`\[pid (\d+)(?::tid (\d+))?\] \[client (` + strings.Replace(plainHost, "(", "(?:", 1) + `(?::[1-9]\d*)?)\] (` + plainRest + `)`
	plainSyslogRest = ` (?:<\d+[^\n\r\x{85}\x{2028}\x{2029}]\d+> )?` + plainUser + ` ([\w./%-]+)(?:\[([1-9]\d*)\])?: (` + plainRest + `)`
	plainSyslog     = `(` + strings.Join([]string{plainMonth, plainMonthDay, plainTime}, plainSpace) + `)` + plainSyslogRest
	plainRFC3339    = `(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[-+]\d\d:\d\d))` + plainSyslogRest

	plainPatterns = map[string]*regexp.Regexp{
		CommonApacheLog:   regexp.MustCompile(`\A` + plainCommon + plainRest + `\z`),
		CombinedApacheLog: regexp.MustCompile(`\A` + plainCombined + plainRest + `\z`),
		ApacheErrorLog:    regexp.MustCompile(`\A` + plainError + `\z`),
		SyslogLog:         regexp.MustCompile(`\A` + plainSyslog + `\z`),
		RFC3339Syslog:     regexp.MustCompile(`\A` + plainRFC3339 + `\z`),
	}
)

// FuzzFormats holds the scanners to the plain way: the same lines are accepted, with the same values, written as this package's rules say.
func FuzzFormats(f *testing.F) {
	for _, line := range benchLines(40) {
		f.Add(string(line))
	}
	f.Add("a.b. - x.y [1/May/1:0:00:0:5\t-1] \"\x80\\\x00\" -1 -- \"é\" \"\u2028\"\u0085")
	f.Add("1..2 - - [31/December/2026:23:59:60,1 +0100] \"-\" - +5 \"-\" \"-\" rest")
	for _, c := range corpora {
		for i, line := range c.lines() {
			if i%20 == 0 {
				f.Add(line)
			}
		}
	}
	formats := make(map[string]Format)
	for name := range plainPatterns {
		format, err := New(Spec{LogFormat: name})
		if err != nil {
			f.Fatal(err)
		}
		formats[name] = format
	}
	f.Fuzz(func(t *testing.T, line string) {
		for name, format := range formats {
			out, mismatch := format.Append(nil, []byte(line))
			want, matched := plainAnswer(name, format.Fields(), line)
			if (mismatch == nil) != matched {
				t.Fatalf("%s %q: mismatch %v, plain way matched %v", name, line, mismatch, matched)
			}
			if matched && string(out) != want {
				t.Fatalf("%s %q:\n got %s\nwant %s", name, line, out, want)
			}
			if !matched && (mismatch.Pos < 0 || mismatch.Pos > len(line)) {
				t.Fatalf("%q: position %d is outside", line, mismatch.Pos)
			}
		}
	})
}

// plainAnswer is what the plain way makes of a line.
func plainAnswer(format string, names []string, line string) (object string, matched bool) {
	valid := AppendValid(nil, []byte(line))
	at := plainPatterns[format].FindSubmatchIndex(valid)
	if at == nil {
		return "", false
	}
	values := make([]*string, len(names))
	for i := range values {
		if at[2*i+2] >= 0 {
			value := string(valid[at[2*i+2]:at[2*i+3]])
			values[i] = &value
		}
	}
	return plainJSON(names, values, !strings.HasSuffix(format, "SYSLOG")), true
}

func requireValidJSON(t *testing.T, out []byte) {
	var fields map[string]*string
	if err := json.Unmarshal(out, &fields); err != nil || !utf8.Valid(out) {
		t.Fatalf("%q is no valid JSON: %v", out, err)
	}
}

// plainJSON writes one character after the other.
func plainJSON(names []string, values []*string, dashNull bool) string {
	var b strings.Builder
	for i, name := range names {
		b.WriteString(map[bool]string{true: "{", false: ","}[i == 0] + `"` + name + `":`)
		if values[i] == nil || dashNull && *values[i] == "-" {
			b.WriteString("null")
			continue
		}
		b.WriteByte('"')
		for _, r := range *values[i] {
			short, ok := map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\t': `\t`, '\n': `\n`, '\f': `\f`, '\r': `\r`}[r]
			switch {
			case ok:
				b.WriteString(short)
			case r < ' ':
				fmt.Fprintf(&b, `\u%04X`, r)
			default:
				b.WriteRune(r)
			}
		}
		b.WriteByte('"')
	}
	return b.String() + "}"
}

// FuzzAppendText reads back what was written, and finds no character that JSON wants escaped.
func FuzzAppendText(f *testing.F) {
	f.Add([]byte("plain text, longer than eight bytes"))
	f.Add([]byte("\x00\x1f \"\\ \x7f é \xe2\x82 \xed\xa0\x80"))
	f.Fuzz(func(t *testing.T, s []byte) {
		quoted := append(appendText([]byte{'"'}, s), '"')
		var back string
		if err := json.Unmarshal(quoted, &back); err != nil {
			t.Fatalf("%q became %q: %v", s, quoted, err)
		}
		if want := string(AppendValid(nil, s)); back != want {
			t.Fatalf("%q came back as %q, want %q", s, back, want)
		}
		if utf8.Valid(s) && back != string(s) {
			t.Fatalf("%q came back as %q", s, back)
		}
	})
}
