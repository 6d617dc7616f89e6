package logformat

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
)

// escape is one outside of a class.
func (p *javaParser) escape() *javaNode {
	start := p.pos
	switch c := p.at(1); c {
	case 'A':
		return p.anchor(opTextBegin)
	case 'z':
		return p.anchor(opTextEnd)
	case 'Z':
		n := p.anchor(opLastLineEnd)
		n.unix = p.flags.unix
		return n
	case 'b', 'B':
		n := p.anchor(opWordBoundary)
		if n.negative = c == 'B'; p.peek() == '{' {
			p.refuseAt(start, `\b{`)
		}
		return n
	case 'R':
		p.pos += 2
		crlf := &javaNode{op: opSequence, sub: []*javaNode{set(chars('\r')), set(chars('\n'))}}
		return &javaNode{op: opAlternate, sub: []*javaNode{crlf, set(verticalChars)}}
	case 'k':
		p.pos += 2
		if !p.accept("<") {
			p.refuseAt(start, `\k without a group's name`)
		}
		group, known := p.names[p.name()]
		if !known {
			p.refuseAt(start, "back-reference to a group that does not exist before it")
		}
		return p.backref(start, group)
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		p.pos += 2
		group := int(c - '0')
		for d := p.peek(); d >= '0' && d <= '9' && group*10+int(d-'0') <= p.groups; d = p.peek() {
			group = group*10 + int(d-'0')
			p.pos++
		}
		return p.backref(start, group)
	}
	if s, ok := p.classEscape(); ok {
		return set(s)
	}
	return set(p.literal(p.charEscape()))
}

func (p *javaParser) anchor(op javaOp) *javaNode {
	p.pos += 2
	return &javaNode{op: op}
}

func (p *javaParser) backref(start, group int) *javaNode {
	if group > p.groups || p.open[group] {
		p.refuseAt(start, "back-reference to a group that does not exist before it")
	}
	if p.flags.caseless {
		p.refuseAt(start, "back-reference under (?i)")
	}
	return &javaNode{op: opBackref, group: group}
}

// classEscape reads an escape that stands for a set.
func (p *javaParser) classEscape() (charset, bool) {
	c := p.at(1)
	var s charset
	switch c | 0x20 {
	case 'd':
		s = digitChars
	case 'w':
		s = wordChars
	case 's':
		s = spaceChars
	case 'h':
		s = horizontalChars
	case 'v':
		s = verticalChars
	case 'p':
		s = p.property()
	default:
		return nil, false
	}
	if c < 'a' {
		s = s.not()
	}
	if c|0x20 != 'p' {
		p.pos += 2
	}
	return s, true
}

// property is \p{name}, \pL or their capital forms, without the negation.
func (p *javaParser) property() charset {
	start := p.pos
	p.pos += 2
	name := string(p.peek())
	p.pos++
	if name == "{" {
		from := p.pos
		for p.more() && p.peek() != '}' {
			p.pos++
		}
		name = string(p.src[from:p.pos])
		p.pos++
	}
	s, known := namedChars(name)
	if !known || p.flags.caseless && (strings.HasSuffix(name, "Lower") || strings.HasSuffix(name, "Upper") || strings.HasPrefix(strings.TrimPrefix(name, "Is"), "L")) {
		p.refuseAt(start, fmt.Sprintf(`property \p{%s}`, name))
	}
	return s
}

// charEscape reads an escape that stands for one character.
func (p *javaParser) charEscape() rune {
	start, c := p.pos, p.at(1)
	if p.pos+1 >= len(p.src) {
		p.refuse("backslash at the end")
	}
	p.pos += 2
	switch c {
	case 't':
		return '\t'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 'f':
		return '\f'
	case 'a':
		return '\a'
	case 'e':
		return 0x1b
	case 'c':
		if !p.more() {
			p.refuseAt(start, `\c at the end`)
		}
		p.pos++
		return p.src[p.pos-1] ^ 64
	case '0':
		return p.octal(start)
	case 'x':
		if p.accept("{") {
			from := p.pos
			for p.more() && p.peek() != '}' {
				p.pos++
			}
			p.pos++
			return p.hex(start, from, p.pos-1)
		}
		p.pos += 2
		return p.hex(start, p.pos-2, p.pos)
	case 'u':
		return p.unicode(start)
	}
	if c < 0x80 && isAlphanumeric(byte(c)) {
		p.refuseAt(start, `\`+string(c))
	}
	return c
}

func (p *javaParser) octal(start int) rune {
	n, digits := rune(0), 0
	for c := p.peek(); c >= '0' && c <= '7' && digits < 3 && n*8+c-'0' <= 0o377; c = p.peek() {
		n = n*8 + c - '0'
		digits++
		p.pos++
	}
	if digits == 0 {
		p.refuseAt(start, `\0 without octal digits`)
	}
	return n
}

func (p *javaParser) hex(start, from, to int) rune {
	if to > len(p.src) || to <= from {
		p.refuseAt(start, "short escape")
	}
	n, err := strconv.ParseUint(string(p.src[from:to]), 16, 32)
	if err != nil || n > 0x10FFFF {
		p.refuseAt(start, "escape that is no character")
	}
	return rune(n)
}

// unicode is \uXXXX, or two of them that make one character.
func (p *javaParser) unicode(start int) rune {
	p.pos += 4
	r := p.hex(start, p.pos-4, p.pos)
	if !utf16.IsSurrogate(r) {
		return r
	}
	if p.accept(`\u`) {
		p.pos += 4
		if pair := utf16.DecodeRune(r, p.hex(start, p.pos-4, p.pos)); pair != '\uFFFD' {
			return pair
		}
	}
	p.refuseAt(start, "half a surrogate pair")
	return 0
}
