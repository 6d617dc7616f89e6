package conversion

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// reader reads strict JSON (RFC 8259) from its front. Its methods panic with a
// *refusal where the text goes wrong; add recovers.
type reader struct {
	text []byte
	at   int
}

func (r *reader) fail(format string, args ...any) {
	panic(&refusal{parseError, fmt.Sprintf("offset %d: ", r.at) + fmt.Sprintf(format, args...)})
}

// peek skips white space and returns the next byte, 0 at the end.
func (r *reader) peek() byte {
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

func (r *reader) expect(mark byte) {
	if c := r.peek(); c != mark {
		r.fail("want %q, found %s", mark, r.found())
	}
	r.at++
}

func (r *reader) found() string {
	if r.at >= len(r.text) {
		return "the end"
	}
	return fmt.Sprintf("%q", clip(r.text[r.at:min(len(r.text), r.at+20)]))
}

// more steps to the next member or element: over a comma, or over the end.
func (r *reader) more(end byte) bool {
	switch r.peek() {
	case ',':
		r.at++
		return true
	case end:
		r.at++
		return false
	}
	r.fail("want ',' or %q, found %s", end, r.found())
	return false
}

// word reads true, false or null.
func (r *reader) word(word string) {
	if len(r.text)-r.at < len(word) || string(r.text[r.at:r.at+len(word)]) != word {
		r.fail("no JSON value: %s", r.found())
	}
	r.at += len(word)
}

// number returns a number as it is written.
func (r *reader) number() []byte {
	began := r.at
	if r.at < len(r.text) && r.text[r.at] == '-' {
		r.at++
	}
	if r.at < len(r.text) && r.text[r.at] == '0' {
		r.at++
	} else {
		r.digits()
	}
	if r.at < len(r.text) && r.text[r.at] == '.' {
		r.at++
		r.digits()
	}
	if r.at < len(r.text) && r.text[r.at]|0x20 == 'e' {
		if r.at++; r.at < len(r.text) && (r.text[r.at] == '+' || r.text[r.at] == '-') {
			r.at++
		}
		r.digits()
	}
	return r.text[began:r.at]
}

func (r *reader) digits() {
	began := r.at
	for r.at < len(r.text) && r.text[r.at]-'0' <= 9 {
		r.at++
	}
	if r.at == began {
		r.fail("no JSON value: %s", r.found())
	}
}

// str returns what stands between the quotes, and whether it is the string as
// it is: without escapes and in UTF-8.
func (r *reader) str() (raw []byte, asIs bool) {
	r.expect('"')
	began, escaped := r.at, false
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; {
		case c == '"':
			raw = r.text[began:r.at]
			r.at++
			return raw, !escaped && utf8.Valid(raw)
		case c == '\\':
			escaped = true
			r.escape()
		case c < ' ':
			r.fail("control character %#02x in a string", c)
		}
	}
	r.fail("a string does not end")
	return nil, false
}

// escape steps onto an escape's last byte.
func (r *reader) escape() {
	if r.at++; r.at >= len(r.text) {
		r.fail("a string does not end")
	}
	switch r.text[r.at] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
	case 'u':
		if _, ok := hex4(r.text[r.at+1:]); !ok {
			r.fail("\\u wants four hexadecimal digits")
		}
		r.at += 4
	default:
		r.fail("no escape: \\%c", r.text[r.at])
	}
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var v rune
	for _, c := range b[:4] {
		switch {
		case c-'0' <= 9:
			v = v<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			v = v<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return v, true
}

// appendString appends what a string that str has checked stands for. What is
// no UTF-8 and no pair of surrogates becomes U+FFFD, as in Java.
func appendString(to, raw []byte) []byte {
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			c, size := utf8.DecodeRune(raw[i:])
			to, i = utf8.AppendRune(to, c), i+size
			continue
		}
		c := raw[i+1]
		i += 2
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			high, _ := hex4(raw[i:])
			i += 4
			if utf16.IsSurrogate(high) {
				pair := utf8.RuneError
				if len(raw) >= i+6 && raw[i] == '\\' && raw[i+1] == 'u' {
					low, _ := hex4(raw[i+2:])
					pair = utf16.DecodeRune(high, low)
				}
				if high = pair; pair != utf8.RuneError {
					i += 6
				}
			}
			to = utf8.AppendRune(to, high)
			continue
		}
		to = append(to, c)
	}
	return to
}

// skip reads a value that nobody needs and returns it as it is written.
func (r *reader) skip(depth int) []byte {
	c := r.peek()
	began := r.at
	if depth > maxSkip {
		r.fail("JSON is nested more than %d deep", maxSkip)
	}
	switch c {
	case '{':
		r.members(func(_ []byte, _ bool) { r.skip(depth + 1) })
	case '[':
		r.elements(func() { r.skip(depth + 1) })
	case '"':
		r.str()
	case 't':
		r.word("true")
	case 'f':
		r.word("false")
	case 'n':
		r.word("null")
	default:
		r.number()
	}
	return r.text[began:r.at]
}

// maxSkip is how deep JSON may be nested in a record.
const maxSkip = 512

// members calls member with each key, to read its value. The answer is whether
// there were any.
func (r *reader) members(member func(key []byte, asIs bool)) bool {
	r.expect('{')
	if r.peek() == '}' {
		r.at++
		return false
	}
	for {
		r.peek()
		key, asIs := r.str()
		r.expect(':')
		member(key, asIs)
		if !r.more('}') {
			return true
		}
	}
}

// elements calls element to read each one. The answer is whether there were
// any.
func (r *reader) elements(element func()) bool {
	r.expect('[')
	if r.peek() == ']' {
		r.at++
		return false
	}
	for {
		element()
		if !r.more(']') {
			return true
		}
	}
}

// clip is a piece of a record short enough for an error message.
func clip(b []byte) []byte {
	if len(b) > 64 {
		return append(b[:61:61], "..."...)
	}
	return b
}
