package objectkey

import (
	"fmt"
	"strings"
	"time"
)

// pattern is a compiled pattern of Java's DateTimeFormatter, English text,
// weeks as in the United States (Sunday first, 1 January is in week 1).
//
// Refused are the letters that Java 8 does not know (B, g, v) and the long names
// of time zones (zzzz). The short ones (z) are the time zone database's.
type pattern []field

// field appends one piece of a time.
type field func(b []byte, t time.Time) []byte

func (p pattern) append(b []byte, t time.Time) []byte {
	for _, f := range p {
		b = f(b, t)
	}
	return b
}

// parsePattern reads
//
//	pattern = { [ pad ] run | "'" text "'" | "''" | other }
//	run     = the same letter, n times
//	pad     = "p", n times: the run after it is at least n wide, with blanks before it
//
// Square brackets mark parts that parsing may leave out; formatting never does.
// Braces and "#" are reserved.
func parsePattern(s string) (pattern, error) {
	if s == "" {
		return nil, fmt.Errorf("timestamp expression without a pattern")
	}
	var p pattern
	width, optional := 0, 0
	for i := 0; i < len(s); {
		c := s[i]
		if width > 0 && !isLetter(c) {
			return nil, fmt.Errorf("timestamp pattern %q: %q without letters after it", s, strings.Repeat("p", width))
		}
		switch {
		case isLetter(c):
			n := runLength(s[i:])
			i += n
			if c == 'p' {
				width = n
				continue
			}
			f := letterField(c, n)
			if f == nil {
				return nil, fmt.Errorf("timestamp pattern %q: %q is not supported", s, s[i-n:i])
			}
			p, width = append(p, f.wide(width)), 0
		case c == '\'':
			text, n, err := quoted(s[i:])
			if err != nil {
				return nil, fmt.Errorf("timestamp pattern %q: %w", s, err)
			}
			p, i = append(p, verbatim(text)), i+n
		case c == '[':
			optional, i = optional+1, i+1
		case c == ']' && optional == 0:
			return nil, fmt.Errorf("timestamp pattern %q: ] without [ before it", s)
		case c == ']':
			optional, i = optional-1, i+1
		case c == '{' || c == '}' || c == '#':
			return nil, fmt.Errorf("timestamp pattern %q: %q is reserved", s, c)
		default:
			p, i = append(p, verbatim(s[i:i+1])), i+1
		}
	}
	if width > 0 {
		return nil, fmt.Errorf("timestamp pattern %q: %q without letters after it", s, strings.Repeat("p", width))
	}
	return p, nil
}

// runLength counts how often the first byte is repeated.
func runLength(s string) int {
	return len(s) - len(strings.TrimLeft(s, s[:1]))
}

// wide pads with blanks before the text.
func (f field) wide(width int) field {
	if width < 2 {
		return f
	}
	return func(b []byte, t time.Time) []byte {
		text := f(nil, t)
		for range width - len(text) {
			b = append(b, ' ')
		}
		return append(b, text...)
	}
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// quoted reads a quoted literal at the start of s; two quotes are one.
func quoted(s string) (text string, length int, err error) {
	if strings.HasPrefix(s, "''") {
		return "'", 2, nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] != '\'':
			b.WriteByte(s[i])
		case strings.HasPrefix(s[i:], "''"):
			b.WriteByte('\'')
			i++
		default:
			return b.String(), i + 1, nil
		}
	}
	return "", 0, fmt.Errorf("quote without its end")
}

func verbatim(s string) field {
	return func(b []byte, _ time.Time) []byte { return append(b, s...) }
}
