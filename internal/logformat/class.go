package logformat

// Byte classes of the access log's unquoted fields.
const (
	digitByte = 1 << iota // 0-9
	labelByte             // a host's label: letters, digits, '_', '-'
	userByte              // ident and authuser: letters, digits, '.', '_', '-'
)

var classes = func() (table [256]uint8) {
	for c := range table {
		switch b := byte(c); {
		case b >= '0' && b <= '9':
			table[c] = digitByte | labelByte | userByte
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b == '_', b == '-':
			table[c] = labelByte | userByte
		case b == '.':
			table[c] = userByte
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
