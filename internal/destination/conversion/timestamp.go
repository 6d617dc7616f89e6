package conversion

import (
	"bytes"
	"strconv"
	"time"
)

// timestamp reads a timestamp, always as UTC.
//
// OpenX: 2017-02-07T15:13:01.39256Z, 2017-2-7 15:13:01.14, and seconds since
// the epoch, also with a fraction; thirteen digits and more are milliseconds.
// Hive: its patterns, or 2017-2-7 15:13:01.14 if it has none.
func (r *rules) timestamp(v scalar) (time.Time, bool) {
	if v.is != 's' && v.is != 'n' {
		return time.Time{}, false
	}
	switch {
	case len(r.patterns) > 0:
		for _, p := range r.patterns {
			if t, ok := p.parse(v.text); ok {
				return t, true
			}
		}
		return time.Time{}, false
	case r.lenient && bytes.IndexByte(v.text, ':') < 0:
		return sinceEpoch(v.text)
	}
	t, utc, ok := calendar(v.text)
	return t, ok && (!utc || r.lenient)
}

// sinceEpoch reads seconds, with a fraction or not, or milliseconds.
func sinceEpoch(text []byte) (time.Time, bool) {
	whole, fraction, fractional := bytes.Cut(text, []byte("."))
	n, err := strconv.ParseInt(string(whole), 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	if !fractional {
		if len(whole) >= len("1454612111000") {
			return time.UnixMilli(n).UTC(), true
		}
		return time.Unix(n, 0).UTC(), true
	}
	nanoseconds, ok := nanosecondsOf(fraction)
	if whole[0] == '-' {
		nanoseconds = -nanoseconds
	}
	return time.Unix(n, nanoseconds).UTC(), ok
}

// nanosecondsOf reads the digits behind the point; beyond nine they mean
// nothing.
func nanosecondsOf(digits []byte) (n int64, ok bool) {
	if len(digits) == 0 {
		return 0, false
	}
	for i := range max(9, len(digits)) {
		c := byte(0)
		if i < len(digits) {
			if c = digits[i] - '0'; c > 9 {
				return 0, false
			}
		}
		if i < 9 {
			n = n*10 + int64(c)
		}
	}
	return n, true
}

// calendar reads yyyy-MM-ddTHH:mm:ss[.f]Z, which is said to be UTC, or
// yyyy-[M]M-[d]d HH:mm:ss[.f].
func calendar(text []byte) (t time.Time, utc, ok bool) {
	date, rest, ok := parseDate(text)
	if !ok || len(rest) == 0 {
		return t, false, false
	}
	switch {
	case rest[0] == 'T' && rest[len(rest)-1] == 'Z':
		utc, rest = true, rest[1:len(rest)-1]
	case rest[0] == ' ':
		rest = rest[1:]
	default:
		return t, false, false
	}
	rest, fraction, fractional := bytes.Cut(rest, []byte("."))
	var nanoseconds int64
	if fractional {
		if nanoseconds, ok = nanosecondsOf(fraction); !ok || len(fraction) > 9 {
			return t, false, false
		}
	}
	clock := bytes.Split(rest, []byte(":"))
	if len(clock) != 3 {
		return t, false, false
	}
	var at [3]int
	for i, most := range []int{23, 59, 59} {
		n, used := digits(clock[i], 2)
		if used == 0 || used != len(clock[i]) || n > most {
			return t, false, false
		}
		at[i] = n
	}
	return time.Date(date.Year(), date.Month(), date.Day(), at[0], at[1], at[2], int(nanoseconds), time.UTC), utc, true
}

// parseDate reads yyyy-[M]M-[d]d from the front and returns the rest.
func parseDate(text []byte) (date time.Time, rest []byte, ok bool) {
	year, used := digits(text, 4)
	if used != 4 {
		return date, nil, false
	}
	var at [2]int
	for i := range at {
		if text = text[used:]; len(text) == 0 || text[0] != '-' {
			return date, nil, false
		}
		text = text[1:]
		if at[i], used = digits(text, 2); used == 0 {
			return date, nil, false
		}
	}
	date = time.Date(year, time.Month(at[0]), at[1], 0, 0, 0, 0, time.UTC)
	return date, text[used:], year > 0 && int(date.Month()) == at[0] && date.Day() == at[1]
}

// digits reads a number of at most so many digits from the front and says how
// many there were.
func digits(text []byte, most int) (n, used int) {
	for used < min(most, len(text)) && text[used]-'0' <= 9 {
		n = n*10 + int(text[used]-'0')
		used++
	}
	return n, used
}
