package logformat

import (
	"bytes"
	"net/netip"
)

// apache is the common or the combined access log, scanned by hand. The line:
//
//	host ident authuser [day/month/year:hour:minute:second zone] "request" response bytes "referer" "agent" anything
//
// Common ends after bytes. Single blanks stand between the fields; quoted texts hold at least one byte and no quote, so a
// request or user agent with \" does not match or is cut there, as in the Kinesis Agent.
type apache struct {
	layout
	combined bool
	lenient  bool
}

var apacheFields = [...]string{"host", "ident", "authuser", "datetime", "request", "response", "bytes", "referer", "agent"}

const commonFields = 7

func (a *apache) Append(dst, line []byte) ([]byte, *Mismatch) {
	var spans [len(apacheFields)]span
	n := commonFields
	if a.combined {
		n = len(apacheFields)
	}
	if a.lenient {
		line = bytes.TrimSuffix(line, carriageReturn)
		if _, expected := scanApache(line, spans[:n], true); expected == "" {
			return a.appendObject(dst, line, spans[:n]), nil
		}
	}
	if pos, expected := scanApache(line, spans[:n], false); expected != "" {
		return dst, &Mismatch{Pos: pos, Expected: expected}
	}
	return a.appendObject(dst, line, spans[:n]), nil
}

var carriageReturn = []byte("\r")

// scanApache fills spans, whose length says which of the two formats it is. A mismatch is a position and a text.
func scanApache(line []byte, spans []span, lenient bool) (pos int, expected string) {
	i := scanHost(line, 0)
	if lenient && (i <= 0 || i == len(line) || line[i] != ' ') {
		i = scanIPv6(line)
	}
	if i <= 0 {
		return -i, "host name or IPv4 address"
	}
	spans[0] = span{0, i}
	if i = skip(line, i, ' '); i < 0 {
		return spans[0].end, "blank after host"
	}
	for f := 1; f <= 2; f++ {
		end := scanClass(line, i, userByte)
		if end == i {
			return i, apacheFields[f] + " of letters, digits, '.', '_', '-'"
		}
		spans[f] = span{i, end}
		if i = skip(line, end, ' '); i < 0 {
			return end, "blank after " + apacheFields[f]
		}
	}
	if i >= len(line) || line[i] != '[' {
		return i, "'[' before datetime"
	}
	end, expected := scanDatetime(line, i+1)
	if expected != "" {
		return end, expected
	}
	spans[3] = span{i + 1, end}
	if i = skip2(line, end, ']', ' '); i < 0 {
		return end, "']' and a blank after datetime"
	}
	if end, expected = scanQuoted(line, i, &spans[4], "request", lenient); expected != "" {
		return end, expected
	}
	if i = skip(line, end, ' '); i < 0 {
		return end, "blank after request"
	}
	if end = scanNumber(line, i); end == i {
		return i, "response code or '-'"
	}
	spans[5] = span{i, end}
	if i = skip(line, end, ' '); i < 0 {
		return end, "blank after response"
	}
	if end = scanNumber(line, i); end == i {
		return i, "number of bytes or '-'"
	}
	spans[6] = span{i, end}
	if len(spans) > commonFields {
		for f := commonFields; f < len(spans); f++ {
			if i = skip(line, end, ' '); i < 0 {
				return end, "blank before " + apacheFields[f]
			}
			if end, expected = scanQuoted(line, i, &spans[f], apacheFields[f], lenient); expected != "" {
				return end, expected
			}
		}
	}
	if at := lineTerminator(line[end:]); at >= 0 {
		return end + at, "no further line terminator in the rest of the line"
	}
	return 0, ""
}

// scanHost returns the end of the host that begins at start, or minus the position of what cannot be in one (of start for an empty host). A host is labels of word
// characters and dashes with single dots between them and perhaps one behind, or any run of digits and dots.
func scanHost(line []byte, start int) int {
	named, numeric, afterDot := true, true, true
	for i := start; i < len(line); i++ {
		c := line[i]
		class := classes[c]
		switch {
		case c == '.':
			named = named && !afterDot
			afterDot = true
		case class&labelByte != 0:
			numeric = numeric && class&digitByte != 0
			afterDot = false
		case i == start:
			return -start
		default:
			return i
		}
		if !named && !numeric {
			return -i
		}
	}
	return len(line)
}

// scanIPv6 returns the end of an IPv6 address, perhaps with a zone, before the line's first blank, 0 if there is none.
func scanIPv6(line []byte) int {
	n := bytes.IndexByte(line, ' ')
	if n < 0 || n > maxIPv6 {
		return 0
	}
	address, err := netip.ParseAddr(string(line[:n]))
	if err != nil || !address.Is6() {
		return 0
	}
	return n
}

const maxIPv6 = 100 // bytes, zone included

// scanQuoted takes a text of at least one byte between quotes; next is the position after the closing one. Lenient takes an empty text too, and quotes behind a backslash.
func scanQuoted(line []byte, i int, s *span, name string, lenient bool) (next int, expected string) {
	if i >= len(line) || line[i] != '"' {
		return i, "'\"' before " + name
	}
	i++
	n := bytes.IndexByte(line[i:], '"')
	for lenient && n > 0 && escapedAt(line[i:], n) {
		more := bytes.IndexByte(line[i+n+1:], '"')
		if more < 0 {
			n = -1
			break
		}
		n += 1 + more
	}
	if n < 0 {
		return len(line), "'\"' after " + name
	}
	if n == 0 && !lenient {
		return i, name + " of at least one character"
	}
	*s = span{i, i + n}
	return i + n + 1, ""
}

// escapedAt tells whether an odd number of backslashes stands before text[n].
func escapedAt(text []byte, n int) bool {
	backslashes := 0
	for n > backslashes && text[n-1-backslashes] == '\\' {
		backslashes++
	}
	return backslashes%2 == 1
}

// scanNumber returns the end of an optionally signed number or of a lone dash, i if there is neither.
func scanNumber(line []byte, i int) int {
	digits := i
	if i < len(line) && (line[i] == '-' || line[i] == '+') {
		digits++
	}
	if end := scanClass(line, digits, digitByte); end > digits {
		return end
	}
	if digits > i && line[i] == '-' {
		return digits
	}
	return i
}

// lineTerminator finds what the dot of a Java pattern does not match: \n, \r, U+0085, U+2028, U+2029. No malformed sequence swallows a lead byte,
// so looking at bytes is exact.
func lineTerminator(rest []byte) int {
	for i, c := range rest {
		switch c {
		case '\n', '\r':
			return i
		case 0xC2:
			if i+1 < len(rest) && rest[i+1] == 0x85 {
				return i
			}
		case 0xE2:
			if i+2 < len(rest) && rest[i+1] == 0x80 && rest[i+2]&^1 == 0xA8 {
				return i
			}
		}
	}
	return -1
}
