package types

const msPerDay = 86_400_000

// ParseTimestamp reads the timestamps that input records carry: a date, or a date and a time with blank or T between
// them and up to nine digits of a second's fraction, of which milliseconds are kept; a final Z is allowed.
func ParseTimestamp(s string) (ms int64, ok bool) {
	ms, n, ok := parseDatePrefix(s)
	if !ok {
		return 0, false
	}
	if n == len(s) {
		return ms, true
	}
	if s[n] != ' ' && s[n] != 'T' {
		return 0, false
	}
	rest := s[n+1:]
	if len(rest) > 0 && rest[len(rest)-1] == 'Z' {
		rest = rest[:len(rest)-1]
	}
	t, ok := ParseTimeOfDay(rest)
	return ms + t, ok
}

// ParseTimestampCast reads what CAST takes: exactly yyyy-MM-dd HH:mm:ss, no fraction.
func ParseTimestampCast(s string) (ms int64, ok bool) {
	if len(s) != len("yyyy-MM-dd HH:mm:ss") || s[10] != ' ' {
		return 0, false
	}
	return ParseTimestamp(s)
}

// ParseDate reads yyyy-MM-dd.
func ParseDate(s string) (ms int64, ok bool) {
	ms, n, ok := parseDatePrefix(s)
	return ms, ok && n == len(s)
}

// ParseTimeOfDay reads HH:mm:ss with an optional fraction.
func ParseTimeOfDay(s string) (ms int64, ok bool) {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return 0, false
	}
	h, okH := digits(s[0:2])
	m, okM := digits(s[3:5])
	sec, okS := digits(s[6:8])
	if !okH || !okM || !okS || h > 23 || m > 59 || sec > 59 {
		return 0, false
	}
	ms = (h*60+m)*60_000 + sec*1000
	if len(s) == 8 {
		return ms, true
	}
	if s[8] != '.' || len(s) == 9 || len(s) > 18 {
		return 0, false
	}
	scale := int64(100)
	for _, c := range []byte(s[9:]) {
		if c < '0' || c > '9' {
			return 0, false
		}
		ms += int64(c-'0') * scale
		scale /= 10
	}
	return ms, true
}

func parseDatePrefix(s string) (ms int64, n int, ok bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return 0, 0, false
	}
	y, okY := digits(s[0:4])
	m, okM := digits(s[5:7])
	d, okD := digits(s[8:10])
	if !okY || !okM || !okD || m < 1 || m > 12 || d < 1 || d > daysIn(y, m) {
		return 0, 0, false
	}
	return DayNumber(y, m, d) * msPerDay, 10, true
}

func digits(s string) (n int64, ok bool) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, len(s) > 0
}

// AppendTimestamp appends yyyy-MM-dd HH:mm:ss.SSS.
func AppendTimestamp(dst []byte, ms int64) []byte {
	dst = AppendDate(dst, ms)
	dst = append(dst, ' ')
	t := ms - FloorDiv(ms, msPerDay)*msPerDay
	dst = appendClock(dst, t)
	dst = append(dst, '.')
	return appendPadded(dst, t%1000, 3)
}

// AppendDate appends yyyy-MM-dd.
func AppendDate(dst []byte, ms int64) []byte {
	y, m, d := CivilDate(FloorDiv(ms, msPerDay))
	if y < 0 {
		dst = append(dst, '-')
		y = -y
	}
	dst = append(appendPadded(dst, y, 4), '-')
	dst = append(appendPadded(dst, m, 2), '-')
	return appendPadded(dst, d, 2)
}

// AppendTimeOfDay appends HH:mm:ss, and the milliseconds where there are any.
func AppendTimeOfDay(dst []byte, ms int64) []byte {
	t := ms - FloorDiv(ms, msPerDay)*msPerDay
	dst = appendClock(dst, t)
	if t%1000 != 0 {
		dst = append(dst, '.')
		dst = appendPadded(dst, t%1000, 3)
	}
	return dst
}

func appendClock(dst []byte, t int64) []byte {
	dst = append(appendPadded(dst, t/3_600_000, 2), ':')
	dst = append(appendPadded(dst, t/60_000%60, 2), ':')
	return appendPadded(dst, t/1000%60, 2)
}

// maxPadding is the greatest width of appendPadded, and so that of a field in a date format.
const maxPadding = 32

// appendPadded appends n >= 0 with leading zeros up to width.
func appendPadded(dst []byte, n int64, width int) []byte {
	var buf [maxPadding]byte
	i := len(buf)
	for n > 0 || len(buf)-i < width {
		i--
		buf[i] = byte('0' + n%10)
		n /= 10
	}
	return append(dst, buf[i:]...)
}
