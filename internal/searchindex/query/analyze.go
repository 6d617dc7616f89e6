package query

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxTokenBytes = 255

// Analyze splits a text into lower-case words much as the standard analyzer does: letters, digits and underscores hold
// together; a point, colon or apostrophe joins letters, a point or comma joins digits; an ideograph is a word.
func Analyze(text string) []string {
	text = strings.ToValidUTF8(text, " ")
	var tokens []string
	start := -1
	flush := func(end int) {
		if start >= 0 {
			for token := strings.ToLower(text[start:end]); token != ""; {
				n := min(len(token), maxTokenBytes)
				for n < len(token) && !utf8.RuneStart(token[n]) {
					n--
				}
				tokens = append(tokens, token[:n])
				token = token[n:]
			}
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
	return tokens
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
