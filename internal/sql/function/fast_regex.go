package function

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// fastParser reads the patterns of FAST_REGEX_LOG_PARSE, whose language differs from that of other regular expressions:
//
//	pattern = { part | "(" union ")" }              a group; its text is a column
//	union   = parts { "|" parts }                    "(" union ")" within it binds only
//	part    = atom [ "*" | "+" | "?" | "{" n [ "," [ m ] ] "}" ]
//	atom    = "." | "@" any text | "[" [ "^" ] class "]" | "<" name ">" | '"' text '"' | "\" character | character
type fastParser struct {
	rest   string
	groups int
	depth  int
}

// anyText is @ as Go's regexp has it.
const anyText = "(?:.*)"

func (p *fastParser) pattern() ([]fastPart, error) {
	var parts []fastPart
	for p.rest != "" {
		if p.rest[0] == '|' {
			return nil, fmt.Errorf("| outside of parentheses is not supported")
		}
		if p.rest[0] == '(' {
			inside, err := p.group()
			if err != nil {
				return nil, err
			}
			parts = append(parts, inside...)
			continue
		}
		next, err := p.part()
		if err != nil {
			return nil, err
		}
		parts = append(parts, next...)
	}
	return parts, nil
}

// group reads a group between its marks. One with alternatives is one part.
func (p *fastParser) group() ([]fastPart, error) {
	p.rest = p.rest[1:]
	number := p.groups
	p.groups++
	parts := []fastPart{{mark: 2 * number}}
	start := p.rest
	for p.rest != "" && p.rest[0] != ')' {
		if p.rest[0] == '|' {
			p.rest = start
			text, err := p.union()
			if err != nil {
				return nil, err
			}
			parts = append(parts[:1], fastPart{text: text})
			continue
		}
		next, err := p.part()
		if err != nil {
			return nil, err
		}
		parts = append(parts, next...)
	}
	if p.rest == "" {
		return nil, fmt.Errorf("( is not closed")
	}
	p.rest = p.rest[1:]
	if p.rest != "" && strings.IndexByte("*+?{", p.rest[0]) >= 0 {
		return nil, fmt.Errorf("a repeated group (…)%c is not supported; repeat what is in it", p.rest[0])
	}
	return append(parts, fastPart{mark: 2*number + 1}), nil
}

// union reads alternatives up to a closing parenthesis, which it leaves.
func (p *fastParser) union() (string, error) {
	if p.depth++; p.depth > 50 {
		return "", fmt.Errorf("it nests too deeply")
	}
	defer func() { p.depth-- }()
	var out strings.Builder
	out.WriteString("(?:")
	for p.rest != "" && p.rest[0] != ')' {
		if p.rest[0] == '|' {
			out.WriteByte('|')
			p.rest = p.rest[1:]
			continue
		}
		parts, err := p.part()
		if err != nil {
			return "", err
		}
		for _, part := range parts {
			out.WriteString(part.text)
		}
	}
	out.WriteByte(')')
	return out.String(), nil
}

// part reads an atom with what repeats it. x+ is x x*, so that its first x can end a search.
func (p *fastParser) part() ([]fastPart, error) {
	text, fixed, literal, err := p.atom()
	if err != nil {
		return nil, err
	}
	one := []fastPart{{text: text, fixed: fixed, literal: literal}}
	if p.rest == "" {
		return one, nil
	}
	switch p.rest[0] {
	case '*', '?':
		text += p.rest[:1]
	case '+':
		p.rest = p.rest[1:]
		return append(one, fastPart{text: text + "*"}), nil
	case '{':
		inside, _, ok := strings.Cut(p.rest[1:], "}")
		if !ok || strings.Trim(inside, "0123456789,") != "" {
			return nil, fmt.Errorf("expected {n}, {n,} or {n,m} at '%s'", p.rest)
		}
		p.rest = p.rest[len(inside)+2:]
		return []fastPart{{text: text + "{" + inside + "}", fixed: fixed && !strings.Contains(inside, ",")}}, nil
	default:
		return one, nil
	}
	p.rest = p.rest[1:]
	return []fastPart{{text: text}}, nil
}

