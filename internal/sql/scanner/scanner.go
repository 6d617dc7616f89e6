// Package scanner cuts the text of an application into tokens. Comments and white space carry no meaning.
package scanner

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/millrace/millrace/internal/sql/token"
)

// Error is a fault in a token.
type Error struct {
	Pos  token.Position
	Text string
}

func (e *Error) Error() string { return e.Pos.String() + ": " + e.Text }

// Scan returns the tokens of a text, the last of which is EOF.
func Scan(src string) ([]token.Token, error) {
	s := &scanner{src: src, pos: token.Position{Line: 1, Column: 1}}
	var all []token.Token
	for {
		t, err := s.next()
		if err != nil {
			return nil, err
		}
		all = append(all, t)
		if t.Kind == token.EOF {
			return all, nil
		}
	}
}

type scanner struct {
	src string
	pos token.Position
}

func (s *scanner) peek() rune {
	r, _ := utf8.DecodeRuneInString(s.src[s.pos.Offset:])
	if s.pos.Offset == len(s.src) {
		return -1
	}
	return r
}

func (s *scanner) has(prefix string) bool { return strings.HasPrefix(s.src[s.pos.Offset:], prefix) }

func (s *scanner) advance() {
	r, size := utf8.DecodeRuneInString(s.src[s.pos.Offset:])
	s.pos.Offset += size
	s.pos.Column++
	if r == '\n' {
		s.pos.Line++
		s.pos.Column = 1
	}
}

func (s *scanner) skip(n int) {
	for range n {
		s.advance()
	}
}

func (s *scanner) next() (token.Token, error) {
	if err := s.skipBlank(); err != nil {
		return token.Token{}, err
	}
	start := s.pos
	kind, text, err := s.scan()
	return token.Token{Kind: kind, Text: text, Pos: start, End: s.pos.Offset}, err
}

// skipBlank skips white space, -- and // comments to the end of the line, and /* comments */.
func (s *scanner) skipBlank() error {
	for {
		switch r := s.peek(); {
		case r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\f' || r == '\ufeff' || r == '\u00a0':
			s.advance()
		case s.has("--") || s.has("//"):
			for r := s.peek(); r != '\n' && r != -1; r = s.peek() {
				s.advance()
			}
		case s.has("/*"):
			start := s.pos
			for s.skip(2); !s.has("*/"); s.advance() {
				if s.peek() == -1 {
					return &Error{start, "comment is not closed: expected */"}
				}
			}
			s.skip(2)
		default:
			return nil
		}
	}
}

func (s *scanner) scan() (token.Kind, string, error) {
	r := s.peek()
	switch {
	case r == -1:
		return token.EOF, "", nil
	case (r == 'u' || r == 'U') && (s.has("u&'") || s.has("U&'")):
		return s.unicodeString()
	case r == '_' || unicode.IsLetter(r):
		return token.Word, s.word(), nil
	case r == '"':
		text, err := s.delimited('"', "quoted identifier")
		return token.Quoted, text, err
	case r == '\'':
		text, err := s.delimited('\'', "string")
		return token.String, text, err
	case isDigit(r), r == '.' && s.pos.Offset+1 < len(s.src) && isDigit(rune(s.src[s.pos.Offset+1])):
		return token.Number, s.number(), nil
	}
	return s.symbol(r)
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// word = ( letter | "_" ) { letter | digit | "_" | "$" }
func (s *scanner) word() string {
	start := s.pos.Offset
	for r := s.peek(); r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r); r = s.peek() {
		s.advance()
	}
	return strings.ToUpper(s.src[start:s.pos.Offset])
}

// delimited reads up to the closing quote; a doubled quote stands for one.
func (s *scanner) delimited(quote rune, what string) (string, error) {
	start := s.pos
	s.advance()
	var text strings.Builder
	for {
		r := s.peek()
		switch {
		case r == -1:
			return "", &Error{start, what + " is not closed: expected " + string(quote)}
		case r == quote:
			s.advance()
			if s.peek() != quote {
				if quote == '"' && text.Len() == 0 {
					return "", &Error{start, "quoted identifier is empty"}
				}
				return text.String(), nil
			}
		}
		at := s.pos.Offset
		s.advance()
		text.WriteString(s.src[at:s.pos.Offset])
	}
}

