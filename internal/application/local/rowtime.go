package local

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/sql/types"
)

// clock reads the texts of times. Those that follow each other are mostly alike.
type clock struct {
	last   []byte
	lastMs int64
}

// read returns milliseconds since the epoch of
//
//	10/Oct/2000:13:55:36 -0700            Apache's access log
//	Wed Oct 11 14:32:52.123456 2000       Apache's error log, in UTC
//	2000-10-10T13:55:36.123-07:00         ISO 8601; a blank for the T; no zone is UTC; a date alone
//	971211336  971211336.5  971211336500  seconds since the epoch; milliseconds from 10^11 on
//
// It keeps no part of s.
func (c *clock) read(s string) (ms int64, ok bool) {
	if s == string(c.last) && s != "" {
		return c.lastMs, true
	}
	ms, ok = readTime(s)
	if ok {
		c.last, c.lastMs = append(c.last[:0], s...), ms
	}
	return ms, ok
}

func readTime(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	switch {
	case len(s) == 26 && s[2] == '/' && s[6] == '/' && s[11] == ':':
		return readApache(s)
	case len(s) >= 10 && s[4] == '-' && s[7] == '-':
		return readISO(s)
	case len(s) >= 24 && s[3] == ' ' && s[7] == ' ':
		t, err := time.Parse("Mon Jan _2 15:04:05 2006", s) // takes a fraction, too
		return t.UnixMilli(), err == nil
	}
	return readEpoch(s)
}

// readApache reads dd/MMM/yyyy:HH:mm:ss ±hhmm.
func readApache(s string) (int64, bool) {
	month := strings.Index("JanFebMarAprMayJunJulAugSepOctNovDec", s[3:6])
	year, okYear := number(s[7:11])
	day, okDay := number(s[0:2])
	if month < 0 || month%3 != 0 || !okYear || !okDay || day < 1 || day > 31 {
		return 0, false
	}
	of := types.DayNumber(year, int64(month/3+1), day)
	if _, m, _ := types.CivilDate(of); m != int64(month/3+1) {
		return 0, false // 31/Apr
	}
	t, ok := types.ParseTimeOfDay(s[12:20])
	offset, okZone := readOffset(s[21:])
	return of*86_400_000 + t - offset, ok && okZone && s[20] == ' '
}

// readISO reads what timestamps of records may be, and an offset behind it.
func readISO(s string) (int64, bool) {
	offset, ok := int64(0), true
	if i := strings.LastIndexAny(s, "+-"); i > 10 {
		if offset, ok = readOffset(s[i:]); !ok {
			return 0, false
		}
		s = strings.TrimRight(s[:i], " ")
	}
	ms, ok := types.ParseTimestamp(s)
	return ms - offset, ok
}

// readOffset reads ±hh, ±hhmm and ±hh:mm in milliseconds.
func readOffset(s string) (int64, bool) {
	if len(s) == 6 && s[3] == ':' {
		s = s[:3] + s[4:]
	}
	if len(s) == 3 {
		s += "00"
	}
	if len(s) != 5 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	n, ok := number(s[1:])
	ms := (n/100*60 + n%100) * 60_000
	if s[0] == '-' {
		ms = -ms
	}
	return ms, ok && n/100 <= 23 && n%100 <= 59
}

func number(s string) (n int64, ok bool) {
	for i := range len(s) {
		c := s[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, s != ""
}

const (
	// leastMilliseconds: a number from here on counts milliseconds. As seconds it
	// would be in the year 5138, and as milliseconds it is in 1973.
	leastMilliseconds = 1e11
	// mostMilliseconds is the year 9999.
	mostMilliseconds = 253_402_300_799_999
)

func readEpoch(s string) (int64, bool) {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || !(n >= 0 && n <= mostMilliseconds) {
		return 0, false
	}
	if n < leastMilliseconds {
		n = math.Floor(n*1000 + 0.5)
	}
	return int64(n), true
}
