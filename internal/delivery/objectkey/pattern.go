package objectkey

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// pattern is a compiled pattern of Java's DateTimeFormatter, English text,
// weeks as in the United States (Sunday first, 1 January is in week 1).
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
//	pattern = { run | "'" text "'" | "''" | other }
//	run     = the same letter, n times
//
// Square brackets mark optional parts when parsing; when formatting, as here,
// they stand for nothing. Braces and "#" are reserved.
func parsePattern(s string) (pattern, error) {
	if s == "" {
		return nil, fmt.Errorf("timestamp expression without a pattern")
	}
	var p pattern
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case isLetter(c):
			n := 1
			for i+n < len(s) && s[i+n] == c {
				n++
			}
			f := letterField(c, n)
			if f == nil {
				return nil, fmt.Errorf("timestamp pattern %q: %q is not supported", s, s[i:i+n])
			}
			p, i = append(p, f), i+n
		case c == '\'':
			text, n, err := quoted(s[i:])
			if err != nil {
				return nil, fmt.Errorf("timestamp pattern %q: %w", s, err)
			}
			p, i = append(p, verbatim(text)), i+n
		case c == '[' || c == ']':
			i++
		case c == '{' || c == '#':
			return nil, fmt.Errorf("timestamp pattern %q: %q is reserved", s, c)
		default:
			p, i = append(p, verbatim(string(c))), i+1
		}
	}
	return p, nil
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

// letterField is the meaning of n times a letter, nil if it has none here.
func letterField(c byte, n int) field {
	switch c {
	case 'y', 'u':
		return yearField(n, time.Time.Year)
	case 'Y':
		return yearField(n, func(t time.Time) int { y, _ := weekOfYear(t); return y })
	case 'M', 'L':
		return monthField(n)
	case 'd':
		return number(n, 2, time.Time.Day)
	case 'D':
		return number(n, 3, time.Time.YearDay)
	case 'w':
		return number(n, 2, func(t time.Time) int { _, w := weekOfYear(t); return w })
	case 'W':
		return number(n, 1, weekOfMonth)
	case 'E':
		return weekdayField(n, 0)
	case 'e':
		return weekdayField(n, 2)
	case 'Q', 'q':
		return number(n, 2, func(t time.Time) int { return (int(t.Month()) + 2) / 3 })
	case 'H':
		return number(n, 2, time.Time.Hour)
	case 'k':
		return number(n, 2, func(t time.Time) int { return orTop(t.Hour(), 24) })
	case 'K':
		return number(n, 2, func(t time.Time) int { return t.Hour() % 12 })
	case 'h':
		return number(n, 2, func(t time.Time) int { return orTop(t.Hour()%12, 12) })
	case 'm':
		return number(n, 2, time.Time.Minute)
	case 's':
		return number(n, 2, time.Time.Second)
	case 'S':
		return fraction(n)
	case 'a':
		return layout(n == 1, "PM")
	case 'V':
		return zoneID(n)
	case 'z':
		return layout(n <= 3, "MST")
	case 'X':
		return offset(n, "Z07", "Z0700", "Z07:00")
	case 'x':
		return offset(n, "-07", "-0700", "-07:00")
	case 'Z':
		return layout(n <= 3, "-0700")
	}
	return nil
}

func orTop(v, top int) int {
	if v == 0 {
		return top
	}
	return v
}

// number appends a number with at least n digits; more than most letters have
// no meaning.
func number(n, most int, value func(time.Time) int) field {
	if n > most {
		return nil
	}
	return func(b []byte, t time.Time) []byte { return pad(b, value(t), n) }
}

func pad(b []byte, v, width int) []byte {
	s := strconv.Itoa(v)
	for range width - len(s) {
		b = append(b, '0')
	}
	return append(b, s...)
}

func yearField(n int, year func(time.Time) int) field {
	return func(b []byte, t time.Time) []byte {
		if n == 2 {
			return pad(b, year(t)%100, 2)
		}
		return pad(b, year(t), n)
	}
}

func monthField(n int) field {
	switch n {
	case 3:
		return layout(true, "Jan")
	case 4:
		return layout(true, "January")
	case 5:
		return func(b []byte, t time.Time) []byte { return append(b, t.Month().String()[0]) }
	}
	return number(n, 2, func(t time.Time) int { return int(t.Month()) })
}

// weekdayField is text, or up to digits letters the number with Sunday as 1.
func weekdayField(n, digits int) field {
	switch {
	case n <= digits:
		return number(n, digits, func(t time.Time) int { return int(t.Weekday()) + 1 })
	case n <= 3:
		return layout(true, "Mon")
	case n == 4:
		return layout(true, "Monday")
	case n == 5:
		return func(b []byte, t time.Time) []byte { return append(b, t.Weekday().String()[0]) }
	}
	return nil
}

// fraction is zero: Firehose evaluates keys with a time cut to the second.
func fraction(n int) field {
	if n > 9 {
		return nil
	}
	return verbatim(strings.Repeat("0", n))
}

func zoneID(n int) field {
	if n != 2 {
		return nil
	}
	return func(b []byte, t time.Time) []byte { return append(b, t.Location().String()...) }
}

func offset(n int, layouts ...string) field {
	if n > len(layouts) {
		return nil
	}
	return layout(true, layouts[n-1])
}

func layout(known bool, layout string) field {
	if !known {
		return nil
	}
	return func(b []byte, t time.Time) []byte { return t.AppendFormat(b, layout) }
}

// weekOfYear counts weeks that begin on Sunday; the week that holds 1 January
// is week 1 of that year.
func weekOfYear(t time.Time) (year, week int) {
	saturday := t.AddDate(0, 0, int(time.Saturday-t.Weekday()))
	return saturday.Year(), (saturday.YearDay() + 6) / 7
}

// weekOfMonth counts weeks that begin on Sunday; the first day of the month is
// in week 1.
func weekOfMonth(t time.Time) int {
	first := t.AddDate(0, 0, 1-t.Day())
	return (t.Day()+int(first.Weekday())-1)/7 + 1
}
