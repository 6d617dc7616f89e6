package function

import (
	"fmt"
	"strings"
)

// class takes a class of characters, of which [ has been read.
//
//	class = "[" [ "^" ] members [ "^" members ] "]"
//
// What stands behind a second ^ is taken away from what stands before it. Go's regexp has no such difference, so both sets of
// characters are computed.
func (w *similarWriter) class() error {
	negated := strings.HasPrefix(w.rest, "^")
	if negated {
		w.rest = w.rest[1:]
	}
	in, err := w.members(!negated)
	if err != nil {
		return err
	}
	if strings.HasPrefix(w.rest, "^") {
		w.rest = w.rest[1:]
		without, err := w.members(false)
		if err != nil {
			return err
		}
		in = in.minus(without)
	}
	w.rest = w.rest[1:]
	in.write(&w.out, negated)
	return nil
}

// members reads up to ], or up to ^ where that may stand, and leaves it there.
func (w *similarWriter) members(caret bool) (runeSet, error) {
	var set runeSet
	for {
		switch {
		case w.rest == "":
			return nil, fmt.Errorf("pattern '%s': [ is not closed", w.pattern)
		case w.rest[0] == ']' || caret && w.rest[0] == '^' && len(set) > 0:
			if len(set) == 0 {
				return nil, fmt.Errorf("pattern '%s': a class is empty", w.pattern)
			}
			return set, nil
		case strings.HasPrefix(w.rest, "[:"):
			name, rest, ok := strings.Cut(w.rest[2:], ":]")
			class := namedClass(name)
			if !ok || class == nil {
				return nil, fmt.Errorf("pattern '%s': there is no class [:%s:]", w.pattern, name)
			}
			set, w.rest = append(set, class...), rest
			continue
		}
		lo, err := w.member()
		if err != nil {
			return nil, err
		}
		hi := lo
		if strings.HasPrefix(w.rest, "-") && !strings.HasPrefix(w.rest, "-]") {
			w.rest = w.rest[1:]
			if hi, err = w.member(); err != nil {
				return nil, err
			}
			if hi < lo {
				return nil, fmt.Errorf("pattern '%s': range %c-%c runs backwards", w.pattern, lo, hi)
			}
		}
		set = append(set, runeRange{lo, hi})
	}
}

// member is one character of a class.
func (w *similarWriter) member() (rune, error) {
	if w.rest == "" {
		return 0, fmt.Errorf("pattern '%s': [ is not closed", w.pattern)
	}
	r := w.next()
	switch {
	case r == w.escape:
		if w.rest == "" {
			return 0, fmt.Errorf("pattern '%s' ends with its escape character", w.pattern)
		}
		return w.next(), nil
	case strings.ContainsRune("[()^", r):
		return 0, fmt.Errorf("pattern '%s': %c stands in a class only behind an escape character", w.pattern, r)
	}
	return r, nil
}

func namedClass(name string) runeSet {
	switch strings.ToUpper(name) {
	case "ALPHA":
		return runeSet{{'A', 'Z'}, {'a', 'z'}}
	case "UPPER":
		return runeSet{{'A', 'Z'}}
	case "LOWER":
		return runeSet{{'a', 'z'}}
	case "DIGIT":
		return runeSet{{'0', '9'}}
	case "ALNUM":
		return runeSet{{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}
	case "SPACE":
		return runeSet{{' ', ' '}}
	case "WHITESPACE":
		return runeSet{{'\t', '\r'}, {' ', ' '}, {0x85, 0x85}, {0xa0, 0xa0}}
	}
	return nil
}

type runeRange struct{ lo, hi rune }

type runeSet []runeRange

// minus takes away what is in another set.
func (s runeSet) minus(other runeSet) runeSet {
	for _, cut := range other {
		var left runeSet
		for _, r := range s {
			if cut.hi < r.lo || cut.lo > r.hi {
				left = append(left, r)
				continue
			}
			if r.lo < cut.lo {
				left = append(left, runeRange{r.lo, cut.lo - 1})
			}
			if r.hi > cut.hi {
				left = append(left, runeRange{cut.hi + 1, r.hi})
			}
		}
		s = left
	}
	return s
}

// write writes the set as a class of Go's regexp. An empty one matches nothing.
func (s runeSet) write(out *strings.Builder, negated bool) {
	if len(s) == 0 {
		out.WriteString(`[^\x{0}-\x{10FFFF}]`)
		return
	}
	out.WriteByte('[')
	if negated {
		out.WriteByte('^')
	}
	for _, r := range s {
		fmt.Fprintf(out, `\x{%X}-\x{%X}`, r.lo, r.hi)
	}
	out.WriteByte(']')
}
