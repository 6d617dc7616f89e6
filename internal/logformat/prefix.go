package logformat

import (
	"regexp"
	"strings"
)

// prefixFinder says how far into a line that does not match a pattern comes, taking at each step the first way that fits, as one would with a finger on the line.
type prefixFinder struct{ re *regexp.Regexp }

const maxPrefixUnits = 100

// newPrefixFinder nests the pattern's pieces, each with what follows it optional: a(?:b(?:c)?)?. A piece ends with something that takes a fixed character; what Go's regexp
// cannot express ends the whole.
func newPrefixFinder(root *javaNode) *prefixFinder {
	var out strings.Builder
	out.WriteString(`\A`)
	units := 0
	unit := goWriter{}
	for _, n := range flatten(nil, root) {
		if unit.node(n, false); unit.missing != "" {
			break
		}
		if n.op != opSet {
			continue
		}
		out.WriteString("(?:" + unit.out.String())
		unit = goWriter{}
		if units++; units == maxPrefixUnits {
			break
		}
	}
	out.WriteString(strings.Repeat(")?", units))
	re, err := regexp.Compile(out.String())
	if err != nil { // too large
		return &prefixFinder{}
	}
	return &prefixFinder{re}
}

// flatten lists the pieces of nested sequences and groups.
func flatten(out []*javaNode, n *javaNode) []*javaNode {
	switch n.op {
	case opSequence:
		for _, sub := range n.sub {
			out = flatten(out, sub)
		}
	case opCapture:
		return flatten(out, n.sub[0])
	default:
		out = append(out, n)
	}
	return out
}

func (f *prefixFinder) mismatch(line []byte) *Mismatch {
	m := &Mismatch{Expected: "what matchPattern wants"}
	if f.re != nil {
		if at := f.re.FindIndex(line); at != nil {
			m.Pos = at[1]
		}
	}
	return m
}
