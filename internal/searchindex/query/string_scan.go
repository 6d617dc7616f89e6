package query

import "strings"

// stringToken is a word, a phrase, an expression between slashes, or a mark. A word keeps its backslashes until it is
// known whether its asterisks are wildcards.
type stringToken struct {
	text string
	kind byte // 'w' word, '"' phrase, '/' expression, or the mark itself: ( ) [ ] { } :
}

// tokenize splits at white space, parentheses, brackets and the colon behind a field name. An open quote or slash ends
// in a mark that no rule takes.
func tokenize(text string) []stringToken {
	var out []stringToken
	interval := false
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case strings.IndexByte("()[]{}", c) >= 0:
			out = append(out, stringToken{text[i : i+1], c})
			interval = c == '[' || c == '{' || interval && (c == '(' || c == ')')
			i++
		case c == '"' || c == '/':
			end := closing(text, i)
			if end < 0 {
				return append(out, stringToken{text[i:], '('})
			}
			inner := text[i+1 : end]
			if c == '"' {
				inner = unescape(inner)
			}
			out = append(out, stringToken{inner, c})
			i = end + 1
			if i < len(text) && (text[i] == '~' || text[i] == '^') { // slop and boosts belong to what is before them
				n := wordEnd(text, i, false)
				out = append(out, stringToken{text[i:n], 'w'})
				i = n
			}
		default:
			field := !interval && c != '<' && c != '>' && (len(out) == 0 || out[len(out)-1].kind != ':')
			end := wordEnd(text, i, field)
			if end > i {
				out = append(out, stringToken{text[i:end], 'w'})
			}
			i = end
			if field && i < len(text) && text[i] == ':' {
				out = append(out, stringToken{":", ':'})
				i++
			}
		}
	}
	return out
}

// closing finds the quote or slash that closes the one at i.
func closing(text string, i int) int {
	for at := i + 1; at < len(text); at++ {
		switch text[at] {
		case '\\':
			at++
		case text[i]:
			return at
		}
	}
	return -1
}

// wordEnd is where the word at i ends; with field, at a colon too.
func wordEnd(text string, i int, field bool) int {
	for ; i < len(text) && strings.IndexByte(" \t\r\n()[]{}\"", text[i]) < 0; i++ {
		if text[i] == ':' && field {
			return i
		}
		if text[i] == '\\' {
			i++
		}
	}
	return min(i, len(text))
}

func unescape(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// hasUnescaped reports whether one of the characters stands without a backslash before it.
func hasUnescaped(text, characters string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' {
			i++
			continue
		}
		if strings.IndexByte(characters, text[i]) >= 0 {
			return true
		}
	}
	return false
}
