package types

import (
	"fmt"
	"strings"
)

// DateFormat is a compiled pattern of java.text.SimpleDateFormat, in UTC and English: G y Y M L w W D d F E u a H k K h m s S
// z Z X and 'quoted text'.
type DateFormat struct {
	parts []datePart
	room  int
}

// datePart is one run of the same letter, or literal text when letter is 0.
type datePart struct {
	letter  byte
	width   int
	literal string
}

const dateLetters = "GyYMLwWDdFEuaHkKhmsSzZX"

// CompileDateFormat reads a pattern.
func CompileDateFormat(pattern string) (*DateFormat, error) {
	f := &DateFormat{}
	for i := 0; i < len(pattern); {
		c := pattern[i]
		switch {
		case c == '\'':
			text, n, ok := quotedPart(pattern[i:])
			if !ok {
				return nil, fmt.Errorf("read date format %q: quote at character %d is not closed", pattern, i+1)
			}
			f.literal(text)
			i += n
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			n := 1
			for i+n < len(pattern) && pattern[i+n] == c {
				n++
			}
			if strings.IndexByte(dateLetters, c) < 0 {
				return nil, fmt.Errorf("read date format %q: letter %c at character %d has no meaning", pattern, c, i+1)
			}
			if n > maxPadding {
				return nil, fmt.Errorf("read date format %q: %d letters %c in a row", pattern, n, c)
			}
			f.parts = append(f.parts, datePart{letter: c, width: n})
			i += n
		default:
			f.literal(string(c))
			i++
		}
	}
	for _, p := range f.parts {
		f.room += len(p.literal) + p.width + 20
	}
	return f, nil
}

// quotedPart reads 'text' at the start of s; two quotes are one, inside and outside of quoted text.
func quotedPart(s string) (text string, n int, ok bool) {
	if strings.HasPrefix(s, "''") {
		return "'", 2, true
	}
	var b strings.Builder
	for n = 1; n < len(s); n++ {
		if s[n] != '\'' {
			b.WriteByte(s[n])
			continue
		}
		if n+1 < len(s) && s[n+1] == '\'' {
			b.WriteByte('\'')
			n++
			continue
		}
		return b.String(), n + 1, true
	}
	return "", 0, false
}

func (f *DateFormat) literal(text string) {
	if last := len(f.parts) - 1; last >= 0 && f.parts[last].letter == 0 {
		f.parts[last].literal += text
		return
	}
	f.parts = append(f.parts, datePart{literal: text})
}

// Room is a number of bytes that any result of Append fits.
func (f *DateFormat) Room() int { return f.room }

var (
	monthNames = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	dayNames   = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
)

// Append appends the text of a time.
func (f *DateFormat) Append(dst []byte, ms int64) []byte {
	days := FloorDiv(ms, msPerDay)
	t := ms - days*msPerDay
	year, month, day := CivilDate(days)
	hour := t / 3_600_000
	for _, p := range f.parts {
		switch p.letter {
		case 0:
			dst = append(dst, p.literal...)
		case 'G':
			dst = append(dst, [2]string{"BC", "AD"}[boolIndex(year > 0)]...)
		case 'y':
			dst = appendYear(dst, year, p.width)
		case 'Y':
			weekYear, _ := weekOf(days)
			dst = appendYear(dst, weekYear, p.width)
		case 'M', 'L':
			dst = appendName(dst, monthNames[month-1], month, p.width)
		case 'w':
			_, week := weekOf(days)
			dst = appendPadded(dst, week, p.width)
		case 'W':
			dst = appendPadded(dst, (day+6-weekday(days))/7+boolInt((day+6-weekday(days))%7 != 0), p.width)
		case 'D':
			dst = appendPadded(dst, days-DayNumber(year, 1, 1)+1, p.width)
		case 'd':
			dst = appendPadded(dst, day, p.width)
		case 'F':
			dst = appendPadded(dst, (day-1)/7+1, p.width)
		case 'E':
			dst = appendName(dst, dayNames[weekday(days)], 0, max(p.width, 3))
		case 'u':
			dst = appendPadded(dst, (weekday(days)+6)%7+1, p.width)
		case 'a':
			dst = append(dst, [2]string{"AM", "PM"}[hour/12]...)
		case 'H':
			dst = appendPadded(dst, hour, p.width)
		case 'k':
			dst = appendPadded(dst, (hour+23)%24+1, p.width)
		case 'K':
			dst = appendPadded(dst, hour%12, p.width)
		case 'h':
			dst = appendPadded(dst, (hour+11)%12+1, p.width)
		case 'm':
			dst = appendPadded(dst, t/60_000%60, p.width)
		case 's':
			dst = appendPadded(dst, t/1000%60, p.width)
		case 'S':
			dst = appendPadded(dst, t%1000, p.width)
		case 'z':
			if p.width >= 4 {
				dst = append(dst, "Coordinated Universal Time"...)
			} else {
				dst = append(dst, "UTC"...)
			}
		case 'Z':
			dst = append(dst, "+0000"...)
		case 'X':
			dst = append(dst, 'Z')
		}
	}
	return dst
}

func appendYear(dst []byte, year int64, width int) []byte {
	if year <= 0 {
		year = 1 - year
	}
	if width == 2 {
		return appendPadded(dst, year%100, 2)
	}
	return appendPadded(dst, year, width)
}

func appendName(dst []byte, name string, number int64, width int) []byte {
	switch {
	case width >= 4:
		return append(dst, name...)
	case width == 3:
		return append(dst, name[:3]...)
	}
	return appendPadded(dst, number, width)
}

func boolIndex(b bool) int {
	if b {
		return 1
	}
	return 0
}

func boolInt(b bool) int64 { return int64(boolIndex(b)) }

// weekday returns 0 for Sunday.
func weekday(days int64) int64 { return days + 4 - FloorDiv(days+4, 7)*7 }

// weekOf returns the year and number of a week by the rule of the US locale: weeks begin on Sunday and week 1 holds January 1.
func weekOf(days int64) (year, week int64) {
	year, _, _ = CivilDate(days)
	if next := DayNumber(year+1, 1, 1); days >= next-weekday(next) {
		return year + 1, 1
	}
	first := DayNumber(year, 1, 1)
	return year, (days-first+weekday(first))/7 + 1
}
