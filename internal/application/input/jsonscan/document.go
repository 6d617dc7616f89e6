package jsonscan

import "bytes"

// Document finds the document at or after p without reading it: an object or
// array up to its closing bracket, anything else up to the end of its line. It
// is whole if its end was found; otherwise it ends with the data. start is the
// length of the data when there is no document.
func Document(data []byte, p int) (start, end int, whole bool) {
	start = skipSpace(data, p, len(data))
	if start == len(data) {
		return start, start, true
	}
	if c := data[start]; c != '{' && c != '[' {
		if i := bytes.IndexByte(data[start:], '\n'); i >= 0 {
			return start, start + i, true
		}
		return start, len(data), false
	}
	depth := 0
	for p = start; p < len(data); p++ {
		switch data[p] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return start, p + 1, true
			}
		case '"':
			if p = stringEnd(data, p+1); p == len(data) {
				return start, len(data), false
			}
		}
	}
	return start, len(data), false
}

// stringEnd is where the closing quote of a string is whose characters begin at
// p, or the length of the data.
func stringEnd(data []byte, p int) int {
	for {
		p = stringStop(data, p, len(data))
		if p == len(data) || data[p] == '"' {
			return p
		}
		p = min(p+2, len(data))
	}
}
