package types

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// dateFields are the fields that a parse has met, as in Java's lenient calendar: one beyond its range carries over, and of
// fields that contradict each other the one met last decides.
type dateFields struct {
	value, stamp [calendarFields]int64
	met          int64
	offset       int64
}

// calendarField is a field of java.util.Calendar.
type calendarField uint8

const (
	era calendarField = iota
	year
	weekYear
	month
	day
	dayOfYear
	weekOfYear
	weekOfMonth
	weekdayInMonth
	dayOfWeek // 1 is Sunday
	amPm
	hourOfHalf
	hourOfDay
	minute
	second
	millisecond
	calendarFields
)

func (d *dateFields) set(f calendarField, v int64) {
	d.met++
	d.value[f], d.stamp[f] = v, d.met
}

func (d *dateFields) has(f calendarField) bool { return d.stamp[f] > 0 }

// Parse reads a text as SimpleDateFormat does: missing fields are those of 1970-01-01 00:00:00, values beyond their range
// carry over, what follows is ignored. A text that does not fit the pattern is an error.
func (f *DateFormat) Parse(s string) (ms int64, err error) {
	d := dateFields{}
	d.value[year], d.value[month], d.value[day] = 1970, 1, 1
	rest := s
	for i, p := range f.parts {
		adjacent := i+1 < len(f.parts) && f.parts[i+1].letter != 0 && f.parts[i+1].numeric()
		n, ok := d.read(p, rest, adjacent)
		if !ok {
			return 0, fmt.Errorf("parse time %q: character %d does not fit the format", s, utf8.RuneCountInString(s[:len(s)-len(rest)])+1)
		}
		rest = rest[n:]
	}
	clock := d.hour()*3_600_000 + d.value[minute]*60_000 + d.value[second]*1000 + d.value[millisecond]
	return d.days()*msPerDay + clock - d.offset, nil
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
		if p.width <= 2 && n == 2 && !negative {
			v = twoDigitYear(v)
		}
		if p.letter == 'Y' {
			d.set(weekYear, v)
		} else {
			d.set(year, v)
		}
	case 'M', 'L':
		d.set(month, v)
	case 'd':
		d.set(day, v)
	case 'D':
		d.set(dayOfYear, v)
	case 'w':
		d.set(weekOfYear, v)
	case 'W':
		d.set(weekOfMonth, v)
	case 'F':
		d.set(weekdayInMonth, v)
	case 'u':
		if v >= 1 && v <= 7 {
			v = v%7 + 1
		}
		d.set(dayOfWeek, v)
	case 'H':
		d.set(hourOfDay, v)
	case 'k':
		if v == 24 {
			v = 0
		}
		d.set(hourOfDay, v)
	case 'K':
		d.set(hourOfHalf, v)
	case 'h':
		if v == 12 {
			v = 0
		}
		d.set(hourOfHalf, v)
	case 'm':
		d.set(minute, v)
	case 's':
		d.set(second, v)
	case 'S':
		d.set(millisecond, v)
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
		d.set(month, int64(i+1))
		return n, n > 0
	case 'E':
		i, n := matchName(s, dayNames[:])
		d.set(dayOfWeek, int64(i+1))
		return n, n > 0
	case 'a':
		i, n := matchName(s, []string{"AM", "PM"})
		d.set(amPm, int64(i))
		return n, n > 0
	case 'G':
		i, n := matchName(s, []string{"BC", "AD"})
		d.set(era, int64(i))
		return n, n > 0
	case 'X':
		return d.readISOZone(s, p.width)
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
