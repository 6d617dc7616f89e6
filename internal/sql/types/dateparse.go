package types

import (
	"fmt"
	"strings"
)

// dateFields are what a parse has met so far. Like Java's lenient calendar, a field beyond its range carries over.
type dateFields struct {
	year, month, day     int64
	dayOfYear            int64
	hour, minute, second int64
	ms, offset           int64
	pm, beforeChrist     bool
	haveYearly           bool
}

// Parse reads a text as SimpleDateFormat does: missing fields are those of 1970-01-01 00:00:00, values beyond their range
// carry over, what follows is ignored. A text that does not fit the pattern is an error. Week fields and names of days are
// read over, as they are where a date is given too.
func (f *DateFormat) Parse(s string) (ms int64, err error) {
	d := dateFields{year: 1970, month: 1, day: 1}
	rest := s
	for i, p := range f.parts {
		adjacent := i+1 < len(f.parts) && f.parts[i+1].letter != 0 && f.parts[i+1].numeric()
		n, ok := d.read(p, rest, adjacent)
		if !ok {
			return 0, fmt.Errorf("parse time %q: character %d does not fit the format", s, len(s)-len(rest)+1)
		}
		rest = rest[n:]
	}
	if d.beforeChrist {
		d.year = 1 - d.year
	}
	if d.pm && d.hour < 12 {
		d.hour += 12
	}
	days := DayNumber(d.year, d.month, d.day)
	if d.haveYearly {
		days = DayNumber(d.year, 1, 1) + d.dayOfYear - 1
	}
	return days*msPerDay + d.hour*3_600_000 + d.minute*60_000 + d.second*1000 + d.ms - d.offset, nil
}

func (p datePart) numeric() bool {
	switch p.letter {
	case 'M', 'L':
		return p.width <= 2
	case 'G', 'E', 'a', 'z', 'Z', 'X':
		return false
	}
	return true
}

// read takes one part from the start of s and returns its length.
func (d *dateFields) read(p datePart, s string, adjacent bool) (n int, ok bool) {
	if p.letter == 0 {
		return len(p.literal), strings.HasPrefix(s, p.literal)
	}
	blanks := 0
	for blanks < len(s) && (s[blanks] == ' ' || s[blanks] == '\t') {
		blanks++
	}
	s = s[blanks:]
	if p.numeric() {
		n, ok = d.readNumber(p, s, adjacent)
	} else {
		n, ok = d.readText(p, s)
	}
	return blanks + n, ok
}

func (d *dateFields) readNumber(p datePart, s string, adjacent bool) (n int, ok bool) {
	limit := 18
	if adjacent {
		limit = p.width
	}
	negative := strings.HasPrefix(s, "-")
	if negative {
		s = s[1:]
	}
	for n < len(s) && n < limit && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	v, ok := digits(s[:n])
	// Beyond eight digits a field says nothing about a time and could overflow the calendar's arithmetic.
	if !ok || v > 99_999_999 {
		return 0, false
	}
	length := n
	if negative {
		v, length = -v, n+1
	}
	switch p.letter {
	case 'y', 'Y':
		if d.year = v; p.width <= 2 && n == 2 && !negative {
			d.year = twoDigitYear(v)
		}
	case 'M', 'L':
		d.month = v
	case 'd':
		d.day = v
	case 'D':
		d.dayOfYear, d.haveYearly = v, true
	case 'H':
		d.hour = v
	case 'k':
		d.hour = v % 24
	case 'K':
		d.hour = v
	case 'h':
		if d.hour = v; v == 12 {
			d.hour = 0
		}
	case 'm':
		d.minute = v
	case 's':
		d.second = v
	case 'S':
		d.ms = v
	}
	return length, true
}

// twoDigitYear follows Java, whose window reaches from 80 years before the clock to 20 after. No clock is read here, so
// the window stands still at 1950 to 2049.
func twoDigitYear(v int64) int64 {
	if v < 50 {
		return 2000 + v
	}
	return 1900 + v
}

func (d *dateFields) readText(p datePart, s string) (n int, ok bool) {
	switch p.letter {
	case 'M', 'L':
		i, n := matchName(s, monthNames[:])
		d.month = int64(i + 1)
		return n, n > 0
	case 'E':
		_, n := matchName(s, dayNames[:])
		return n, n > 0
	case 'a':
		i, n := matchName(s, []string{"AM", "PM"})
		d.pm = i == 1
		return n, n > 0
	case 'G':
		i, n := matchName(s, []string{"BC", "AD"})
		d.beforeChrist = i == 0
		return n, n > 0
	}
	return d.readZone(s)
}

// matchName finds the name, or its first three letters, that s begins with.
func matchName(s string, names []string) (index, n int) {
	for i, name := range names {
		for _, form := range []string{name, name[:min(3, len(name))]} {
			if len(s) >= len(form) && strings.EqualFold(s[:len(form)], form) {
				return i, len(form)
			}
		}
	}
	return 0, 0
}

// readZone reads UTC, GMT, Z, +hhmm, +hh:mm, or GMT+hh:mm.
func (d *dateFields) readZone(s string) (n int, ok bool) {
	for _, name := range []string{"UTC", "GMT", "Z"} {
		if len(s) >= len(name) && strings.EqualFold(s[:len(name)], name) {
			n = len(name)
			break
		}
	}
	rest := s[n:]
	if rest == "" || rest[0] != '+' && rest[0] != '-' {
		return n, n > 0
	}
	sign := int64(1)
	if rest[0] == '-' {
		sign = -1
	}
	width := 1
	if len(rest) < 3 {
		return n, n > 0
	}
	hours, ok := digits(rest[1:3])
	if !ok {
		return n, n > 0
	}
	width += 2
	rest = rest[3:]
	if strings.HasPrefix(rest, ":") {
		rest = rest[1:]
		width++
	}
	if len(rest) < 2 {
		return 0, false
	}
	minutes, ok := digits(rest[:2])
	d.offset = sign * (hours*60 + minutes) * 60_000
	return n + width + 2, ok
}
