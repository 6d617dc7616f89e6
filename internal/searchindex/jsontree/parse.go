package jsontree

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is how deeply arrays and objects may nest.
const MaxDepth = 1000

// SyntaxError says what is wrong with a text and where. EOF marks a text that ends too early.
type SyntaxError struct {
	Reason string
	Offset int // of the byte where reading stopped
	EOF    bool
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s at byte %d", e.Reason, e.Offset)
}

// Parse reads one JSON value that fills the whole text, white space around it allowed.
func Parse(text string) (Value, *SyntaxError) {
	v, end, err := ParsePrefix(text)
	if err != nil {
		return Value{}, err
	}
	p := parser{text: text, at: end}
	if p.space(); p.at < len(text) {
		return Value{}, p.unexpected("")
	}
	return v, nil
}

// ParsePrefix reads the value that the text begins with and returns where it ends.
func ParsePrefix(text string) (Value, int, *SyntaxError) {
	p := parser{text: text}
	v, err := p.value(0)
	return v, p.at, err
}

type parser struct {
	text string
	at   int
}

func (p *parser) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\r', '\n':
			p.at++
		default:
			return
		}
	}
}

func (p *parser) value(depth int) (Value, *SyntaxError) {
	p.space()
	if p.at >= len(p.text) {
		if depth > 0 {
			return Value{}, p.eof("Unexpected end-of-input within/between Object entries")
		}
		return Value{}, p.eof("No content to map due to end-of-input")
	}
	start := p.at
	var v Value
	var err *SyntaxError
	switch c := p.text[p.at]; {
	case c == '{' || c == '[':
		if depth >= MaxDepth {
			return v, &SyntaxError{Reason: fmt.Sprintf("Document nesting depth (%d) exceeds the maximum allowed (%d)", depth+1, MaxDepth), Offset: p.at}
		}
		if c == '{' {
			v, err = p.object(depth)
		} else {
			v, err = p.array(depth)
		}
	case c == '"':
		v.Kind = String
		v.Text, err = p.str()
	case c == '-' || c >= '0' && c <= '9':
		v.Kind = Number
		v.Text, err = p.number()
	default:
		v, err = p.word()
	}
	v.Offset, v.Raw = start, p.text[start:p.at]
	return v, err
}

func (p *parser) object(depth int) (Value, *SyntaxError) {
	v := Value{Kind: Object}
	start := p.at
	var seen map[string]bool
	p.at++
	for first := true; ; first = false {
		p.space()
		if p.at >= len(p.text) {
			return v, p.unclosed("Object", start)
		}
		if p.text[p.at] == '}' && first {
			p.at++
			return v, nil
		}
		if p.text[p.at] != '"' {
			return v, p.unexpected("was expecting double-quote to start field name")
		}
		nameAt := p.at
		name, err := p.str()
		if err != nil {
			return v, err
		}
		if twice(v, name, &seen) {
			return v, &SyntaxError{Reason: fmt.Sprintf("Duplicate field '%s'", name), Offset: p.at}
		}
		if p.space(); p.at >= len(p.text) {
			return v, p.unclosed("Object", start)
		}
		if p.text[p.at] != ':' {
			return v, p.unexpected("was expecting a colon to separate field name and value")
		}
		p.at++
		member, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.Members = append(v.Members, Member{name, member, nameAt})
		done, err := p.next('}', "Object", start)
		if done || err != nil {
			return v, err
		}
	}
}

// twice reports whether the object has the name already; a wide object gets a set, or wide ones took quadratic time.
func twice(v Value, name string, seen *map[string]bool) bool {
	const wide = 16
	if len(v.Members) < wide {
		_, found := v.Get(name)
		return found
	}
	if *seen == nil {
		*seen = make(map[string]bool, 2*wide)
		for _, m := range v.Members {
			(*seen)[m.Name] = true
		}
	}
	found := (*seen)[name]
	(*seen)[name] = true
	return found
}

func (p *parser) array(depth int) (Value, *SyntaxError) {
	v := Value{Kind: Array}
	start := p.at
	p.at++
	if p.space(); p.at < len(p.text) && p.text[p.at] == ']' {
		p.at++
		return v, nil
	}
	for {
		elem, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.Elems = append(v.Elems, elem)
		done, err := p.next(']', "Array", start)
		if done || err != nil {
			return v, err
		}
	}
}

// next steps over the comma before a further element, or over the closing mark.
func (p *parser) next(closing byte, what string, start int) (done bool, err *SyntaxError) {
	if p.space(); p.at >= len(p.text) {
		return false, p.unclosed(what, start)
	}
	switch p.text[p.at] {
	case ',':
		p.at++
		return false, nil
	case closing:
		p.at++
		return true, nil
	}
	return false, p.unexpected(fmt.Sprintf("was expecting comma to separate %s entries", what))
}

func (p *parser) word() (Value, *SyntaxError) {
	end := p.at
	for end < len(p.text) && isWordByte(p.text[end]) {
		end++
	}
	word := p.text[p.at:end]
	switch word {
	case "null":
		p.at = end
		return Value{}, nil
	case "true", "false":
		p.at = end
		return Value{Kind: Bool, Text: word}, nil
	case "":
		return Value{}, p.unexpected("expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')")
	}
	return Value{}, &SyntaxError{
		Reason: fmt.Sprintf("Unrecognized token '%s': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')", word),
		Offset: end,
	}
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= 0x80
}

