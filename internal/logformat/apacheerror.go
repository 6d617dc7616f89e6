package logformat

// apacheError is Apache's error log since 2.4, scanned by hand. The line:
//
//	[weekday month day hour:minute:second year] [module:severity] [pid number:tid number] [client host:port] message
//
// Module, tid and port may be left out with their colons. The client's port is part of its field. A line that has no client does not match, as in the Kinesis
// Agent, nor does an AH number between client and message stand apart from it.
type apacheError struct{ layout }

var apacheErrorFields = []string{"timestamp", "module", "severity", "processid", "threadid", "client", "message"}

func (a *apacheError) Append(dst, line []byte) ([]byte, *Mismatch) {
	spans := [7]span{1: noSpan, 4: noSpan}
	if pos, expected := scanApacheError(line, &spans); expected != "" {
		return dst, &Mismatch{Pos: pos, Expected: expected}
	}
	return a.appendObject(dst, line, spans[:]), nil
}

func scanApacheError(line []byte, spans *[7]span) (pos int, expected string) {
	i := skip(line, 0, '[')
	if i < 0 {
		return 0, "'[' before timestamp"
	}
	end, expected := scanErrorTimestamp(line, i)
	if expected != "" {
		return end, expected
	}
	spans[0] = span{i, end}
	if i = skipText(line, end, "] ["); i < 0 {
		return end, "'] [' after timestamp"
	}
	if end = scanClass(line, i, wordByte); end == i {
		return i, "module or severity"
	}
	if next := skip(line, end, ':'); next > 0 {
		spans[1] = span{i, end}
		if i, end = next, scanClass(line, next, wordByte); end == i {
			return i, "severity"
		}
	}
	spans[2] = span{i, end}
	if i = skipText(line, end, "] [pid "); i < 0 {
		return end, "'] [pid ' after severity"
	}
	if end = scanClass(line, i, digitByte); end == i {
		return i, "process id"
	}
	spans[3] = span{i, end}
	if next := skipText(line, end, ":tid "); next > 0 {
		if end = scanClass(line, next, digitByte); end == next {
			return next, "thread id"
		}
		spans[4] = span{next, end}
	}
	if i = skipText(line, end, "] [client "); i < 0 {
		return end, "'] [client ' after the process"
	}
	if end, expected = scanClient(line, i); expected != "" {
		return end, expected
	}
	spans[5] = span{i, end}
	if i = skipText(line, end, "] "); i < 0 {
		return end, "']' and a blank after client"
	}
	spans[6] = span{i, len(line)}
	if at := lineTerminator(line[i:]); at >= 0 {
		return i + at, "no line terminator in message"
	}
	return 0, ""
}

// scanErrorTimestamp takes weekday month day hour:minute:second year with any white space between them.
func scanErrorTimestamp(line []byte, i int) (next int, expected string) {
	end := scanClass(line, i, wordByte)
	if !validWeekday(line[i:end]) {
		return i, "day of the week"
	}
	if i = scanClass(line, end, spaceByte); i == end {
		return end, "blank after the day of the week"
	}
	if end, expected = scanMonthDay(line, i); expected != "" {
		return end, expected
	}
	if i = scanClass(line, end, spaceByte); i == end {
		return end, "blank after the day of the month"
	}
	if end, expected = scanTime(line, i); expected != "" {
		return end, expected
	}
	if i = scanClass(line, end, spaceByte); i == end {
		return end, "blank after the time"
	}
	if end = scanClass(line, i, digitByte); !validYear(line[i:end]) {
		return i, "year"
	}
	return end, ""
}

func validWeekday(name []byte) bool {
	for _, day := range [...]string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"} {
		if string(name) == day || string(name) == day[:3] {
			return true
		}
	}
	return false
}

// scanClient takes a host with or without a port.
func scanClient(line []byte, i int) (next int, expected string) {
	end := scanHost(line, i)
	if end <= i {
		return max(i, -end), "host name or IPv4 address"
	}
	if i = skip(line, end, ':'); i < 0 {
		return end, ""
	}
	if end = scanPositive(line, i); end == i {
		return i, "port"
	}
	return end, ""
}

// scanPositive returns the end of a number without sign or leading zero, i if there is none.
func scanPositive(line []byte, i int) int {
	if i < len(line) && line[i] == '0' {
		return i
	}
	return scanClass(line, i, digitByte)
}
