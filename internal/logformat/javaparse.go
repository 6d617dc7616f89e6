package logformat

import (
	"fmt"
	"strconv"
	"strings"
)

// parseJava reads a regular expression as java.util.regex.Pattern of JDK 9 and later does. What no engine here can do as Java does is refused by name and place.
//
//	alternation = sequence { "|" sequence }
//	sequence    = { atom [ ("*" | "+" | "?" | "{" n [ "," [ m ] ] "}") [ "?" | "+" ] ] | "(?" flags ")" }
//	atom        = character | "." | "^" | "$" | escape | class | "(" [ "?:" | "?flags:" | "?<name>" | "?=" … ] alternation ")"
func parseJava(expr string) (root *javaNode, groups int, err error) {
	p := newJavaParser(expr)
	defer func() {
		if refused, ok := recover().(javaRefusal); ok {
			root, err = nil, error(refused)
		}
	}()
	root = p.alternation()
	if p.pos < len(p.src) {
		p.refuse("')' without '('")
	}
	return root, p.groups, nil
}

// javaRefusal is what a pattern is refused for. It leaves the parser as a panic.
type javaRefusal struct {
	what string
	at   int // character, from 1
}

func (r javaRefusal) Error() string {
	return fmt.Sprintf("%s at character %d is not supported", r.what, r.at)
}

type javaParser struct {
	src    []rune
	places []int // of each rune of src in the pattern as it was given
	pos    int
	groups int
	open   map[int]bool // groups that are not closed yet
	names  map[string]int
	flags  javaFlags
}

type javaFlags struct{ caseless, dotAll, lines, unix bool }

// newJavaParser rewrites \Q…\E to escaped characters first, as Java does, also within classes.
func newJavaParser(expr string) *javaParser {
	p := &javaParser{open: map[int]bool{}, names: map[string]int{}}
	all, quoted := []rune(expr), false
	for i := 0; i < len(all); i++ {
		c := all[i]
		pair := c == '\\' && i+1 < len(all)
		switch {
		case !quoted && pair && all[i+1] == 'Q':
			quoted = true
			i++
		case quoted && pair && all[i+1] == 'E':
			quoted = false
			i++
		case quoted && c < 0x80 && !isAlphanumeric(byte(c)):
			p.src, p.places = append(p.src, '\\', c), append(p.places, i, i)
		case !quoted && pair:
			p.src, p.places = append(p.src, c, all[i+1]), append(p.places, i, i+1)
			i++
		default:
			p.src, p.places = append(p.src, c), append(p.places, i)
		}
	}
	p.places = append(p.places, len(all))
	return p
}

func isAlphanumeric(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

func (p *javaParser) refuse(what string) { p.refuseAt(p.pos, what) }

func (p *javaParser) refuseAt(pos int, what string) {
	panic(javaRefusal{what, p.places[min(pos, len(p.places)-1)] + 1})
}

// peek is the next character, 0 at the end.
func (p *javaParser) peek() rune { return p.at(0) }

func (p *javaParser) at(n int) rune {
	if p.pos+n < len(p.src) {
		return p.src[p.pos+n]
	}
	return 0
}

func (p *javaParser) more() bool { return p.pos < len(p.src) }

func (p *javaParser) accept(text string) bool {
	if !strings.HasPrefix(string(p.src[p.pos:min(p.pos+len(text), len(p.src))]), text) {
		return false
	}
	p.pos += len(text)
	return true
}

func (p *javaParser) alternation() *javaNode {
	branches := []*javaNode{p.sequence()}
	for p.accept("|") {
		branches = append(branches, p.sequence())
	}
	if len(branches) == 1 {
		return branches[0]
	}
	return &javaNode{op: opAlternate, sub: branches}
}

func (p *javaParser) sequence() *javaNode {
	n := &javaNode{op: opSequence}
	for p.more() && p.peek() != '|' && p.peek() != ')' {
		if atom := p.atom(); atom != nil {
			n.sub = append(n.sub, p.quantified(atom))
		}
	}
	if len(n.sub) == 1 {
		return n.sub[0]
	}
	return n
}

// atom is nil for flags that hold from here on.
func (p *javaParser) atom() *javaNode {
	switch c := p.peek(); c {
	case '(':
		return p.openGroup()
	case '[':
		p.pos++
		return set(p.class(true))
	case '\\':
		return p.escape()
	case '.':
		p.pos++
		return set(p.dot())
	case '^':
		p.pos++
		return &javaNode{op: opBegin, lines: p.flags.lines, unix: p.flags.unix}
	case '$':
		p.pos++
		return &javaNode{op: opEnd, lines: p.flags.lines, unix: p.flags.unix}
	case '*', '+', '?', '{':
		p.refuse(fmt.Sprintf("'%c' with nothing to repeat", c))
	}
	c := p.peek()
	p.pos++
	return set(p.literal(c))
}

func set(s charset) *javaNode { return &javaNode{op: opSet, set: s} }

func (p *javaParser) literal(c rune) charset {
	if p.flags.caseless {
		return chars(c).foldASCII()
	}
	return chars(c)
}

func (p *javaParser) dot() charset {
	switch {
	case p.flags.dotAll:
		return anyChars
	case p.flags.unix:
		return chars('\n').not()
	}
	return terminatorChars.not()
}

func (p *javaParser) quantified(atom *javaNode) *javaNode {
	n := &javaNode{op: opRepeat, sub: []*javaNode{atom}, max: -1}
	switch p.peek() {
	case '*':
	case '+':
		n.min = 1
	case '?':
		n.max = 1
	case '{':
		p.pos++
		n.min = p.number()
		n.max = n.min
		if p.accept(",") {
			if n.max = -1; p.peek() != '}' {
				n.max = p.number()
			}
		}
		if p.peek() != '}' {
			p.refuse("repetition without '}'")
		}
		if n.max >= 0 && n.max < n.min {
			p.refuse("repetition with its largest number first")
		}
	default:
		return atom
	}
	p.pos++
	switch {
	case p.accept("?"):
		n.mode = lazy
	case p.accept("+"):
		n.mode = possessive
	}
	if c := p.peek(); c == '*' || c == '+' || c == '?' || c == '{' {
		p.refuse("quantifier behind a quantifier")
	}
	return n
}

// number is that of a repetition.
func (p *javaParser) number() int {
	start := p.pos
	for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
		p.pos++
	}
	n, err := strconv.ParseInt(string(p.src[start:p.pos]), 10, 32)
	if err != nil {
		p.refuseAt(start, "repetition without a number of times")
	}
	return int(n)
}