func (p *fastParser) atom() (text string, fixed bool, literal string, err error) {
	r, size := utf8.DecodeRuneInString(p.rest)
	p.rest = p.rest[size:]
	switch r {
	case '.':
		return ".", true, "", nil
	case '@':
		return anyText, false, "", nil
	case '[':
		text, err = p.class()
		return text, true, "", err
	case '<':
		text, fixed, err = p.named()
		return text, fixed, "", err
	case '"':
		inside, rest, ok := strings.Cut(p.rest, `"`)
		if !ok {
			return "", false, "", fmt.Errorf(`" is not closed`)
		}
		p.rest = rest
		return "(?:" + regexp.QuoteMeta(inside) + ")", true, inside, nil
	case '\\':
		r, size := utf8.DecodeRuneInString(p.rest)
		if size == 0 {
			return "", false, "", fmt.Errorf("it ends with a backslash")
		}
		p.rest = p.rest[size:]
		return regexp.QuoteMeta(string(r)), true, string(r), nil
	case '(':
		if text, err = p.union(); err == nil && p.rest == "" {
			err = fmt.Errorf("( is not closed")
		}
		if err == nil {
			p.rest = p.rest[1:]
		}
		return text, false, "", err
	case '#', '&', '~':
		return "", false, "", fmt.Errorf("%c is not supported", r)
	case '*', '+', '?', '{':
		return "", false, "", fmt.Errorf("%c repeats nothing", r)
	case ')', ']':
		return "", false, "", fmt.Errorf("%c is not opened", r)
	}
	return regexp.QuoteMeta(string(r)), true, string(r), nil
}

// class reads a class of characters, of which [ has been read.
func (p *fastParser) class() (string, error) {
	w := similarWriter{pattern: p.rest, rest: p.rest, escape: '\\'}
	negated := strings.HasPrefix(w.rest, "^")
	if negated {
		w.rest = w.rest[1:]
	}
	var set runeSet
	for !strings.HasPrefix(w.rest, "]") || len(set) == 0 {
		lo, err := p.classRune(&w)
		if err != nil {
			return "", err
		}
		hi := lo
		if strings.HasPrefix(w.rest, "-") && !strings.HasPrefix(w.rest, "-]") {
			w.rest = w.rest[1:]
			if hi, err = p.classRune(&w); err != nil {
				return "", err
			}
			if hi < lo {
				return "", fmt.Errorf("range %c-%c runs backwards", lo, hi)
			}
		}
		set = append(set, runeRange{lo, hi})
	}
	p.rest = w.rest[1:]
	set.write(&w.out, negated)
	return w.out.String(), nil
}

func (p *fastParser) classRune(w *similarWriter) (rune, error) {
	if w.rest == "" {
		return 0, fmt.Errorf("[ is not closed")
	}
	r := w.next()
	if r == '\\' && w.rest != "" {
		r = w.next()
	}
	return r, nil
}

// named reads the name of a class of characters, of which < has been read.
func (p *fastParser) named() (text string, fixed bool, err error) {
	name, rest, ok := strings.Cut(p.rest, ">")
	if !ok {
		return "", false, fmt.Errorf("< is not closed")
	}
	p.rest = rest
	switch name {
	case "Digit", "Upper", "Lower", "ASCII", "Alpha", "Alnum", "Punct", "Blank", "Space", "Cntrl", "XDigit", "Graph":
		return "[[:" + strings.ToLower(name) + ":]]", true, nil
	}
	if name == "Print" {
		return "[[:graph:]]", true, nil
	}
	return "", false, fmt.Errorf("the named pattern <%s> is not supported", name)
}
