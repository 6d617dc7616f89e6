package loadgen

import (
	"strconv"
	"strings"
)

// valueParser reads arguments as JavaScript writes them: JSON, also with names without quotes and with single quotes. Values are string, float64, bool, nil, []any and object.
type valueParser struct {
	text string
	pos  int
}

// object is a value with names.
type object map[string]any

func (p *valueParser) blanks() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

func (p *valueParser) accept(token string) bool {
	if !strings.HasPrefix(p.text[p.pos:], token) {
		return false
	}
	p.pos += len(token)
	return true
}

func (p *valueParser) fail(want string) error {
	if p.pos >= len(p.text) {
		return templateError(p.text, p.pos, "the text ends where %s is expected", want)
	}
	return templateError(p.text, p.pos, "%q where %s is expected", []rune(p.text[p.pos:])[0], want)
}

// values reads a list up to its closing token.
func (p *valueParser) values(end string) ([]any, error) {
	var list []any
	if p.blanks(); p.accept(end) {
		return list, nil
	}
	for {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		p.blanks()
		switch {
		case p.accept(end):
			return list, nil
		case !p.accept(","):
			return nil, p.fail("',' or '" + end + "'")
		}
	}
}

func (p *valueParser) value() (any, error) {
	p.blanks()
	if p.pos >= len(p.text) {
		return nil, p.fail("a value")
	}
	switch c := p.text[p.pos]; {
	case c == '"' || c == '\'':
		return p.quoted()
	case c == '[':
		p.pos++
		list, err := p.values("]")
		if list == nil {
			list = []any{}
		}
		return list, err
	case c == '{':
		p.pos++
		return p.object()
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	for word, v := range map[string]any{"true": true, "false": false, "null": nil} {
		if p.word() == word {
			p.pos += len(word)
			return v, nil
		}
	}
	return nil, p.fail("a value")
}

func (p *valueParser) word() string {
	end := p.pos
	for end < len(p.text) && isWord(p.text[end]) {
		end++
	}
	return p.text[p.pos:end]
}

func (p *valueParser) number() (any, error) {
	end := p.pos
	for end < len(p.text) && strings.IndexByte("+-.eE0123456789", p.text[end]) >= 0 {
		end++
	}
	n, err := strconv.ParseFloat(p.text[p.pos:end], 64)
	if err != nil {
		return nil, p.fail("a number")
	}
	p.pos = end
	return n, nil
}

func (p *valueParser) quoted() (string, error) {
	quote := p.text[p.pos]
	var out strings.Builder
	for i := p.pos + 1; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == quote:
			p.pos = i + 1
			return out.String(), nil
		case c == '\\' && i+1 < len(p.text):
			i++
			if c, known := map[byte]byte{'n': '\n', 't': '\t', 'r': '\r'}[p.text[i]]; known {
				out.WriteByte(c)
			} else {
				out.WriteByte(p.text[i])
			}
		default:
			out.WriteByte(c)
		}
	}
	return "", p.fail("a text with its closing quote")
}

func (p *valueParser) object() (any, error) {
	o := object{}
	if p.blanks(); p.accept("}") {
		return o, nil
	}
	for {
		p.blanks()
		name := p.word()
		if p.pos < len(p.text) && (p.text[p.pos] == '"' || p.text[p.pos] == '\'') {
			var err error
			if name, err = p.quoted(); err != nil {
				return nil, err
			}
		} else if p.pos += len(name); name == "" {
			return nil, p.fail("a name")
		}
		if p.blanks(); !p.accept(":") {
			return nil, p.fail("':'")
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		o[name] = v
		p.blanks()
		switch {
		case p.accept("}"):
			return o, nil
		case !p.accept(","):
			return nil, p.fail("',' or '}'")
		}
	}
}
