package logformat

import (
	"fmt"
)

func (p *javaParser) openGroup() *javaNode {
	start, flags := p.pos, p.flags
	p.pos++
	n := &javaNode{op: opSequence}
	switch {
	case p.accept("?:"):
	case p.accept("?="):
		n = &javaNode{op: opLook}
	case p.accept("?!"):
		n = &javaNode{op: opLook, negative: true}
	case p.accept("?<="):
		n = &javaNode{op: opLook, behind: true}
	case p.accept("?<!"):
		n = &javaNode{op: opLook, behind: true, negative: true}
	case p.accept("?>"):
		n = &javaNode{op: opAtomic}
	case p.accept("?<"):
		n = p.capture()
		p.names[p.name()] = n.group
	case p.accept("?"):
		if p.inlineFlags(start) {
			return nil
		}
	default:
		n = p.capture()
	}
	body := p.alternation()
	if !p.accept(")") {
		p.refuseAt(start, "'(' without ')'")
	}
	p.flags = flags
	delete(p.open, n.group)
	if n.op == opSequence {
		return body
	}
	n.sub = []*javaNode{body}
	return n
}

func (p *javaParser) capture() *javaNode {
	p.groups++
	p.open[p.groups] = true
	return &javaNode{op: opCapture, group: p.groups}
}

// name is a group's, up to '>'.
func (p *javaParser) name() string {
	start := p.pos
	for p.more() && p.peek() < 0x80 && isAlphanumeric(byte(p.peek())) {
		p.pos++
	}
	name := string(p.src[start:p.pos])
	if name == "" || name[0] <= '9' || !p.accept(">") {
		p.refuseAt(start, "group name that is not letters and digits before '>'")
	}
	return name
}

// inlineFlags reads what stands behind "(?". It tells whether that was all, as in (?i), and not the beginning of a group.
func (p *javaParser) inlineFlags(start int) (alone bool) {
	on := true
	for {
		c := p.peek()
		switch c {
		case 'i':
			p.flags.caseless = on
		case 's':
			p.flags.dotAll = on
		case 'm':
			p.flags.lines = on
		case 'd':
			p.flags.unix = on
		case '-':
			on = false
		case ')', ':':
			p.pos++
			return c == ')'
		case 'x', 'u', 'U':
			p.refuseAt(start, fmt.Sprintf("inline flag %c", c))
		default:
			p.refuseAt(start, "group of an unknown kind")
		}
		p.pos++
	}
}
