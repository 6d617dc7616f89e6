package logformat

// Byte classes of the fields that are not quoted.
const (
	digitByte   = 1 << iota // 0-9
	wordByte                // letters, digits, '_'
	labelByte               // a host's label: word bytes and '-'
	userByte                // ident, authuser, a syslog's host: label bytes and '.'
	programByte             // a syslog's program: user bytes, '/', '%'
	spaceByte               // blank, \t, \n, \v, \f, \r
)

var classes = func() (table [256]uint8) {
	for c := range table {
		switch b := byte(c); {
		case b >= '0' && b <= '9':
			table[c] = digitByte | wordByte | labelByte | userByte | programByte
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b == '_':
			table[c] = wordByte | labelByte | userByte | programByte
		case b == '-':
			table[c] = labelByte | userByte | programByte
		case b == '.':
			table[c] = userByte | programByte
		case b == '/', b == '%':
			table[c] = programByte
		case b == ' ', b >= '\t' && b <= '\r':
			table[c] = spaceByte
		}
	}
	return table
}()

// scanClass returns the position of the first byte from i on that is not in class.
func scanClass(line []byte, i int, class uint8) int {
	for i < len(line) && classes[line[i]]&class != 0 {
		i++
	}
	return i
}

// skip returns the position after c, -1 if c is not there.
func skip(line []byte, i int, c byte) int {
	if i < len(line) && line[i] == c {
		return i + 1
	}
	return -1
}

// skip2 is skip for two bytes.
func skip2(line []byte, i int, c, d byte) int {
	if i+1 < len(line) && line[i] == c && line[i+1] == d {
		return i + 2
	}
	return -1
}

// skipText returns the position after text, -1 if it is not there.
func skipText(line []byte, i int, text string) int {
	if len(line)-i >= len(text) && string(line[i:i+len(text)]) == text {
		return i + len(text)
	}
	return -1
}
