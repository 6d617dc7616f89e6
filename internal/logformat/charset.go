package logformat

import (
	"slices"
	"unicode"
)

// charset is a set of characters: ranges in ascending order with gaps between them.
type charset []runeRange

type runeRange struct{ lo, hi rune }

func chars(runes ...rune) charset {
	var s charset
	for _, r := range runes {
		s = append(s, runeRange{r, r})
	}
	return s.normal()
}

func (s charset) normal() charset {
	s = slices.Clone(s)
	slices.SortFunc(s, func(a, b runeRange) int { return int(a.lo - b.lo) })
	out := s[:0]
	for _, r := range s {
		if n := len(out); n > 0 && r.lo <= out[n-1].hi+1 {
			out[n-1].hi = max(out[n-1].hi, r.hi)
			continue
		}
		out = append(out, r)
	}
	return out
}

func (s charset) union(t charset) charset { return slices.Concat(s, t).normal() }

func (s charset) not() charset {
	var out charset
	next := rune(0)
	for _, r := range s {
		if r.lo > next {
			out = append(out, runeRange{next, r.lo - 1})
		}
		next = r.hi + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, runeRange{next, unicode.MaxRune})
	}
	return out
}

func (s charset) and(t charset) charset { return s.not().union(t.not()).not() }

func (s charset) has(r rune) bool {
	for _, x := range s {
		if r <= x.hi {
			return r >= x.lo
		}
	}
	return false
}

// single is the only character of the set.
func (s charset) single() (r rune, ok bool) {
	if len(s) != 1 || s[0].lo != s[0].hi {
		return 0, false
	}
	return s[0].lo, true
}

// foldASCII adds the other case of each ASCII letter, as (?i) does in Java.
func (s charset) foldASCII() charset {
	out := s
	for c := 'a'; c <= 'z'; c++ {
		upper := c - 'a' + 'A'
		if s.has(c) != s.has(upper) {
			out = append(slices.Clone(out), runeRange{c, c}, runeRange{upper, upper})
		}
	}
	return out.normal()
}

// ofTable is the set of a table of package unicode.
func ofTable(table *unicode.RangeTable) charset {
	var s charset
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			s = append(s, runeRange{lo, hi})
			return
		}
		for r := lo; r <= hi; r += stride {
			s = append(s, runeRange{r, r})
		}
	}
	for _, r := range table.R16 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	for _, r := range table.R32 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	return s.normal()
}

// The sets that Java's escapes stand for; they are ASCII unless noted.
var (
	digitChars      = charset{{'0', '9'}}
	wordChars       = charset{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}
	spaceChars      = charset{{'\t', '\r'}, {' ', ' '}}
	horizontalChars = charset{{'\t', '\t'}, {' ', ' '}, {0xA0, 0xA0}, {0x1680, 0x1680}, {0x180e, 0x180e}, {0x2000, 0x200a}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}}
	verticalChars   = charset{{'\n', '\r'}, {0x85, 0x85}, {0x2028, 0x2029}}
	terminatorChars = charset{{'\n', '\n'}, {'\r', '\r'}, {0x85, 0x85}, {0x2028, 0x2029}}
	anyChars        = charset{{0, unicode.MaxRune}}

	posixChars = map[string]charset{
		"Lower": {{'a', 'z'}}, "Upper": {{'A', 'Z'}}, "ASCII": {{0, 0x7f}}, "Alpha": {{'A', 'Z'}, {'a', 'z'}}, "Digit": digitChars,
		"Alnum": {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}, "Punct": {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}, "Graph": {{'!', '~'}}, "Print": {{' ', '~'}},
		"Blank": {{'\t', '\t'}, {' ', ' '}}, "Cntrl": {{0, 0x1f}, {0x7f, 0x7f}}, "XDigit": {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}, "Space": spaceChars,
	}
)

// namedChars is the set of \p{name}: POSIX names, general categories, scripts. Blocks and Java's own properties are not known.
func namedChars(name string) (charset, bool) {
	if s, ok := posixChars[name]; ok {
		return s, true
	}
	bare := name
	if len(name) > 2 && name[:2] == "Is" {
		bare = name[2:]
	}
	if table, ok := unicode.Categories[bare]; ok {
		return ofTable(table), true
	}
	if table, ok := unicode.Scripts[bare]; ok && bare != name {
		return ofTable(table), true
	}
	if name == "IsAlphabetic" {
		return ofTable(unicode.Letter).union(ofTable(unicode.Nl)).union(ofTable(unicode.Other_Alphabetic)), true
	}
	return nil, false
}
