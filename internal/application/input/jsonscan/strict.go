package jsonscan

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// maxDepth bounds how deep values may nest.
const maxDepth = 128

// text is one record while it is read: data[start:end], of a longer run.
type text struct {
	data       []byte
	start, end int
}

func (t text) fail(p int, format string, args ...any) error {
	return &SyntaxError{Offset: p - t.start, Text: fmt.Sprintf(format, args...)}
}

func (t text) unexpected(p int, want string) error {
	if p >= t.end {
		return t.fail(p, "the record ends, want %s", want)
	}
	return t.fail(p, "found %q, want %s", t.data[p], want)
}

// slice is data[p:q] without a copy.
func (t text) slice(p, q int) string {
	if p == q {
		return ""
	}
	return unsafe.String(&t.data[p], q-p)
}

// value steps over the value at p and returns its kind and end.
//
//	value = object | array | string | number | "true" | "false" | "null"
func (t text) value(p, depth int) (Kind, int, error) {
	if p >= t.end {
		return 0, p, t.unexpected(p, "a value")
	}
	switch c := t.data[p]; {
	case c == '"':
		q, err := t.str(p)
		return String, q, err
	case c == '-' || c >= '0' && c <= '9':
		q, err := t.number(p)
		return Number, q, err
	case c == '{':
		q, err := t.object(p, depth)
		return Object, q, err
	case c == '[':
		q, err := t.array(p, depth)
		return Array, q, err
	case c == 't':
		return t.literal(p, "true", True)
	case c == 'f':
		return t.literal(p, "false", False)
	case c == 'n':
		return t.literal(p, "null", Null)
	}
	return 0, p, t.unexpected(p, "a value")
}

func (t text) literal(p int, word string, k Kind) (Kind, int, error) {
	q := p + len(word)
	if q > t.end || string(t.data[p:q]) != word {
		return 0, p, t.fail(p, "want %s", word)
	}
	return k, q, t.delimited(q)
}

// delimited checks that a value without closing character ends at p.
func (t text) delimited(p int) error {
	if p < t.end {
		switch t.data[p] {
		case ',', '}', ']', ' ', '\n', '\r', '\t':
		default:
			return t.unexpected(p, "the end of the value")
		}
	}
	return nil
}

// str steps over the string at p and checks its escapes.
func (t text) str(p int) (int, error) {
	begin := p
	for p++; ; {
		p = stringStop(t.data, p, t.end)
		if p >= t.end {
			return p, t.fail(begin, "the string has no end")
		}
		if t.data[p] == '"' {
			return p + 1, nil
		}
		n, err := t.escape(p)
		if err != nil {
			return p, err
		}
		p += n
	}
}

// escape checks the escape at p and returns its length.
func (t text) escape(p int) (int, error) {
	if p+1 < t.end {
		switch t.data[p+1] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			return 2, nil
		case 'u':
			if p+6 <= t.end && isHex(t.data[p+2:p+6]) {
				return 6, nil
			}
		}
	}
	return 0, t.fail(p, "the escape is none of JSON")
}

// number steps over the number at p.
//
//	number = ["-"] ("0" | digit19 {digit}) ["." digit {digit}] [("e" | "E") ["+" | "-"] digit {digit}]
func (t text) number(p int) (int, error) {
	if t.data[p] == '-' {
		p++
	}
	q := t.digits(p)
	if q == p || t.data[p] == '0' && q > p+1 {
		return p, t.fail(p, "the number has no or too many leading digits")
	}
	p = q
	if p < t.end && t.data[p] == '.' {
		if q = t.digits(p + 1); q == p+1 {
			return p, t.unexpected(q, "a digit")
		}
		p = q
	}
	if p < t.end && t.data[p]|0x20 == 'e' {
		p++
		if p < t.end && (t.data[p] == '+' || t.data[p] == '-') {
			p++
		}
		if q = t.digits(p); q == p {
			return p, t.unexpected(q, "a digit")
		}
		p = q
	}
	return p, t.delimited(p)
}

func (t text) digits(p int) int {
	for p < t.end && t.data[p]-'0' <= 9 {
		p++
	}
	return p
}

func (t text) object(p, depth int) (int, error) {
	if depth >= maxDepth {
		return p, t.fail(p, "values nest deeper than %d", maxDepth)
	}
	p = skipSpace(t.data, p+1, t.end)
	if p < t.end && t.data[p] == '}' {
		return p + 1, nil
	}
	for {
		_, _, q, err := t.key(p)
		if err != nil {
			return p, err
		}
		if _, p, err = t.value(q, depth+1); err != nil {
			return p, err
		}
		done := false
		if p, done, err = t.next(p, '}'); done || err != nil {
			return p, err
		}
	}
}

func (t text) array(p, depth int) (int, error) {
	if depth >= maxDepth {
		return p, t.fail(p, "values nest deeper than %d", maxDepth)
	}
	p = skipSpace(t.data, p+1, t.end)
	if p < t.end && t.data[p] == ']' {
		return p + 1, nil
	}
	for {
		_, q, err := t.value(p, depth+1)
		if err != nil {
			return p, err
		}
		done := false
		if p, done, err = t.next(q, ']'); done || err != nil {
			return p, err
		}
	}
}

// key reads a member's name at p, with blanks and the colon after it. The name
// lies between its quotes at data[from:to]; the value begins at next.
func (t text) key(p int) (from, to, next int, err error) {
	if p >= t.end || t.data[p] != '"' {
		return 0, 0, p, t.unexpected(p, `a member's name`)
	}
	q, err := t.str(p)
	if err != nil {
		return 0, 0, q, err
	}
	next = skipSpace(t.data, q, t.end)
	if next >= t.end || t.data[next] != ':' {
		return 0, 0, next, t.unexpected(next, "':'")
	}
	return p + 1, q - 1, skipSpace(t.data, next+1, t.end), nil
}

// next reads what may follow a value: a comma, after which p is at the next
// member or value, or the closing character.
func (t text) next(p int, closing byte) (int, bool, error) {
	p = skipSpace(t.data, p, t.end)
	switch {
	case p < t.end && t.data[p] == closing:
		return p + 1, true, nil
	case p < t.end && t.data[p] == ',':
		return skipSpace(t.data, p+1, t.end), false, nil
	}
	return p, false, t.unexpected(p, fmt.Sprintf("',' or %q", closing))
}

// rest reads on after a member's value at p, up to the end of the document,
// depth objects further out.
func (t text) rest(p, depth int) (int, error) {
	for depth > 0 {
		q, done, err := t.next(p, '}')
		if err != nil {
			return q, err
		}
		p = q
		if done {
			depth--
			continue
		}
		if _, _, q, err = t.key(p); err != nil {
			return p, err
		}
		if _, p, err = t.value(q, depth); err != nil {
			return p, err
		}
	}
	return p, nil
}

// appendUnescaped appends the characters of a string whose escapes have been
// checked. A surrogate without its other half becomes U+FFFD.
func appendUnescaped(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c != '\\' {
			dst = append(dst, c)
			i++
			continue
		}
		c = s[i+1]
		i += 2
		switch c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r := hex4(s[i:])
			i += 4
			if utf16.IsSurrogate(r) {
				low := rune(-1)
				if len(s) >= i+6 && s[i] == '\\' && s[i+1] == 'u' {
					low = hex4(s[i+2:])
				}
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					i += 6
				}
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func isHex(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

func hex4(s string) (r rune) {
	for i := range 4 {
		c := s[i]
		switch {
		case c <= '9':
			c -= '0'
		default:
			c = c | 0x20 - 'a' + 10
		}
		r = r<<4 | rune(c)
	}
	return r
}
