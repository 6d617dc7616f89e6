package conversion

import (
	"fmt"
	"strings"
	"time"
)

// pattern is a compiled pattern of Joda-Time, what Hive's timestamp formats
// are written in: letters stand for fields, their number for the width, text in
// quotes and all other characters for themselves.
type pattern struct {
	millis bool // the word millis: milliseconds since the epoch
	steps  []step
}

// step reads one field or literal.
type step struct {
	field   byte // letter of the pattern; 0 for a literal
	literal string
	most    int // digits
}

// moment gathers what the fields say; what none says is the first moment of
// 1970.
type moment struct {
	year, month, day, dayOfYear, hour, minute, second, nanosecond int
	halfDay, afternoon                                            bool
	offset                                                        int // seconds east of UTC
}

// fieldLetters, and the digits that each reads at most; text and zones read
// what they are.
var fieldDigits = map[byte]int{
	'y': 9, 'Y': 9, 'M': 2, 'd': 2, 'D': 3, 'H': 2, 'h': 2, 'K': 2, 'k': 2, 'm': 2, 's': 2, 'S': 9, 'a': 0, 'E': 0, 'Z': 0,
}

// compilePattern refuses what it cannot read by its letter.
func compilePattern(text string) (*pattern, error) {
	if text == "millis" {
		return &pattern{millis: true}, nil
	}
	p := &pattern{}
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '\'':
			end, literal := quoted(text[i+1:])
			if end < 0 {
				return nil, fmt.Errorf("timestamp format %q: a quote does not end", text)
			}
			p.literal(literal)
			i += end + 2
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			n := len(text[i:]) - len(strings.TrimLeft(text[i:], string(c)))
			if err := p.field(c, n); err != nil {
				return nil, fmt.Errorf("timestamp format %q: %w", text, err)
			}
			i += n
		default:
			p.literal(text[i : i+1])
			i++
		}
	}
	if len(p.steps) == 0 {
		return nil, fmt.Errorf("timestamp format %q: it is empty", text)
	}
	// A number that another one follows at once ends where it must.
	for i := range p.steps[:len(p.steps)-1] {
		if next := p.steps[i+1]; (p.steps[i].field|0x20) == 'y' && p.steps[i].most > 4 && next.field != 0 && next.most > 0 {
			p.steps[i].most = 4
		}
	}
	return p, nil
}

// quoted reads up to the closing quote; two quotes are one that is meant.
func quoted(text string) (end int, literal string) {
	if strings.HasPrefix(text, "'") {
		return 0, "'"
	}
	for at := 0; ; {
		n := strings.IndexByte(text[at:], '\'')
		if n < 0 {
			return -1, ""
		}
		if at += n; !strings.HasPrefix(text[at+1:], "'") {
			return at, strings.ReplaceAll(text[:at], "''", "'")
		}
		at += 2
	}
}

func (p *pattern) literal(text string) {
	if n := len(p.steps); n > 0 && p.steps[n-1].field == 0 {
		p.steps[n-1].literal += text
		return
	}
	p.steps = append(p.steps, step{literal: text})
}

func (p *pattern) field(letter byte, width int) error {
	most, known := fieldDigits[letter]
	switch {
	case !known:
		return fmt.Errorf("letter %q is not supported", letter)
	case letter == 'Z' && width > 2:
		return fmt.Errorf("ZZZ, the id of a time zone, is not supported")
	case letter == 'M' && width > 2:
		most = 0 // a name
	case letter == 'S':
		most = width
	case letter|0x20 == 'y' && width == 2:
		most = 2
	}
	p.steps = append(p.steps, step{field: letter, most: most})
	return nil
}

// parse reads a text that the pattern describes from its first to its last
// character.
func (p *pattern) parse(text []byte) (time.Time, bool) {
	if p.millis {
		return milliseconds(text)
	}
	m := moment{year: 1970, month: 1, day: 1}
	for _, s := range p.steps {
		used, ok := s.read(text, &m)
		if !ok {
			return time.Time{}, false
		}
		text = text[used:]
	}
	t, ok := m.time()
	return t, ok && len(text) == 0
}

