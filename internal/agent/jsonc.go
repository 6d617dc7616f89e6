package agent

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

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
