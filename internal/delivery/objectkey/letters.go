package objectkey

import (
	"strconv"
	"strings"
	"time"
)

// letterField is the meaning of n times a letter, nil if it has none here.
func letterField(c byte, n int) field {
	switch c {
	case 'G':
		return text(n, 3, func(time.Time) (short, long, narrow string) { return "AD", "Anno Domini", "A" })
	case 'y', 'u':
		return yearField(n, time.Time.Year)
	case 'Y':
		return yearField(n, func(t time.Time) int { y, _ := weekOfYear(t); return y })
	case 'M', 'L':
		return numberOrText(n, func(t time.Time) int { return int(t.Month()) }, monthText)
	case 'Q', 'q':
		return numberOrText(n, quarter, quarterText)
	case 'd':
		return number(n, 2, time.Time.Day)
	case 'D':
		return number(n, 3, time.Time.YearDay)
	case 'w':
		return number(n, 2, func(t time.Time) int { _, w := weekOfYear(t); return w })
	case 'W':
		return number(n, 1, weekOfMonth)
	case 'F': // Java says week of month and, before 19, prints this
		return number(n, 1, func(t time.Time) int { return (t.Day()-1)%7 + 1 })
	case 'E':
		return text(n, 3, weekdayText)
	case 'e':
		return numberOrText(n, func(t time.Time) int { return int(t.Weekday()) + 1 }, weekdayText)
	case 'c':
		if n == 2 {
			return nil
		}
		return letterField('e', n)
	}
	return clockField(c, n)
}

// clockField is letterField for the time of day and its zone. What is finer than
// a second is zero: Firehose evaluates keys with a time cut to the second.
func clockField(c byte, n int) field {
	secondOfDay := func(t time.Time) int { return t.Hour()*3600 + t.Minute()*60 + t.Second() }
	switch c {
	case 'a':
		return layout(n == 1, "PM")
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
	case 'A':
		return number(n, 19, func(t time.Time) int { return secondOfDay(t) * 1000 })
	case 'N':
		return number(n, 19, func(t time.Time) int { return secondOfDay(t) * int(time.Second) })
	case 'n':
		return number(n, 19, func(time.Time) int { return 0 })
	case 'V':
		return zoneID(n)
	case 'z':
		return layout(n <= 3, "MST")
	case 'O', 'X', 'x', 'Z':
		return offsetField(c, n)
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

// maxYearLetters is where Java's formatter breaks.
const maxYearLetters = 10

func yearField(n int, year func(time.Time) int) field {
	switch {
	case n > maxYearLetters:
		return nil
	case n == 2:
		return func(b []byte, t time.Time) []byte { return pad(b, year(t)%100, 2) }
	}
	return func(b []byte, t time.Time) []byte { return pad(b, year(t), n) }
}

// words are a time's short, long and narrow text.
type words func(t time.Time) (short, long, narrow string)

// text is short up to some number of letters, then long, then narrow.
func text(n, short int, of words) field {
	if n > short+2 {
		return nil
	}
	return func(b []byte, t time.Time) []byte {
		s, l, narrow := of(t)
		switch {
		case n <= short:
			return append(b, s...)
		case n == short+1:
			return append(b, l...)
		}
		return append(b, narrow...)
	}
}

// numberOrText is a number for one or two letters and text for more.
func numberOrText(n int, value func(time.Time) int, of words) field {
	if n <= 2 {
		return number(n, 2, value)
	}
	return text(n, 3, of)
}

func monthText(t time.Time) (short, long, narrow string) {
	name := t.Month().String()
	return name[:3], name, name[:1]
}

func weekdayText(t time.Time) (short, long, narrow string) {
	name := t.Weekday().String()
	return name[:3], name, name[:1]
}

func quarter(t time.Time) int { return (int(t.Month()) + 2) / 3 }

func quarterText(t time.Time) (short, long, narrow string) {
	digit := strconv.Itoa(quarter(t))
	return "Q" + digit, digit + []string{"st", "nd", "rd", "th"}[quarter(t)-1] + " quarter", digit
}

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
