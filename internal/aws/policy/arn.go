package policy

import "strings"

// arnParts of arn:partition:service:region:account:resource; the last one may
// hold colons.
const arnParts = 6

// arnPattern matches ARNs part by part, so that a wildcard in the region
// cannot reach over a colon into the account.
type arnPattern struct {
	everything bool // the pattern "*", which also matches what is no ARN
	parts      [arnParts]glob
}

// isARN tells whether a pattern has the parts of an ARN, or is "*".
func isARN(pattern string) bool {
	return pattern == "*" || strings.HasPrefix(pattern, "arn:") && strings.Count(pattern, ":") >= arnParts-1
}

// compileARN reads a pattern for which isARN holds.
func compileARN(pattern string, variables bool) (p arnPattern, err error) {
	if pattern == "*" {
		return arnPattern{everything: true}, nil
	}
	for i, text := range strings.SplitN(pattern, ":", arnParts) {
		if p.parts[i], err = compileGlob(text, variables); err != nil {
			return p, err
		}
	}
	return p, nil
}

func (p *arnPattern) match(arn string) bool {
	if p.everything {
		return true
	}
	for i, g := range p.parts {
		part, rest, more := arn, "", false
		if i < arnParts-1 {
			part, rest, more = strings.Cut(arn, ":")
			if !more {
				return false
			}
		}
		if !g.match(part) {
			return false
		}
		arn = rest
	}
	return true
}
