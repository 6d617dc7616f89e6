package query

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

const maxTokenBytes = 255

// Token is a word of a text; Start and End count UTF-16 units, as Java does.
type Token struct {
	Text       string
	Start, End int
	Kind       string // <ALPHANUM>, <NUM>, <IDEOGRAPHIC>, <HIRAGANA>
}

// Analyze splits a text into lower-case words much as the standard analyzer does: letters, digits and underscores hold
// together; a point, colon or apostrophe joins letters, a point or comma joins digits; an ideograph is a word.
func Analyze(text string) []string {
	var out []string
	eachToken(text, func(start, end int, token string) { out = append(out, token) })
	return out
}

// Tokens are the words with their places.
func Tokens(text string) []Token {
	var out []Token
	eachToken(text, func(start, end int, token string) {
		before := utf16Len(text[:start])
		out = append(out, Token{token, before, before + utf16Len(text[start:end]), tokenKind(token)})
	})
	return out
}

func utf16Len(s string) (n int) {
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

func tokenKind(token string) string {
	first, _ := utf8.DecodeRuneInString(token)
	switch {
	case unicode.Is(unicode.Han, first):
		return "<IDEOGRAPHIC>"
	case unicode.Is(unicode.Hiragana, first):
		return "<HIRAGANA>"
	case strings.ContainsFunc(token, unicode.IsLetter):
		return "<ALPHANUM>"
	}
	return "<NUM>"
}

// eachToken calls fn with every word and where it stood.
func eachToken(text string, fn func(start, end int, token string)) {
	text = strings.ToValidUTF8(text, " ")
	start := -1
	flush := func(end int) {
		for at := start; start >= 0 && at < end; {
			n := min(end-at, maxTokenBytes)
			for n < end-at && !utf8.RuneStart(text[at+n]) {
				n--
			}
			fn(at, at+n, strings.ToLower(text[at:at+n]))
			at += n
		}
		start = -1
	}
	var previous rune
	for i, r := range text {
		switch {
		case unicode.Is(unicode.Han, r) || unicode.Is(unicode.Hiragana, r):
			flush(i)
			start = i
			flush(i + utf8.RuneLen(r))
		case isWord(r) || start >= 0 && unicode.Is(unicode.Mn, r):
			if start < 0 {
				start = i
			}
		case start >= 0 && joins(previous, r, text[i+utf8.RuneLen(r):]):
		default:
			flush(i)
		}
		previous = r
	}
	flush(len(text))
}

func isWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_'
}

func joins(before, r rune, rest string) bool {
	after, _ := utf8.DecodeRuneInString(rest)
	switch r {
	case '.', '\'', '’':
		return unicode.IsLetter(before) && unicode.IsLetter(after) || unicode.IsDigit(before) && unicode.IsDigit(after)
	case ':':
		return unicode.IsLetter(before) && unicode.IsLetter(after)
	case ',', ';':
		return unicode.IsDigit(before) && unicode.IsDigit(after)
	}
	return false
}

// hasToken reports whether the analyzed text holds a word that is wanted.
func hasToken(text string, wanted func(string) bool) bool {
	for _, token := range Analyze(text) {
		if wanted(token) {
			return true
		}
	}
	return false
}