// unicodeString = "U&" string [ "UESCAPE" string ], with \xxxx and \+xxxxxx in it.
func (s *scanner) unicodeString() (token.Kind, string, error) {
	start := s.pos
	s.skip(2)
	raw, err := s.delimited('\'', "string")
	if err != nil {
		return 0, "", err
	}
	escape := '\\'
	mark := s.pos
	if err := s.skipBlank(); err != nil {
		return 0, "", err
	}
	if len(s.src)-s.pos.Offset >= 7 && strings.EqualFold(s.src[s.pos.Offset:s.pos.Offset+7], "UESCAPE") {
		s.skip(7)
		if err := s.skipBlank(); err != nil {
			return 0, "", err
		}
		at := s.pos
		if s.peek() != '\'' {
			return 0, "", &Error{at, "expected a string of one character after UESCAPE"}
		}
		text, err := s.delimited('\'', "string")
		if err != nil {
			return 0, "", err
		}
		if utf8.RuneCountInString(text) != 1 {
			return 0, "", &Error{at, "expected a string of one character after UESCAPE"}
		}
		escape, _ = utf8.DecodeRuneInString(text)
	} else {
		s.pos = mark
	}
	text, err := unescape(raw, escape)
	if err != nil {
		return 0, "", &Error{start, err.Error()}
	}
	return token.String, text, nil
}

func unescape(raw string, escape rune) (string, error) {
	var text strings.Builder
	for raw != "" {
		r, size := utf8.DecodeRuneInString(raw)
		if r != escape {
			text.WriteString(raw[:size])
			raw = raw[size:]
			continue
		}
		raw = raw[size:]
		if strings.HasPrefix(raw, string(escape)) {
			text.WriteRune(escape)
			raw = raw[size:]
			continue
		}
		digits := 4
		if strings.HasPrefix(raw, "+") {
			raw, digits = raw[1:], 6
		}
		if len(raw) < digits {
			return "", fmt.Errorf("expected %d hexadecimal digits after %c", digits, escape)
		}
		code, err := strconv.ParseUint(raw[:digits], 16, 32)
		if err != nil || !utf8.ValidRune(rune(code)) {
			return "", fmt.Errorf("expected the code of a character after %c, found %s", escape, raw[:digits])
		}
		text.WriteRune(rune(code))
		raw = raw[digits:]
	}
	return text.String(), nil
}

// number = digits [ "." digits ] [ "E" [ sign ] digits ]
func (s *scanner) number() string {
	start := s.pos.Offset
	s.digits()
	if s.peek() == '.' {
		s.advance()
		s.digits()
	}
	if r := s.peek(); r == 'e' || r == 'E' {
		mark := s.pos
		s.advance()
		if r := s.peek(); r == '+' || r == '-' {
			s.advance()
		}
		if !isDigit(s.peek()) {
			s.pos = mark
		}
		s.digits()
	}
	return s.src[start:s.pos.Offset]
}

func (s *scanner) digits() {
	for isDigit(s.peek()) {
		s.advance()
	}
}

func (s *scanner) symbol(r rune) (token.Kind, string, error) {
	for _, two := range []string{"<>", "!=", "<=", ">=", "||"} {
		if s.has(two) {
			s.skip(2)
			return token.Symbol, two, nil
		}
	}
	if strings.ContainsRune("()+-*/,;.=<>", r) {
		s.advance()
		return token.Symbol, string(r), nil
	}
	if r == utf8.RuneError {
		return 0, "", &Error{s.pos, "the text is not UTF-8 here"}
	}
	return 0, "", &Error{s.pos, fmt.Sprintf("%q has no meaning here%s", r, instead(r))}
}

// instead says what to write for a character that other languages have, or that an editor made of a quote.
func instead(r rune) string {
	switch r {
	case '%':
		return "; the rest of a division is MOD(a, b)"
	case '`', '[', '\u201c', '\u201d', '\u201e':
		return `; names stand in double quotes "`
	case '\u2018', '\u2019', '\u201a', '\u00b4':
		return "; texts stand in single quotes '"
	case '$', '{', '}':
		return "; what is to be replaced in a template has to be replaced before"
	}
	return ""
}
