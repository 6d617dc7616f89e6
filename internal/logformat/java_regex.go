package logformat

import (
	"fmt"
	"strings"
)

// translateJava rewrites a Java regular expression so that Go's regexp means the same by it: the dot leaves out Java's five line terminators, \s has the
// vertical tab, \h is a blank or tab kind. What RE2 cannot do, or would do differently, is refused by its name and place.
func translateJava(expr string) (string, error) {
	t := javaTranslator{src: expr}
	for t.pos < len(t.src) {
		if err := t.step(); err != nil {
			return "", err
		}
	}
	return t.out.String(), nil
}

type javaTranslator struct {
	src        string
	pos        int
	out        strings.Builder
	classDepth int
	quantified bool // the item before pos is a quantifier
}

const (
	javaDot        = `[^\n\r\x{85}\x{2028}\x{2029}]`
	javaHorizontal = ` \t\x{A0}\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}`
)

func (t *javaTranslator) step() error {
	c := t.src[t.pos]
	switch {
	case c == '\\':
		t.quantified = false
		return t.escape()
	case t.classDepth > 0:
		return t.inClass(c)
	case c == '[':
		t.quantified = false
		return t.openClass()
	case c == '(':
		t.quantified = false
		return t.openGroup()
	case c == '.':
		t.quantified = false
		t.replace(1, javaDot)
	case c == '+' && t.quantified:
		return t.refuse("possessive quantifier")
	case c == '*' || c == '+' || c == '?' || c == '}':
		t.quantified = !t.quantified || c == '}'
		t.keep(1)
	default:
		t.quantified = false
		t.keep(1)
	}
	return nil
}

func (t *javaTranslator) escape() error {
	if t.pos+1 == len(t.src) {
		return t.refuse("backslash at the end")
	}
	switch c := t.src[t.pos+1]; c {
	case 's', 'h', 'S', 'H':
		set := `\t-\r `
		if c == 'h' || c == 'H' {
			set = javaHorizontal
		}
		switch {
		case c == 'S' || c == 'H':
			if t.classDepth > 0 {
				return t.refuse(`\` + string(c) + " inside a character class")
			}
			set = "[^" + set + "]"
		case t.classDepth == 0:
			set = "[" + set + "]"
		}
		t.replace(2, set)
	case 'Q':
		text, _, _ := strings.Cut(t.src[t.pos+2:], `\E`)
		for i := 0; i < len(text); i++ {
			if b := text[i]; b < 0x80 && !isAlphanumeric(b) {
				t.out.WriteByte('\\')
			}
			t.out.WriteByte(text[i])
		}
		t.pos = min(t.pos+2+len(text)+2, len(t.src))
	case 'e':
		t.replace(2, `\x1b`)
	case '0':
		return t.refuse("octal escape")
	case '1', '2', '3', '4', '5', '6', '7', '8', '9', 'k':
		return t.refuse("backreference")
	case 'u':
		if t.pos+6 > len(t.src) {
			return t.refuse("short unicode escape")
		}
		t.replace(6, `\x{`+t.src[t.pos+2:t.pos+6]+`}`)
	case 'R', 'X', 'G', 'N', 'Z', 'c', 'v', 'V':
		return t.refuse(`\` + string(c))
	default:
		t.keep(2)
	}
	return nil
}

func (t *javaTranslator) openClass() error {
	t.classDepth = 1
	n := 1
	if strings.HasPrefix(t.src[t.pos+1:], "^") {
		n = 2
	}
	t.keep(n)
	if strings.HasPrefix(t.src[t.pos:], "]") {
		return t.refuse("']' at the start of a character class")
	}
	return nil
}

func (t *javaTranslator) inClass(c byte) error {
	switch {
	case c == '[':
		return t.refuse("class within a class")
	case c == '&' && strings.HasPrefix(t.src[t.pos:], "&&"):
		return t.refuse("class intersection")
	case c == ']':
		t.classDepth = 0
	}
	t.keep(1)
	return nil
}

// openGroup passes plain, non-capturing and named groups and the flag i.
func (t *javaTranslator) openGroup() error {
	rest := t.src[t.pos:]
	for _, bad := range []struct{ prefix, name string }{
		{"(?=", "lookahead"}, {"(?!", "lookahead"}, {"(?<=", "lookbehind"}, {"(?<!", "lookbehind"}, {"(?>", "atomic group"},
	} {
		if strings.HasPrefix(rest, bad.prefix) {
			return t.refuse(bad.name)
		}
	}
	switch {
	case !strings.HasPrefix(rest, "(?"):
		t.keep(1)
	case strings.HasPrefix(rest, "(?:"), strings.HasPrefix(rest, "(?i)"), strings.HasPrefix(rest, "(?i:"):
		t.keep(strings.IndexAny(rest, ":)") + 1)
	case strings.HasPrefix(rest, "(?<"):
		t.keep(3)
	default:
		return t.refuse("inline flag other than i")
	}
	return nil
}

func (t *javaTranslator) keep(n int) {
	t.out.WriteString(t.src[t.pos : t.pos+n])
	t.pos += n
}

func (t *javaTranslator) replace(n int, text string) {
	t.out.WriteString(text)
	t.pos += n
}

func (t *javaTranslator) refuse(what string) error {
	return fmt.Errorf("%s at character %d is not supported", what, t.pos+1)
}

func isAlphanumeric(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}