// milliseconds ignores a fraction.
func milliseconds(text []byte) (time.Time, bool) {
	rest := text
	if len(rest) > 0 && rest[0] == '-' {
		rest = rest[1:]
	}
	n, used := digits(rest, 15)
	if used == 0 {
		return time.Time{}, false
	}
	if len(rest) != len(text) {
		n = -n
	}
	if rest = rest[used:]; len(rest) > 0 {
		if _, ok := nanosecondsOf(rest[1:]); rest[0] != '.' || !ok {
			return time.Time{}, false
		}
	}
	return time.UnixMilli(int64(n)).UTC(), true
}

func (s step) read(text []byte, m *moment) (used int, ok bool) {
	if s.field == 0 {
		return len(s.literal), strings.HasPrefix(string(text), s.literal)
	}
	if s.most == 0 {
		return s.readText(text, m)
	}
	n, used := digits(text, s.most)
	switch s.field {
	case 'y', 'Y':
		if m.year = n; s.most == 2 && used == 2 { // of the years 1950 to 2049
			m.year = 1950 + (n+50)%100
		}
	case 'M':
		m.month = n
	case 'd':
		m.day = n
	case 'D':
		m.dayOfYear = n
		return used, used > 0 && n > 0
	case 'H':
		m.hour = n
		return used, used > 0 && n < 24
	case 'k':
		m.hour = n % 24
		return used, used > 0 && n >= 1 && n <= 24
	case 'h':
		m.hour, m.halfDay = n%12, true
		return used, used > 0 && n >= 1 && n <= 12
	case 'K':
		m.hour, m.halfDay = n, true
		return used, used > 0 && n < 12
	case 'm':
		m.minute = n
		return used, used > 0 && n < 60
	case 's':
		m.second = n
		return used, used > 0 && n < 60
	case 'S':
		nanoseconds, ok := nanosecondsOf(text[:used])
		m.nanosecond = int(nanoseconds)
		return used, ok
	}
	return used, used > 0
}

func (s step) readText(text []byte, m *moment) (used int, ok bool) {
	switch s.field {
	case 'M':
		for month := time.January; month <= time.December; month++ {
			if used = name(text, month.String()); used > 0 {
				m.month = int(month)
				return used, true
			}
		}
	case 'E':
		for day := time.Sunday; day <= time.Saturday; day++ {
			if used = name(text, day.String()); used > 0 {
				return used, true
			}
		}
	case 'a':
		if len(text) >= 2 && (text[0]|0x20 == 'a' || text[0]|0x20 == 'p') && text[1]|0x20 == 'm' {
			m.afternoon = text[0]|0x20 == 'p'
			return 2, true
		}
	case 'Z':
		return zone(text, m)
	}
	return 0, false
}

// name reads a name or its first three letters, in any case.
func name(text []byte, full string) int {
	for _, n := range []int{len(full), 3} {
		if len(text) >= n && strings.EqualFold(string(text[:n]), full[:n]) {
			return n
		}
	}
	return 0
}

// zone reads Z, +01, +0130 or +01:30.
func zone(text []byte, m *moment) (used int, ok bool) {
	if len(text) == 0 {
		return 0, false
	}
	if text[0] == 'Z' {
		return 1, true
	}
	if text[0] != '+' && text[0] != '-' {
		return 0, false
	}
	hours, n := digits(text[1:], 2)
	if n != 2 || hours > 23 {
		return 0, false
	}
	used = 3
	rest := text[used:]
	if len(rest) > 0 && rest[0] == ':' {
		rest = rest[1:]
	}
	if minutes, n := digits(rest, 2); n == 2 && minutes < 60 {
		m.offset = minutes * 60
		used = len(text) - len(rest) + 2
	}
	if m.offset += hours * 3600; text[0] == '-' {
		m.offset = -m.offset
	}
	return used, true
}

// time is the moment in UTC; false for a day that there is not.
func (m moment) time() (time.Time, bool) {
	if m.halfDay && m.afternoon {
		m.hour += 12
	}
	if m.dayOfYear > 0 {
		m.month, m.day = 1, m.dayOfYear
	}
	t := time.Date(m.year, time.Month(m.month), m.day, m.hour, m.minute, m.second, m.nanosecond, time.UTC)
	there := t.Year() == m.year && (m.dayOfYear > 0 || int(t.Month()) == m.month && t.Day() == m.day)
	return t.Add(-time.Duration(m.offset) * time.Second), there
}
