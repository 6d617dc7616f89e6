package logformat

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonNode is a value that was read, in the form in which Jackson would write it again: entries keep their order, a repeated name keeps its first place with its
// last value, numbers are what a Java long or double prints.
type jsonNode struct {
	kind  jsonKind
	text  []byte   // of a string, unescaped; of a literal or number, as it is written
	keys  [][]byte // of an object's items
	items []*jsonNode
	place map[string]int // of keys, once there are many
}

type jsonKind uint8

const (
	jsonLiteral jsonKind = iota // true, false, null and numbers
	jsonString
	jsonArray
	jsonObject
)

func (k jsonKind) String() string {
	return [...]string{"a plain value", "a string", "a list", "an object"}[k]
}

const (
	maxJSONDepth  = 1000 // as Jackson refuses
	maxJSONNumber = 1000 // characters, likewise
	manyKeys      = 16
)

// put sets an entry of an object.
func (n *jsonNode) put(key []byte, value *jsonNode) {
	if at := n.find(key); at >= 0 {
		n.items[at] = value
		return
	}
	if n.place != nil {
		n.place[string(key)] = len(n.keys)
	}
	n.keys, n.items = append(n.keys, key), append(n.items, value)
	if n.place == nil && len(n.keys) == manyKeys {
		n.place = make(map[string]int, 2*manyKeys)
		for i, key := range n.keys {
			n.place[string(key)] = i
		}
	}
}

func (n *jsonNode) find(key []byte) int {
	if n.place != nil {
		if at, ok := n.place[string(key)]; ok {
			return at
		}
		return -1
	}
	for i, k := range n.keys {
		if bytes.Equal(k, key) {
			return i
		}
	}
	return -1
}

// parseJSON reads the value at the start of text, which is valid UTF-8, and returns what follows it. The grammar is the strict one.
func parseJSON(text []byte) (value *jsonNode, rest []byte, err error) {
	p := jsonParser{text: text}
	value, err = p.value(0)
	if err != nil {
		return nil, nil, err
	}
	return value, text[p.pos:], nil
}

type jsonParser struct {
	text []byte
	pos  int
}

func (p *jsonParser) fail(expected string) error {
	if p.pos >= len(p.text) {
		return fmt.Errorf("read JSON: text ends where %s is expected", expected)
	}
	r, _ := utf8.DecodeRune(p.text[p.pos:])
	return fmt.Errorf("read JSON: byte %d: %q where %s is expected", p.pos, r, expected)
}

func skipJSONSpace(s []byte) []byte {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t' || s[0] == '\n' || s[0] == '\r') {
		s = s[1:]
	}
	return s
}

// next is the first byte that is no blank, 0 at the end.
func (p *jsonParser) next() byte {
	p.pos = len(p.text) - len(skipJSONSpace(p.text[p.pos:]))
	if p.pos == len(p.text) {
		return 0
	}
	return p.text[p.pos]
}

func (p *jsonParser) value(depth int) (*jsonNode, error) {
	if depth > maxJSONDepth {
		return nil, fmt.Errorf("read JSON: byte %d: more than %d levels", p.pos, maxJSONDepth)
	}
	switch c := p.next(); {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		s, err := p.string()
		return &jsonNode{kind: jsonString, text: s}, err
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if rest := p.text[p.pos:]; bytes.HasPrefix(rest, []byte(word)) && (len(rest) == len(word) || !isWordByte(rest[len(word)])) {
			p.pos += len(word)
			return &jsonNode{text: []byte(word)}, nil
		}
	}
	return nil, p.fail("a value")
}

func isWordByte(c byte) bool { return isAlphanumeric(c) || c == '_' || c == '$' || c >= utf8.RuneSelf }

func (p *jsonParser) object(depth int) (*jsonNode, error) {
	n := &jsonNode{kind: jsonObject}
	p.pos++
	if p.next() == '}' {
		p.pos++
		return n, nil
	}
	for {
		if p.next() != '"' {
			return nil, p.fail("a name in quotes")
		}
		key, err := p.string()
		if err != nil {
			return nil, err
		}
		if p.next() != ':' {
			return nil, p.fail("':'")
		}
		p.pos++
		value, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.put(key, value)
		switch p.next() {
		case ',':
			p.pos++
		case '}':
			p.pos++
			return n, nil
		default:
			return nil, p.fail("',' or '}'")
		}
	}
}

func (p *jsonParser) array(depth int) (*jsonNode, error) {
	n := &jsonNode{kind: jsonArray}
	p.pos++
	if p.next() == ']' {
		p.pos++
		return n, nil
	}
	for {
		value, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, value)
		switch p.next() {
		case ',':
			p.pos++
		case ']':
			p.pos++
			return n, nil
		default:
			return nil, p.fail("',' or ']'")
		}
	}
}

func (p *jsonParser) string() ([]byte, error) {
	p.pos++
	start := p.pos
	var out []byte
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case c == '"':
			p.pos++
			if out == nil {
				return p.text[start : p.pos-1], nil
			}
			return out, nil
		case c < ' ':
			return nil, p.fail("no bare control character")
		case c == '\\':
			if out == nil {
				out = append(make([]byte, 0, 2*(p.pos-start)+16), p.text[start:p.pos]...)
			}
			var err error
			if out, err = p.escape(out); err != nil {
				return nil, err
			}
		default:
			if out != nil {
				out = append(out, c)
			}
			p.pos++
		}
	}
	return nil, p.fail("'\"'")
}

var jsonEscapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (p *jsonParser) escape(out []byte) ([]byte, error) {
	p.pos++
	if p.pos == len(p.text) {
		return nil, p.fail("the rest of an escape")
	}
	if p.text[p.pos] != 'u' {
		c, ok := jsonEscapes[p.text[p.pos]]
		if !ok {
			return nil, p.fail("an escape")
		}
		p.pos++
		return append(out, c), nil
	}
	first, ok := p.hex(p.pos + 1)
	if !ok {
		return nil, p.fail("an escape of four hex digits")
	}
	p.pos += 5
	if !utf16.IsSurrogate(first) {
		return utf8.AppendRune(out, first), nil
	}
	if p.pos+1 < len(p.text) && p.text[p.pos] == '\\' && p.text[p.pos+1] == 'u' {
		if second, ok := p.hex(p.pos + 2); ok {
			if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
				p.pos += 6
				return utf8.AppendRune(out, r), nil
			}
		}
	}
	return append(out, '?'), nil // Java's encoder writes a lone surrogate so
}

func (p *jsonParser) hex(at int) (rune, bool) {
	if at+4 > len(p.text) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(p.text[at:at+4]), 16, 32)
	return rune(n), err == nil
}
