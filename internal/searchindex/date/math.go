package date

import (
	"strings"
	"time"
)

// Resolve reads a date of a query: a text in the format, "now", and either with date math behind it:
//
//	now-15m   now/d   2026-11-22||+1M/d
//
// The result is the span that the expression stands for: rounding leaves its unit open, plain dates what they omit.
func (f Format) Resolve(text string, now time.Time) (first, last int64, ok bool) {
	if rest, isNow := strings.CutPrefix(text, "now"); isNow {
		ms := now.UnixMilli()
		return f.math(ms, ms, rest)
	}
	anchor, rest, hasMath := strings.Cut(text, "||")
	if !hasMath {
		return f.ParseSpan(text)
	}
	if first, ok = f.Parse(anchor); !ok {
		return 0, 0, false
	}
	return f.math(first, first, rest)
}

// math = { ( "+" | "-" ) [ digits ] unit | "/" unit }
func (f Format) math(first, last int64, text string) (int64, int64, bool) {
	for at := 0; at < len(text); {
		op := text[at]
		at++
		n, digits := 0, 0
		for at < len(text) && text[at] >= '0' && text[at] <= '9' && digits < 9 {
			n = n*10 + int(text[at]-'0')
			at++
			digits++
		}
		if at >= len(text) || op == '/' && digits > 0 {
			return 0, 0, false
		}
		if digits == 0 {
			n = 1
		}
		unit := text[at]
		at++
		t := time.UnixMilli(first).UTC()
		if f.zone != nil {
			t = t.In(f.zone)
		}
		var ok bool
		switch op {
		case '+', '-':
			if op == '-' {
				n = -n
			}
			t, ok = Add(t, n, unit)
			first = t.UnixMilli()
			last = first
		case '/':
			first, last, ok = FloorIn(first, unit, f.zone)
		}
		if !ok {
			return 0, 0, false
		}
	}
	return first, last, true
}

// Add moves a date by n units: y, q, M, w, d, h or H, m, s.
func Add(t time.Time, n int, unit byte) (time.Time, bool) {
	switch unit {
	case 'y':
		return t.AddDate(n, 0, 0), true
	case 'q':
		return t.AddDate(0, 3*n, 0), true
	case 'M':
		return t.AddDate(0, n, 0), true
	case 'w':
		return t.AddDate(0, 0, 7*n), true
	case 'd':
		return t.AddDate(0, 0, n), true
	case 'h', 'H':
		return t.Add(time.Duration(n) * time.Hour), true
	case 'm':
		return t.Add(time.Duration(n) * time.Minute), true
	case 's':
		return t.Add(time.Duration(n) * time.Second), true
	}
	return t, false
}

// Floor is the start of the calendar unit that holds the date; weeks begin on Monday.
func Floor(t time.Time, unit byte) (time.Time, bool) {
	y, m, d := t.Date()
	switch unit {
	case 'y':
		return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC), true
	case 'q':
		return time.Date(y, (m-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC), true
	case 'M':
		return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC), true
	case 'w':
		sinceMonday := (int(t.Weekday()) + 6) % 7
		return time.Date(y, m, d-sinceMonday, 0, 0, 0, 0, time.UTC), true
	case 'd':
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC), true
	case 'h', 'H':
		return time.Date(y, m, d, t.Hour(), 0, 0, 0, time.UTC), true
	case 'm':
		return time.Date(y, m, d, t.Hour(), t.Minute(), 0, 0, time.UTC), true
	case 's':
		return t.Truncate(time.Second), true
	}
	return t, false
}

// FloorIn is the first and last millisecond of the calendar unit of a zone, nil for UTC, that holds a moment.
func FloorIn(ms int64, unit byte, zone *time.Location) (first, last int64, ok bool) {
	wall := ms
	if zone != nil {
		wall = Wall(ms, zone)
	}
	t, ok := Floor(time.UnixMilli(wall).UTC(), unit)
	next, _ := Add(t, 1, unit)
	first, last = t.UnixMilli(), next.UnixMilli()
	if zone == nil {
		return first, last - 1, ok
	}
	if step := last - first; step <= time.Hour.Milliseconds() { // of both hours when clocks are set back, the one that is meant
		return ms - (wall - first), ms - (wall - first) + step - 1, ok
	}
	return Shift(first, zone), Shift(last, zone) - 1, ok
}
