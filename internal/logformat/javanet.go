package logformat

import (
	"fmt"
	"strings"
)

// backtrackingSyntax writes the pattern for regexp2, whose language is .NET's. Where the two differ the pattern is spelled out: classes are explicit ranges, so neither
// Unicode digits nor class subtraction come in; groups have no names, since .NET counts named ones last; line ends and word boundaries are looks around.
func backtrackingSyntax(n *javaNode) string {
	var out strings.Builder
	netNode(&out, n)
	return out.String()
}

func netEscape(r rune) string {
	if r > 0xFFFF {
		return string(r)
	}
	return fmt.Sprintf(`\u%04X`, r)
}

func netClass(s charset) string {
	var out strings.Builder
	writeClass(&out, s, netEscape, "(?!)")
	return out.String()
}

// What a word's last and first character are to \b up to JDK 18: a letter or digit of any script, '_', or a mark on a letter or digit.
const (
	netWordBefore = `[\p{L}\p{Nd}_]|[\p{L}\p{Nd}]\p{Mn}+`
	netWordBehind = `[\p{L}\p{Nd}_]|(?<=[\p{L}\p{Nd}]\p{Mn}*)\p{Mn}`
)

func netNode(out *strings.Builder, n *javaNode) {
	group := func(open string) {
		out.WriteString(open)
		netNode(out, n.sub[0])
		out.WriteByte(')')
	}
	switch n.op {
	case opSequence:
		for _, sub := range n.sub {
			netNode(out, sub)
		}
	case opAlternate:
		out.WriteString("(?:")
		for i, sub := range n.sub {
			if i > 0 {
				out.WriteByte('|')
			}
			netNode(out, sub)
		}
		out.WriteByte(')')
	case opSet:
		out.WriteString(netClass(n.set))
	case opCapture:
		group("(")
	case opAtomic:
		group("(?>")
	case opLook:
		group("(?" + map[bool]string{true: "<"}[n.behind] + map[bool]string{false: "=", true: "!"}[n.negative])
	case opRepeat:
		if n.mode == possessive {
			out.WriteString("(?>")
		}
		group("(?:")
		out.WriteString(quantifier(n))
		if n.mode == possessive {
			out.WriteByte(')')
		}
	case opBackref:
		fmt.Fprintf(out, `(?:\%d)`, n.group)
	case opTextBegin:
		out.WriteString(`\A`)
	case opTextEnd:
		out.WriteString(`\z`)
	case opBegin:
		out.WriteString(netBegin(n))
	case opEnd, opLastLineEnd:
		out.WriteString(netEnd(n))
	case opWordBoundary:
		out.WriteString(netWordBoundary(n.negative))
	}
}

func netWordBoundary(negative bool) string {
	word, none := "(?<="+netWordBefore+")", "(?<!"+netWordBefore+")"
	wordNext, noneNext := "(?="+netWordBehind+")", "(?!"+netWordBehind+")"
	if negative {
		return "(?:" + word + wordNext + "|" + none + noneNext + ")"
	}
	return "(?:" + word + noneNext + "|" + none + wordNext + ")"
}

func netBegin(n *javaNode) string {
	switch {
	case !n.lines:
		return `\A`
	case n.unix:
		return `(?:\A|(?<=\n))(?!\z)`
	}
	return `(?:\A|(?<=[\n\u0085\u2028\u2029])|(?<=\r)(?!\n))(?!\z)`
}

// netEnd is before the end or before the last line terminator, under (?m) before any; never between \r and \n.
func netEnd(n *javaNode) string {
	switch {
	case n.lines && n.unix:
		return `(?=\n|\z)`
	case n.lines:
		return `(?=\z|(?<!\r)\n|[\r\u0085\u2028\u2029])`
	case n.unix:
		return `(?=\n?\z)`
	}
	return `(?=\z|\r\n\z|(?<!\r)\n\z|[\r\u0085\u2028\u2029]\z)`
}
