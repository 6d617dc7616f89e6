package processing

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math/bits"
)

// The scanner goes over JSON once, checks all of it as strictly as encoding/json
// and makes nothing of it: it says where values end. A result of -1 is that
// there is no value.

// maxDepth of nested values, as in encoding/json.
const maxDepth = 10_000

// validJSON tells whether data is one value.
func validJSON(data []byte) bool {
	end := scanValue(data, skipSpace(data, 0), 0)
	return end >= 0 && skipSpace(data, end) == len(data)
}

// scanValue returns the end of the value that starts at d[i].
func scanValue(d []byte, i, depth int) int {
	if i >= len(d) {
		return -1
	}
	switch d[i] {
	case '"':
		return scanString(d, i)
	case '{':
		return scanObject(d, i, depth, nil)
	case '[':
		return scanArray(d, i, depth, nil)
	case 't':
		return scanWord(d, i, "true")
	case 'f':
		return scanWord(d, i, "false")
	case 'n':
		return scanWord(d, i, "null")
	}
	return scanNumber(d, i)
}

// scanObject shows each member in turn; name is as written, with its quotes.
// Members that were shown may be followed by an error.
func scanObject(d []byte, i, depth int, show func(name, value []byte)) int {
	if depth++; depth > maxDepth || i >= len(d) || d[i] != '{' {
		return -1
	}
	i = skipSpace(d, i+1)
	if i < len(d) && d[i] == '}' {
		return i + 1
	}
	for {
		name := i
		if i >= len(d) || d[i] != '"' {
			return -1
		}
		if i = scanString(d, i); i < 0 {
			return -1
		}
		nameEnd := i
		if i = skipSpace(d, i); i >= len(d) || d[i] != ':' {
			return -1
		}
		value := skipSpace(d, i+1)
		if i = scanValue(d, value, depth); i < 0 {
			return -1
		}
		if show != nil {
			show(d[name:nameEnd], d[value:i])
		}
		if i = skipSpace(d, i); i >= len(d) {
			return -1
		}
		switch d[i] {
		case '}':
			return i + 1
		case ',':
			i = skipSpace(d, i+1)
		default:
			return -1
		}
	}
}

// scanArray shows each element in turn.
func scanArray(d []byte, i, depth int, show func(value []byte)) int {
	if depth++; depth > maxDepth || i >= len(d) || d[i] != '[' {
		return -1
	}
	i = skipSpace(d, i+1)
	if i < len(d) && d[i] == ']' {
		return i + 1
	}
	for {
		value := i
		if i = scanValue(d, value, depth); i < 0 {
			return -1
		}
		if show != nil {
			show(d[value:i])
		}
		if i = skipSpace(d, i); i >= len(d) {
			return -1
		}
		switch d[i] {
		case ']':
			return i + 1
		case ',':
			i = skipSpace(d, i+1)
		default:
			return -1
		}
	}
}

// scanString takes eight bytes at a time as long as none of them is special.
func scanString(d []byte, i int) int {
	for i++; ; {
		for i+8 <= len(d) {
			special := specialBytes(binary.LittleEndian.Uint64(d[i:]))
			if special != 0 {
				i += bits.TrailingZeros64(special) / 8
				break
			}
			i += 8
		}
		if i >= len(d) {
			return -1
		}
		switch c := d[i]; {
		case c == '"':
			return i + 1
		case c == '\\':
			if i = scanEscape(d, i); i < 0 {
				return -1
			}
		case c < ' ':
			return -1
		default:
			i++
		}
	}
}

// specialBytes has the top bit of each byte that is a control character, a quote
// or a backslash; bits above the lowest one may be wrong.
func specialBytes(w uint64) uint64 {
	const low, high = 0x0101010101010101, 0x8080808080808080
	quote, backslash := w^(low*'"'), w^(low*'\\')
	return ((w-low*' ')&^w | (quote-low)&^quote | (backslash-low)&^backslash) & high
}

func scanEscape(d []byte, i int) int {
	if i+1 >= len(d) {
		return -1
	}
	switch d[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		for j := i + 2; j < i+6; j++ {
			if j >= len(d) || !isHex(d[j]) {
				return -1
			}
		}
		return i + 6
	}
	return -1
}

// scanNumber takes [-] (0 | 1-9 {digit}) [. digit {digit}] [e [+|-] digit {digit}].
func scanNumber(d []byte, i int) int {
	if i < len(d) && d[i] == '-' {
		i++
	}
	switch {
	case i < len(d) && d[i] == '0':
		i++
	default:
		if i = scanDigits(d, i); i < 0 {
			return -1
		}
	}
	if i < len(d) && d[i] == '.' {
		if i = scanDigits(d, i+1); i < 0 {
			return -1
		}
	}
	if i < len(d) && (d[i]|0x20) == 'e' {
		i++
		if i < len(d) && (d[i] == '+' || d[i] == '-') {
			i++
		}
		return scanDigits(d, i)
	}
	return i
}

func scanDigits(d []byte, i int) int {
	start := i
	for i < len(d) && d[i]-'0' <= 9 {
		i++
	}
	if i == start {
		return -1
	}
	return i
}

func scanWord(d []byte, i int, word string) int {
	if len(d)-i < len(word) || string(d[i:i+len(word)]) != word {
		return -1
	}
	return i + len(word)
}

func skipSpace(d []byte, i int) int {
	for i < len(d) && (d[i] == ' ' || d[i] == '\n' || d[i] == '\r' || d[i] == '\t') {
		i++
	}
	return i
}

func isHex(c byte) bool { return c-'0' <= 9 || (c|0x20)-'a' <= 5 }

// unquoted is the string that a scanned literal stands for.
func unquoted(literal []byte) []byte {
	inside := literal[1 : len(literal)-1]
	if bytes.IndexByte(inside, '\\') < 0 {
		return inside
	}
	var s string
	_ = json.Unmarshal(literal, &s) // it was scanned, so it is a string
	return []byte(s)
}
