package loadgen

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// dateTokens are what a date's format is made of, in the language of moment.js, longest first where one begins as another does.
var dateTokens = []struct {
	token  string
	layout string // of package time; "" for those below
}{
	{"YYYY", "2006"}, {"YY", "06"}, {"MMMM", "January"}, {"MMM", "Jan"}, {"MM", "01"}, {"M", "1"}, {"DD", "02"}, {"D", "2"}, {"dddd", "Monday"}, {"ddd", "Mon"},
	{"HH", "15"}, {"H", ""}, {"hh", "03"}, {"h", "3"}, {"mm", "04"}, {"m", "4"}, {"ss", "05"}, {"s", "5"}, {"SSS", ""}, {"SS", ""}, {"S", ""},
	{"A", "PM"}, {"a", "pm"}, {"ZZ", "-0700"}, {"Z", "-07:00"}, {"X", ""}, {"x", ""},
}

const defaultDateFormat = "YYYY-MM-DDTHH:mm:ssZ"

// dateFunction is {{date.now("format")}} in local time or {{date.utc("format")}}; without a format both are ISO 8601 in seconds.
func dateFunction(utc bool) templateFunction {
	return func(args []any) (writeValue, error) {
		format := defaultDateFormat
		if utc {
			format = "YYYY-MM-DDTHH:mm:ss[Z]"
		}
		switch {
		case len(args) > 1:
			return nil, fmt.Errorf("has %d arguments, want a format", len(args))
		case len(args) == 1:
			var ok bool
			if format, ok = args[0].(string); !ok {
				return nil, fmt.Errorf("has %v, want a format in quotes", args[0])
			}
		}
		parts, err := parseDateFormat(format)
		if err != nil {
			return nil, err
		}
		return func(dst []byte, s *templateState) []byte {
			now := s.now().Local()
			if utc {
				now = now.UTC()
			}
			for _, part := range parts {
				dst = part(dst, now)
			}
			return dst
		}, nil
	}
}

type datePart func(dst []byte, at time.Time) []byte

// parseDateFormat refuses letters that stand for something that is not there. Text in brackets, the T of ISO 8601 and all that is no letter stand for themselves.
func parseDateFormat(format string) ([]datePart, error) {
	var parts []datePart
	literal := func(text string) {
		parts = append(parts, func(dst []byte, _ time.Time) []byte { return append(dst, text...) })
	}
	for rest := format; rest != ""; {
		if rest[0] == '[' {
			text, after, closed := strings.Cut(rest[1:], "]")
			if !closed {
				return nil, fmt.Errorf("format %q has '[' without ']'", format)
			}
			literal(text)
			rest = after
			continue
		}
		part, length := dateToken(rest)
		if part != nil {
			parts = append(parts, part)
			rest = rest[length:]
			continue
		}
		if c := rest[0]; c != 'T' && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return nil, fmt.Errorf("format %q has %q, which is not known", format, c)
		}
		literal(rest[:1])
		rest = rest[1:]
	}
	return parts, nil
}

func dateToken(rest string) (part datePart, length int) {
	for _, t := range dateTokens {
		if !strings.HasPrefix(rest, t.token) {
			continue
		}
		if t.layout != "" {
			return func(dst []byte, at time.Time) []byte { return at.AppendFormat(dst, t.layout) }, len(t.token)
		}
		return func(dst []byte, at time.Time) []byte { return appendDatePart(dst, t.token, at) }, len(t.token)
	}
	return nil, 0
}

// appendDatePart writes what package time has no layout for.
func appendDatePart(dst []byte, token string, at time.Time) []byte {
	switch token {
	case "H":
		return strconv.AppendInt(dst, int64(at.Hour()), 10)
	case "X":
		return strconv.AppendInt(dst, at.Unix(), 10)
	case "x":
		return strconv.AppendInt(dst, at.UnixMilli(), 10)
	}
	return append(dst, fmt.Sprintf("%09d", at.Nanosecond())[:len(token)]...) // S, SS, SSS
}
