package policy

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// glob is a pattern in which * stands for any characters and ? for one. The
// wildcards are negative, all else is the character itself.
type glob []rune

const (
	anyRunes rune = -1 - iota
	oneRune
	invalidRune // a byte of the subject that is no UTF-8; only wildcards match it
)

// compileGlob reads a pattern. With variables, ${*}, ${?} and ${$} stand for
// the characters themselves and any other policy variable is refused by name;
// without, as in documents of version 2008-10-17, $ is a character like others.
func compileGlob(pattern string, variables bool) (glob, error) {
	g := make(glob, 0, len(pattern))
	for pattern != "" {
		if variables && strings.HasPrefix(pattern, "${") {
			name, rest, ok := strings.Cut(pattern[2:], "}")
			if !ok {
				return nil, fmt.Errorf("the policy variable %s is not closed", pattern)
			}
			if name != "*" && name != "?" && name != "$" {
				return nil, fmt.Errorf("the policy variable ${%s} is not supported", name)
			}
			g, pattern = append(g, rune(name[0])), rest
			continue
		}
		r, size := utf8.DecodeRuneInString(pattern)
		pattern = pattern[size:]
		switch r {
		case '*':
			r = anyRunes
		case '?':
			r = oneRune
		}
		g = append(g, r)
	}
	return g, nil
}

// match tells whether the whole of s is what the pattern describes. It goes
// back to the last * only: at most len(g) × len(s) steps.
func (g glob) match(s string) bool {
	at, star, resume := 0, -1, 0
	for i := 0; i < len(s); {
		r, size := decodeRune(s[i:])
		switch {
		case at < len(g) && g[at] == anyRunes:
			star, resume = at, i
			at++
		case at < len(g) && (g[at] == r || g[at] == oneRune):
			at++
			i += size
		case star >= 0:
			_, size := decodeRune(s[resume:])
			resume += size
			at, i = star+1, resume
		default:
			return false
		}
	}
	for at < len(g) && g[at] == anyRunes {
		at++
	}
	return at == len(g)
}

func decodeRune(s string) (rune, int) {
	r, size := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size == 1 {
		r = invalidRune
	}
	return r, size
}

// foldASCII is lower case as actions know it: other scripts have no part in
// it, so that no lookalike folds into an action's name.
func foldASCII(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
