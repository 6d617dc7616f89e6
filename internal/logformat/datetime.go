package logformat

import "bytes"

// months are the English names an access log may use; the short form is their first three letters.
var months = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}

// scanDatetime takes day/month/year:hour:minute:second zone and returns the position after it. Day is 1 to 31 with or without a leading zero, the year
// has no leading zero, the second goes to 60 and may have a fraction after ':', '.' or ','; one white space stands before the zone.
func scanDatetime(line []byte, i int) (next int, expected string) {
	// The usual shape is checked in one go; whatever it does not know is left to the careful way below.
	if i+26 < len(line) && plainDatetime(line[i:i+26]) && line[i+26] == ']' {
		return i + 26, ""
	}
	end, ok := scanPart(line, i, '/', validDay)
	if !ok {
		return i, "day of the month"
	}
	i = end + 1
	end = bytes.IndexByte(line[i:], '/')
	if end < 0 || !validMonth(line[i:i+end]) {
		return i, "month name"
	}
	i += end + 1
	if end, ok = scanPart(line, i, ':', validYear); !ok {
		return i, "year"
	}
	if i, expected = scanTime(line, end+1); expected != "" {
		return i, expected
	}
	if i >= len(line) || classes[line[i]]&spaceByte == 0 {
		return i, "blank before zone"
	}
	i++
	digits := i
	if i < len(line) && (line[i] == '+' || line[i] == '-') {
		digits++
	}
	if end = scanClass(line, digits, digitByte); end == digits {
		return digits, "zone"
	}
	return end, ""
}

// scanTime takes hour:minute:second and returns the position after it.
func scanTime(line []byte, i int) (next int, expected string) {
	end, ok := scanPart(line, i, ':', validHour)
	if !ok {
		return i, "hour"
	}
	i = end + 1
	if end, ok = scanPart(line, i, ':', validMinute); !ok {
		return i, "minute"
	}
	i = end + 1
	end = scanClass(line, i, digitByte)
	if !validSecond(line[i:end]) {
		return i, "second"
	}
	i = end
	if i < len(line) && (line[i] == ':' || line[i] == '.' || line[i] == ',') {
		if end = scanClass(line, i+1, digitByte); end == i+1 {
			return end, "fraction of a second"
		}
		i = end
	}
	return i, ""
}

// scanMonthDay takes the name of a month, white space, and a day of the month.
func scanMonthDay(line []byte, i int) (next int, expected string) {
	end := scanClass(line, i, wordByte)
	if !validMonth(line[i:end]) {
		return i, "month name"
	}
	if i = scanClass(line, end, spaceByte); i == end {
		return end, "blank after month"
	}
	if end = scanClass(line, i, digitByte); !validDay(line[i:end]) {
		return i, "day of the month"
	}
	return end, ""
}

// plainDatetime reports whether the 26 bytes of t are dd/Mon/yyyy:hh:mm:ss +zzzz in the ranges above.
func plainDatetime(t []byte) bool {
	const shape = "00/Mon/0000:00:00:00 +0000"
	_ = t[len(shape)-1]
	if t[2] != '/' || t[6] != '/' || t[11] != ':' || t[14] != ':' || t[17] != ':' || t[20] != ' ' || t[21] != '+' && t[21] != '-' {
		return false
	}
	digits := classes[t[0]] & classes[t[1]] & classes[t[7]] & classes[t[8]] & classes[t[9]] & classes[t[10]] & classes[t[12]] & classes[t[13]] &
		classes[t[15]] & classes[t[16]] & classes[t[18]] & classes[t[19]] & classes[t[22]] & classes[t[23]] & classes[t[24]] & classes[t[25]]
	if digits&digitByte == 0 || t[7] == '0' {
		return false
	}
	day := int(t[0]-'0')*10 + int(t[1]-'0')
	hour := int(t[12]-'0')*10 + int(t[13]-'0')
	second := int(t[18]-'0')*10 + int(t[19]-'0')
	return day >= 1 && day <= 31 && hour <= 23 && t[15] <= '5' && second <= 60 && shortMonth(t[3], t[4], t[5])
}

func shortMonth(a, b, c byte) bool {
	switch string([]byte{a, b, c}) {
	case "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec":
		return true
	}
	return false
}

// scanPart takes digits up to the separator and asks valid about them; end is the separator's position.
func scanPart(line []byte, i int, separator byte, valid func([]byte) bool) (end int, ok bool) {
	end = scanClass(line, i, digitByte)
	return end, end < len(line) && line[end] == separator && valid(line[i:end])
}

func validMonth(name []byte) bool {
	for _, month := range months {
		if string(name) == month || string(name) == month[:3] {
			return true
		}
	}
	return false
}

func validYear(d []byte) bool   { return len(d) >= 1 && d[0] != '0' }
func validHour(d []byte) bool   { n := twoDigits(d); return n >= 0 && n <= 23 }
func validMinute(d []byte) bool { return len(d) == 2 && d[0] <= '5' }
func validSecond(d []byte) bool { n := twoDigits(d); return n >= 0 && n <= 60 }
func validDay(d []byte) bool    { n := twoDigits(d); return n >= 1 && n <= 31 }

// twoDigits is the value of one or two digits, otherwise -1.
func twoDigits(d []byte) int {
	switch len(d) {
	case 1:
		return int(d[0] - '0')
	case 2:
		return int(d[0]-'0')*10 + int(d[1]-'0')
	}
	return -1
}
