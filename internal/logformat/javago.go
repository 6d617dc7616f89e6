package logformat

import (
	"fmt"
	"strings"
)

// goSyntax writes the pattern for Go's regexp. What RE2 cannot express is an error that names it; the backtracking engine takes such patterns.
func goSyntax(n *javaNode) (string, error) {
	w := goWriter{}
	w.node(n, true)
	if w.missing != "" {
		return "", fmt.Errorf("%s is beyond regular expressions in linear time", w.missing)
	}
	return w.out.String(), nil
}

type goWriter struct {
	out       strings.Builder
	missing   string // the first thing that cannot be written
	asciiOnly bool   // only on lines of ASCII does it mean what Java means
}

const maxGoRepeat = 1000

// node writes n; last tells that nothing can be consumed behind it.
func (w *goWriter) node(n *javaNode, last bool) {
	switch n.op {
	case opSequence:
		for i, sub := range n.sub {
			w.node(sub, last && allEmpty(n.sub[i+1:]))
		}
	case opAlternate:
		w.out.WriteString("(?:")
		for i, sub := range n.sub {
			if i > 0 {
				w.out.WriteByte('|')
			}
			w.node(sub, last)
		}
		w.out.WriteByte(')')
	case opSet:
		writeClass(&w.out, n.set, func(r rune) string { return fmt.Sprintf(`\x{%X}`, r) }, `[^\x{0}-\x{10FFFF}]`)
	case opCapture:
		w.out.WriteByte('(')
		w.node(n.sub[0], last)
		w.out.WriteByte(')')
	case opRepeat:
		w.repeat(n)
	case opBegin:
		if n.lines {
			w.cannot("^ under (?m)")
		}
		w.out.WriteString(`\A`)
	case opEnd, opLastLineEnd:
		if n.lines || !last {
			w.cannot("$ before the end")
		}
		w.out.WriteString(`\z`)
	case opTextBegin:
		w.out.WriteString(`\A`)
	case opTextEnd:
		w.out.WriteString(`\z`)
	case opWordBoundary:
		w.asciiOnly = true
		w.out.WriteString(map[bool]string{false: `\b`, true: `\B`}[n.negative])
	case opAtomic:
		w.cannot("atomic group")
	case opLook:
		w.cannot(map[bool]string{false: "lookahead", true: "lookbehind"}[n.behind])
	case opBackref:
		w.cannot("back-reference")
	}
}

func (w *goWriter) cannot(what string) {
	if w.missing == "" {
		w.missing = what
	}
}

func (w *goWriter) repeat(n *javaNode) {
	switch {
	case n.mode == possessive:
		w.cannot("possessive quantifier")
	case n.min > maxGoRepeat || n.max > maxGoRepeat:
		w.cannot("repetition of more than 1000 times")
	case canBeEmpty(n.sub[0]) && n.max != 1:
		w.cannot("repetition of what can be empty") // engines differ in what the groups of an empty round hold
	}
	w.out.WriteString("(?:")
	w.node(n.sub[0], false)
	w.out.WriteByte(')')
	w.out.WriteString(quantifier(n))
}

// quantifier is the one of n in the syntax that all engines share, without a possessive's second plus.
func quantifier(n *javaNode) string {
	q := ""
	switch {
	case n.min == 0 && n.max < 0:
		q = "*"
	case n.min == 1 && n.max < 0:
		q = "+"
	case n.min == 0 && n.max == 1:
		q = "?"
	case n.max < 0:
		q = fmt.Sprintf("{%d,}", n.min)
	case n.max == n.min:
		q = fmt.Sprintf("{%d}", n.min)
	default:
		q = fmt.Sprintf("{%d,%d}", n.min, n.max)
	}
	if n.mode == lazy {
		q += "?"
	}
	return q
}

// writeClass writes a set, escaping every character that is no letter or digit.
func writeClass(out *strings.Builder, s charset, escape func(rune) string, none string) {
	char := func(r rune) {
		if r < 0x80 && isAlphanumeric(byte(r)) {
			out.WriteRune(r)
			return
		}
		out.WriteString(escape(r))
	}
	if r, ok := s.single(); ok {
		char(r)
		return
	}
	if len(s) == 0 {
		out.WriteString(none)
		return
	}
	out.WriteByte('[')
	for _, r := range s {
		if char(r.lo); r.hi > r.lo {
			out.WriteByte('-')
			char(r.hi)
		}
	}
	out.WriteByte(']')
}

// allEmpty tells whether none of the pieces ever takes a character.
func allEmpty(nodes []*javaNode) bool {
	for _, n := range nodes {
		switch n.op {
		case opSet, opBackref:
			return false
		case opLook:
			continue
		}
		if !allEmpty(n.sub) && (n.op != opRepeat || n.max != 0) {
			return false
		}
	}
	return true
}

// canBeEmpty tells whether n matches without taking a character.
func canBeEmpty(n *javaNode) bool {
	switch n.op {
	case opSet:
		return false
	case opSequence:
		for _, sub := range n.sub {
			if !canBeEmpty(sub) {
				return false
			}
		}
		return true
	case opAlternate:
		for _, sub := range n.sub {
			if canBeEmpty(sub) {
				return true
			}
		}
		return false
	case opCapture, opAtomic:
		return canBeEmpty(n.sub[0])
	case opRepeat:
		return n.min == 0 || canBeEmpty(n.sub[0])
	}
	return true // anchors, looks, a reference to an empty group
}

// hasZeroWidth tells whether a match depends on characters outside of it.
func hasZeroWidth(n *javaNode) bool {
	switch n.op {
	case opBegin, opEnd, opTextBegin, opTextEnd, opLastLineEnd, opWordBoundary, opLook:
		return true
	}
	for _, sub := range n.sub {
		if hasZeroWidth(sub) {
			return true
		}
	}
	return false
}
