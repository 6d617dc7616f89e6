package policy

import "strings"

// pattern is an action or an ARN with wildcards, cut at its colons: a * stays
// within its part, so a pattern for one service never matches another.
type pattern struct {
	everything bool // *
	parts      []string
}

// arnParts: arn:partition:service:region:account:resource; colons after the
// fifth belong to the resource.
const arnParts = 6

func newPattern(text string, parts int) pattern {
	if text == "*" {
		return pattern{everything: true}
	}
	return pattern{parts: strings.SplitN(text, ":", parts)}
}

func (p pattern) matches(s string) bool {
	if p.everything {
		return true
	}
	parts := strings.SplitN(s, ":", len(p.parts))
	if len(parts) != len(p.parts) {
		return false
	}
	for i, part := range parts {
		if !glob(p.parts[i], part) {
			return false
		}
	}
	return true
}

// glob matches * (any run) and ? (any one byte). It goes back to the last *
// alone, so its time is bounded by the product of the lengths.
func glob(pattern, s string) bool {
	star, resume := -1, 0
	p, i := 0, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			resume++
			p, i = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
