package date

import (
	"fmt"
	"strings"
	"time"
)

// pattern is a Java date pattern of numeric parts: y u M d H m s S, zones X Z, quoted and plain literals.
type pattern []element

// element is a letter repeated n times, or with n = 0 a literal.
type element struct {
	letter  byte
	n       int
	literal string
}

func newPattern(text string) (pattern, error) {
	if text == "" {
		return nil, fmt.Errorf("No date pattern provided") //nolint:staticcheck // the wording of the real server
	}
	var p pattern
	for i := 0; i < len(text); {
		c := text[i]
		if c == '\'' {
			end := strings.IndexByte(text[i+1:], '\'')
			if end < 0 {
				return nil, fmt.Errorf("Pattern ends with an incomplete string literal: %s", text) //nolint:staticcheck // the wording of the real server
			}
			literal := text[i+1 : i+1+end]
			if literal == "" {
				literal = "'"
			}
			p = append(p, element{literal: literal})
			i += end + 2
			continue
		}
		if c|0x20 < 'a' || c|0x20 > 'z' {
			p = append(p, element{literal: text[i : i+1]})
			i++
			continue
		}
		n := 1
		for i+n < len(text) && text[i+n] == c {
			n++
		}
		if !validElement(c, n) {
			return nil, fmt.Errorf("pattern letter %s is not supported by the embedded search index", text[i:i+n])
		}
		p = append(p, element{letter: c, n: n})
		i += n
	}
	return p, nil
}

func validElement(letter byte, n int) bool {
	switch letter {
	case 'y', 'u':
		return n == 4
	case 'M', 'd', 'H', 'm', 's':
		return n == 2
	case 'S':
		return n <= 9
	case 'X', 'Z':
		return n <= 3
	}
	return false
}

func (p pattern) parse(text string, zone *time.Location) (int64, int64, bool) {
	s := scan{text: text}
	d := parts{year: 1970, month: 1, day: 1}
	for _, e := range p {
		if !e.parse(&s, &d) {
			return 0, 0, false
		}
	}
	return d.spanIn(s.at == len(text), zone)
}

func (e element) parse(s *scan, d *parts) (ok bool) {
	if e.n == 0 {
		ok = strings.HasPrefix(s.text[s.at:], e.literal)
		s.at += len(e.literal)
		return ok
	}
	precision := precisionYear
	switch e.letter {
	case 'y', 'u':
		d.year, ok = s.digits(4)
	case 'M':
		d.month, ok = s.digits(2)
		precision = precisionMonth
	case 'd':
		d.day, ok = s.digits(2)
		precision = precisionDay
	case 'H':
		d.hour, ok = s.digits(2)
		precision = precisionHour
	case 'm':
		d.minute, ok = s.digits(2)
		precision = precisionMinute
	case 's':
		d.second, ok = s.digits(2)
		precision = precisionSecond
	case 'S':
		end := min(s.at+e.n, len(s.text))
		part := scan{text: s.text[:end], at: s.at}
		d.milli, ok = part.fraction()
		ok = ok && part.at == s.at+e.n
		s.at = part.at
		precision = precisionMilli
	default:
		return s.zone(d)
	}
	d.precision = max(d.precision, precision)
	return ok
}

func (p pattern) print(ms int64, zone *time.Location) string {
	t := time.UnixMilli(ms).UTC()
	if zone != nil {
		t = t.In(zone)
	}
	var b strings.Builder
	for _, e := range p {
		switch e.letter {
		case 'y', 'u':
			fmt.Fprintf(&b, "%04d", t.Year())
		case 'M':
			fmt.Fprintf(&b, "%02d", int(t.Month()))
		case 'd':
			fmt.Fprintf(&b, "%02d", t.Day())
		case 'H':
			fmt.Fprintf(&b, "%02d", t.Hour())
		case 'm':
			fmt.Fprintf(&b, "%02d", t.Minute())
		case 's':
			fmt.Fprintf(&b, "%02d", t.Second())
		case 'S':
			b.WriteString(fmt.Sprintf("%09d", t.Nanosecond())[:e.n])
		case 'X':
			b.WriteString(t.Format([]string{"Z07", "Z0700", "Z07:00"}[e.n-1]))
		case 'Z':
			b.WriteString(t.Format("-0700"))
		default:
			b.WriteString(e.literal)
		}
	}
	return b.String()
}
