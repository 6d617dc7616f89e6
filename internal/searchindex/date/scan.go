package date

import "time"

// The finest part that a text gave.
const (
	precisionYear = iota
	precisionMonth
	precisionDay
	precisionHour
	precisionMinute
	precisionSecond
	precisionMilli
)

// parts are the numbers of a date as written; offset is the zone's seconds east of Greenwich.
type parts struct {
	year, month, day, hour, minute, second, milli int
	offset                                        int
	zoned                                         bool // the offset was written
	precision                                     int
}

// spanIn is span, in a zone when none was written.
func (p parts) spanIn(whole bool, zone *time.Location) (first, last int64, ok bool) {
	first, last, ok = p.span(whole)
	if !ok || p.zoned || zone == nil {
		return first, last, ok
	}
	return Shift(first, zone), Shift(last+1, zone) - 1, true
}

// span turns the parts into the milliseconds they stand for. Parts that no calendar has are refused.
func (p parts) span(whole bool) (first, last int64, ok bool) {
	if !whole || p.month < 1 || p.month > 12 || p.day < 1 || p.hour > 23 || p.minute > 59 || p.second > 59 {
		return 0, 0, false
	}
	t := time.Date(p.year, time.Month(p.month), p.day, p.hour, p.minute, p.second, p.milli*int(time.Millisecond), time.UTC)
	if t.Day() != p.day {
		return 0, 0, false
	}
	next := t
	switch p.precision {
	case precisionYear, precisionMonth, precisionDay: // the real server reads a month left out as January, a day as the first
		next = t.AddDate(0, 0, 1)
	case precisionHour:
		next = t.Add(time.Hour)
	case precisionMinute:
		next = t.Add(time.Minute)
	case precisionSecond:
		next = t.Add(time.Second)
	case precisionMilli:
		next = t.Add(time.Millisecond)
	}
	shift := int64(p.offset) * 1000
	return t.UnixMilli() - shift, next.UnixMilli() - 1 - shift, true
}

type scan struct {
	text string
	at   int
}

func (s *scan) literal(c byte) bool {
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scan) digits(n int) (int, bool) {
	if s.at+n > len(s.text) {
		return 0, false
	}
	v := 0
	for _, c := range []byte(s.text[s.at : s.at+n]) {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int(c-'0')
	}
	s.at += n
	return v, true
}

// fraction reads one to nine digits after the point and keeps the milliseconds.
func (s *scan) fraction() (milli int, ok bool) {
	n := 0
	for s.at < len(s.text) && s.text[s.at] >= '0' && s.text[s.at] <= '9' {
		if n < 3 {
			milli = milli*10 + int(s.text[s.at]-'0')
		}
		n++
		s.at++
	}
	for i := n; i < 3; i++ {
		milli *= 10
	}
	return milli, n >= 1 && n <= 9
}

// zone = "Z" | ("+" | "-") HH [ [":"] mm ]
func (s *scan) zone(p *parts) bool {
	p.zoned = true
	if s.literal('Z') {
		return true
	}
	sign := 1
	switch {
	case s.literal('+'):
	case s.literal('-'):
		sign = -1
	default:
		return false
	}
	hours, ok := s.digits(2)
	if !ok || hours > 18 {
		return false
	}
	minutes := 0
	colon := s.literal(':')
	if colon || s.at < len(s.text) && s.text[s.at] >= '0' && s.text[s.at] <= '9' {
		if minutes, ok = s.digits(2); !ok || minutes > 59 {
			return false
		}
	}
	p.offset = sign * (hours*3600 + minutes*60)
	return true
}
