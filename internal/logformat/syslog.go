package logformat

import "unicode/utf8"

// syslog is what syslog daemons write into files, scanned by hand. The line:
//
//	timestamp <facility.priority> host program[processid]: message
//
// The timestamp is month day hour:minute:second, or one of RFC 3339. The part in angle brackets may be left out and is no field, the process may be left out and is null
// then. A lone dash is a value like any other.
type syslog struct {
	layout
	rfc3339 bool
}

var syslogFields = []string{"timestamp", "hostname", "program", "processid", "message"}

func (s *syslog) Append(dst, line []byte) ([]byte, *Mismatch) {
	spans := [5]span{3: noSpan}
	if pos, expected := scanSyslog(line, &spans, s.rfc3339); expected != "" {
		return dst, &Mismatch{Pos: pos, Expected: expected}
	}
	return s.appendObject(dst, line, spans[:]), nil
}

func scanSyslog(line []byte, spans *[5]span, rfc3339 bool) (pos int, expected string) {
	scanTimestamp := scanSyslogTimestamp
	if rfc3339 {
		scanTimestamp = scanRFC3339
	}
	end, expected := scanTimestamp(line)
	if expected != "" {
		return end, expected
	}
	spans[0] = span{0, end}
	i := skip(line, end, ' ')
	if i < 0 {
		return end, "blank after timestamp"
	}
	if i < len(line) && line[i] == '<' {
		next := scanFacility(line, i+1)
		if next < 0 {
			return i, "facility.priority in angle brackets, or hostname"
		}
		i = next
	}
	if end = scanClass(line, i, userByte); end == i {
		return i, "hostname of letters, digits, '.', '_', '-'"
	}
	spans[1] = span{i, end}
	if i = skip(line, end, ' '); i < 0 {
		return end, "blank after hostname"
	}
	if end = scanClass(line, i, programByte); end == i {
		return i, "program of letters, digits, '.', '_', '/', '%', '-'"
	}
	spans[2] = span{i, end}
	if i = skip(line, end, '['); i > 0 {
		if end = scanPositive(line, i); end == i {
			return i, "process id"
		}
		spans[3] = span{i, end}
		if i = skip(line, end, ']'); i < 0 {
			return end, "']' after process id"
		}
		end = i
	}
	if i = skip2(line, end, ':', ' '); i < 0 {
		return end, "': ' before message"
	}
	spans[4] = span{i, len(line)}
	if at := lineTerminator(line[i:]); at >= 0 {
		return i + at, "no line terminator in message"
	}
	return 0, ""
}

func scanSyslogTimestamp(line []byte) (next int, expected string) {
	end, expected := scanMonthDay(line, 0)
	if expected != "" {
		return end, expected
	}
	i := scanClass(line, end, spaceByte)
	if i == end {
		return end, "blank after the day of the month"
	}
	return scanTime(line, i)
}

// scanRFC3339 takes the shape of a timestamp without a look at the ranges, with a fraction of any length.
func scanRFC3339(line []byte) (next int, expected string) {
	const shape = "0000-00-00T00:00:00"
	end, ok := scanShape(line, 0, shape)
	if !ok {
		return end, "timestamp like " + shape
	}
	if i := skip(line, end, '.'); i > 0 {
		if end = scanClass(line, i, digitByte); end == i {
			return i, "fraction of a second"
		}
	}
	if i := skip(line, end, 'Z'); i > 0 {
		return i, ""
	}
	if end == len(line) || line[end] != '+' && line[end] != '-' {
		return end, "zone: Z or like +00:00"
	}
	if end, ok = scanShape(line, end+1, "00:00"); !ok {
		return end, "zone like +00:00"
	}
	return end, ""
}

// scanShape compares with a text in which a 0 stands for any digit. Next is where they first differ.
func scanShape(line []byte, i int, shape string) (next int, ok bool) {
	for _, c := range []byte(shape) {
		if i == len(line) || c == '0' && classes[line[i]]&digitByte == 0 || c != '0' && line[i] != c {
			return i, false
		}
		i++
	}
	return i, true
}

// scanFacility returns the position after digits, any one character, digits, '>' and a blank, -1 if they are not there. The character may be a digit as well, so <165>
// is one.
func scanFacility(line []byte, i int) int {
	end := scanClass(line, i, digitByte)
	if end == i {
		return -1
	}
	if end-i >= 3 {
		if next := skip2(line, end, '>', ' '); next > 0 {
			return next
		}
	}
	if end == len(line) || lineTerminator(line[end:min(end+3, len(line))]) == 0 {
		return -1
	}
	r, n := utf8.DecodeRune(line[end:])
	if r == utf8.RuneError && n == 1 {
		n = malformed(line[end:])
	}
	i = end + n
	if end = scanClass(line, i, digitByte); end == i {
		return -1
	}
	return skip2(line, end, '>', ' ')
}
