package agent

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A node is a JSON value with the place where it begins. agent.json is read as Jackson reads it for the Kinesis Agent: // and /* */ comments are
// allowed, what follows the root value is not looked at, of a repeated key the last one counts.
type node struct {
	kind    nodeKind
	line    int // from 1
	col     int // from 1, in characters
	text    string
	members []member // of an object
	items   []node   // of an array
}

type member struct {
	key       string
	line, col int
	value     node
}

type nodeKind uint8

const (
	nullNode nodeKind = iota
	boolNode
	numberNode // text is the number as written
	stringNode
	arrayNode
	objectNode
)

func (k nodeKind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

// member returns the value of a key.
func (n *node) member(key string) (node, bool) {
	for i := len(n.members) - 1; i >= 0; i-- {
		if n.members[i].key == key {
			return n.members[i].value, true
		}
	}
	return node{}, false
}

const maxNesting = 100

type jsonParser struct {
	src       string
	pos       int
	line      int
	lineStart int
}

// parseJSON reads the root value of src. Its errors are diagnostics without a file.
func parseJSON(src []byte) (root node, err error) {
	p := &jsonParser{src: strings.TrimPrefix(string(src), "\ufeff"), line: 1}
	defer func() {
		if d, ok := recover().(Diagnostic); ok {
			err = d
		}
	}()
	return p.value(0), nil
}

// fail ends the parsing; parseJSON turns it into its error.
func (p *jsonParser) fail(format string, args ...any) {
	line, col := p.place()
	panic(Diagnostic{Line: line, Col: col, Text: fmt.Sprintf(format, args...)})
}

func (p *jsonParser) place() (line, col int) {
	return p.line, utf8.RuneCountInString(p.src[p.lineStart:p.pos]) + 1
}

// value = object | array | string | number | "true" | "false" | "null"
func (p *jsonParser) value(depth int) node {
	p.space()
	if depth > maxNesting {
		p.fail("more than %d levels of nesting", maxNesting)
	}
	var n node
	n.line, n.col = p.place()
	switch c := p.peek(); {
	case c == '{':
		n.kind = objectNode
		p.object(&n, depth)
	case c == '[':
		n.kind = arrayNode
		p.array(&n, depth)
	case c == '"':
		n.kind, n.text = stringNode, p.string()
	case c == '-' || c >= '0' && c <= '9':
		n.kind, n.text = numberNode, p.number()
	case p.word("true"):
		n.kind, n.text = boolNode, "true"
	case p.word("false"):
		n.kind, n.text = boolNode, "false"
	case p.word("null"):
		n.kind, n.text = nullNode, "null"
	default:
		p.fail("expected a value, found %s", p.found())
	}
	return n
}

func (p *jsonParser) object(n *node, depth int) {
	p.pos++
	for p.space(); !p.take('}'); p.space() {
		if len(n.members) > 0 {
			p.expect(',', "',' or '}'")
			p.space()
		}
		var m member
		m.line, m.col = p.place()
		if p.peek() != '"' {
			p.fail("expected a key in quotes, found %s", p.found())
		}
		m.key = p.string()
		p.space()
		p.expect(':', "':'")
		m.value = p.value(depth + 1)
		n.members = append(n.members, m)
	}
}

func (p *jsonParser) array(n *node, depth int) {
	p.pos++
	for p.space(); !p.take(']'); p.space() {
		if len(n.items) > 0 {
			p.expect(',', "',' or ']'")
		}
		n.items = append(n.items, p.value(depth+1))
	}
}

func (p *jsonParser) string() string {
	end := p.pos + 1
	for ; end < len(p.src) && p.src[end] != '"'; end++ {
		if p.src[end] < ' ' {
			p.pos = end
			p.fail("control character in a string")
		}
		if p.src[end] == '\\' {
			end++
		}
	}
	if end >= len(p.src) {
		p.fail("string without a closing quote")
	}
	raw := p.src[p.pos+1 : end]
	text, ok := unescape(raw)
	if !ok {
		p.fail("bad escape in the string %q", raw)
	}
	p.pos = end + 1
	return text
}

func unescape(raw string) (text string, ok bool) {
	if !strings.Contains(raw, `\`) {
		return strings.ToValidUTF8(raw, "\uFFFD"), true
	}
	var out strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out.WriteByte(raw[i])
			continue
		}
		i++
		switch raw[i] {
		case '"', '\\', '/':
			out.WriteByte(raw[i])
		case 'b', 'f', 'n', 'r', 't':
			out.WriteByte("\b\f\n\r\t"[strings.IndexByte("bfnrt", raw[i])])
		case 'u':
			r, n := unescapeUnicode(raw[i+1:])
			if n == 0 {
				return "", false
			}
			out.WriteRune(r)
			i += n
		default:
			return "", false
		}
	}
	return strings.ToValidUTF8(out.String(), "\uFFFD"), true
}

// unescapeUnicode reads the four digits after \u and, for the first half of a pair, the second half.
func unescapeUnicode(s string) (r rune, n int) {
	half := func(s string) (rune, bool) {
		if len(s) < 4 {
			return 0, false
		}
		v, err := strconv.ParseUint(s[:4], 16, 16)
		return rune(v), err == nil
	}
	high, ok := half(s)
	if !ok {
		return 0, 0
	}
	if high < 0xD800 || high > 0xDBFF || !strings.HasPrefix(s[4:], `\u`) {
		return high, 4
	}
	low, ok := half(s[6:])
	if !ok || low < 0xDC00 || low > 0xDFFF {
		return high, 4
	}
	return (high-0xD800)<<10 + (low - 0xDC00) + 0x10000, 10
}

func (p *jsonParser) number() string {
	start := p.pos
	for p.pos < len(p.src) && strings.IndexByte("+-.eE0123456789", p.src[p.pos]) >= 0 {
		p.pos++
	}
	text := p.src[start:p.pos]
	if _, err := strconv.ParseFloat(text, 64); err != nil || len(text) > 1 && text[0] == '0' && text[1] != '.' && text[1] != 'e' && text[1] != 'E' {
		p.pos = start
		p.fail("bad number %q", text)
	}
	return text
}

// space passes blanks and comments.
func (p *jsonParser) space() {
	for p.pos < len(p.src) {
		rest := p.src[p.pos:]
		switch {
		case rest[0] == '\n':
			p.pos++
			p.line, p.lineStart = p.line+1, p.pos
		case rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r':
			p.pos++
		case strings.HasPrefix(rest, "//"):
			if end := strings.IndexByte(rest, '\n'); end >= 0 {
				p.pos += end
			} else {
				p.pos = len(p.src)
			}
		case strings.HasPrefix(rest, "/*"):
			p.comment()
		default:
			return
		}
	}
}

func (p *jsonParser) comment() {
	end := strings.Index(p.src[p.pos+2:], "*/")
	if end < 0 {
		p.fail("comment without an end")
	}
	end += p.pos + 4
	for i := p.pos; i < end; i++ {
		if p.src[i] == '\n' {
			p.line, p.lineStart = p.line+1, i+1
		}
	}
	p.pos = end
}

func (p *jsonParser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

func (p *jsonParser) take(c byte) bool {
	if p.pos < len(p.src) && p.src[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func (p *jsonParser) expect(c byte, text string) {
	if !p.take(c) {
		p.fail("expected %s, found %s", text, p.found())
	}
}

func (p *jsonParser) word(w string) bool {
	if strings.HasPrefix(p.src[p.pos:], w) {
		p.pos += len(w)
		return true
	}
	return false
}

func (p *jsonParser) found() string {
	if p.pos >= len(p.src) {
		return "the end of the file"
	}
	r, _ := utf8.DecodeRuneInString(p.src[p.pos:])
	return strconv.QuoteRune(r)
}

// appendJSON writes the value without comments; of a repeated key the last one.
func (n node) appendJSON(dst []byte) []byte {
	switch n.kind {
	case stringNode:
		return appendJSONString(dst, n.text)
	case arrayNode:
		dst = append(dst, '[')
		for i, item := range n.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = item.appendJSON(dst)
		}
		return append(dst, ']')
	case objectNode:
		dst = append(dst, '{')
		first := true
		for i, m := range n.members {
			if _, again := (&node{members: n.members[i+1:]}).member(m.key); again {
				continue
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = append(appendJSONString(dst, m.key), ':')
			dst = m.value.appendJSON(dst)
		}
		return append(dst, '}')
	case nullNode:
		return append(dst, "null"...)
	}
	return append(dst, n.text...)
}

func appendJSONString(dst []byte, text string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic("BUG: a string that is no JSON: " + err.Error())
	}
	return append(dst, quoted...)
}