// number = [ "-" ] ( "0" | digit1-9 { digit } ) [ "." digit { digit } ] [ ( "e" | "E" ) [ "+" | "-" ] digit { digit } ]
func (p *parser) number() (string, *SyntaxError) {
	start := p.at
	if p.text[p.at] == '-' {
		p.at++
	}
	zero := p.at < len(p.text) && p.text[p.at] == '0'
	if n := p.digits(); n == 0 {
		return "", p.unexpected("expected digit (0-9) to follow minus sign, for valid numeric value")
	} else if zero && n > 1 {
		return "", &SyntaxError{Reason: "Invalid numeric value: Leading zeroes not allowed", Offset: start + 1}
	}
	if p.at < len(p.text) && p.text[p.at] == '.' {
		p.at++
		if p.digits() == 0 {
			return "", p.unexpected("Decimal point not followed by a digit")
		}
	}
	if p.at < len(p.text) && p.text[p.at]|0x20 == 'e' {
		p.at++
		if p.at < len(p.text) && (p.text[p.at] == '+' || p.text[p.at] == '-') {
			p.at++
		}
		if p.digits() == 0 {
			return "", p.unexpected("Exponent indicator not followed by a digit")
		}
	}
	if p.at < len(p.text) && isWordByte(p.text[p.at]) {
		return "", p.unexpected("Expected space separating root-level values")
	}
	return p.text[start:p.at], nil
}

func (p *parser) digits() int {
	start := p.at
	for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
		p.at++
	}
	return p.at - start
}

// str reads a string; without escapes it is a slice of the text.
func (p *parser) str() (string, *SyntaxError) {
	start := p.at + 1
	for i := start; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '"':
			p.at = i + 1
			s := p.text[start:i]
			if !utf8.ValidString(s) {
				return "", &SyntaxError{Reason: "Invalid UTF-8 in string", Offset: start}
			}
			return s, nil
		case c == '\\':
			return p.escaped(start, i)
		case c < 0x20:
			return "", controlCharacter(c, i)
		}
	}
	p.at = len(p.text)
	return "", p.eof("Unexpected end-of-input: was expecting closing quote for a string value")
}

func controlCharacter(c byte, at int) *SyntaxError {
	return &SyntaxError{
		Reason: fmt.Sprintf("Illegal unquoted character ((CTRL-CHAR, code %d)): has to be escaped using backslash to be included in string value", c),
		Offset: at,
	}
}

func (p *parser) escaped(start, at int) (string, *SyntaxError) {
	var b strings.Builder
	b.WriteString(p.text[start:at])
	for i := at; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '"':
			p.at = i + 1
			if s := b.String(); utf8.ValidString(s) {
				return s, nil
			}
			return "", &SyntaxError{Reason: "Invalid UTF-8 in string", Offset: start}
		case c < 0x20:
			return "", controlCharacter(c, i)
		case c != '\\':
			b.WriteByte(c)
		default:
			r, n, err := p.escape(i)
			if err != nil {
				return "", err
			}
			b.WriteRune(r)
			i += n - 1
		}
	}
	p.at = len(p.text)
	return "", p.eof("Unexpected end-of-input: was expecting closing quote for a string value")
}

var escapes = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape decodes the escape at i and returns its length. A surrogate without its partner becomes U+FFFD.
func (p *parser) escape(i int) (rune, int, *SyntaxError) {
	if i+1 >= len(p.text) {
		p.at = len(p.text)
		return 0, 0, p.eof("Unexpected end-of-input: was expecting an escape sequence")
	}
	c := p.text[i+1]
	if r, ok := escapes[c]; ok {
		return r, 2, nil
	}
	if c != 'u' {
		return 0, 0, &SyntaxError{Reason: fmt.Sprintf("Unrecognized character escape '%c' (code %d)", c, c), Offset: i + 1}
	}
	r, ok := hex4(p.text, i+2)
	if !ok {
		return 0, 0, &SyntaxError{Reason: "Unexpected character in a unicode escape: expected a hex-digit", Offset: i + 2}
	}
	if utf16.IsSurrogate(r) {
		if strings.HasPrefix(p.text[i+6:], `\u`) {
			if low, ok := hex4(p.text, i+8); ok {
				if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
					return both, 12, nil
				}
			}
		}
		return utf8.RuneError, 6, nil
	}
	return r, 6, nil
}

func hex4(text string, at int) (rune, bool) {
	if at+4 > len(text) {
		return 0, false
	}
	var r rune
	for _, c := range []byte(text[at : at+4]) {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

func (p *parser) eof(reason string) *SyntaxError {
	return &SyntaxError{Reason: reason, Offset: p.at, EOF: true}
}

func (p *parser) unclosed(what string, start int) *SyntaxError {
	return p.eof(fmt.Sprintf("Unexpected end-of-input: expected close marker for %s (start marker at byte %d)", what, start))
}

func (p *parser) unexpected(wanted string) *SyntaxError {
	if p.at >= len(p.text) {
		return p.eof("Unexpected end-of-input")
	}
	r, _ := utf8.DecodeRuneInString(p.text[p.at:])
	reason := fmt.Sprintf("Unexpected character ('%c' (code %d))", r, r)
	if wanted != "" {
		reason += ": " + wanted
	}
	return &SyntaxError{Reason: reason, Offset: p.at + 1}
}
