package logformat

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// program is a matchPattern made of texts and runs of characters, one behind the other, as those for access logs are:
//
//	(\S+) \[(.+?)\] "(.*?)" (\d{3})$
//
// Where what follows a run cannot be part of it, the run ends at one place only. Where it can, as behind a lazy dot, the program takes the first end from which
// the next characters fit: that is what the regular expression tries first too, so a line that passes has passed as the expression would have it. A line that does not
// may still match with a later end, unless all runs were of the first kind.
type program struct {
	steps   []step
	groups  int
	onePass bool // no way but the first through any line
	ascii   bool // steps are right on ASCII lines only
	dots    bool // some step has a dot
}

type step struct {
	op       stepOp
	group    int    // of stepOpen, stepClose
	text     []byte // of stepText
	set      *byteSet
	min, max int // characters; max < 0 is without end
	next     lookahead
	expected string
}

type stepOp uint8

const (
	stepOpen      stepOp = iota // a group begins
	stepClose                   // a group ends
	stepText                    // these bytes
	stepRun                     // as many characters of the set as there are
	stepShortest                // characters of the set up to the first place where the lookahead fits
	stepLongest                 // characters of the set up to the last such place
	stepLineAtEnd               // the line is over
)

// lookahead is what surely stands behind a run: bytes, then a character of each set, then perhaps the end of the line.
type lookahead struct {
	text []byte
	sets []*byteSet
	end  bool
}

const maxLookaheadSets = 8

// byteSet is a set of characters as a set of bytes. Of characters beyond ASCII it has all (but the three line terminators if it is a dot) or none.
type byteSet struct {
	has   [256]bool
	dot   bool
	until int // the one ASCII byte that is not in the set, -1 if there are others
}

// newByteSet answers exact = false if the set distinguishes characters beyond ASCII.
func newByteSet(s charset) (set *byteSet, exact bool) {
	set = &byteSet{until: -1}
	beyond := s.and(charset{{utf8.RuneSelf, '\U0010FFFF'}})
	set.dot = equalSets(s, terminatorChars.not())
	all := set.dot || equalSets(beyond, charset{{utf8.RuneSelf, '\U0010FFFF'}})
	missing := 0
	for c := range set.has {
		if set.has[c] = c < utf8.RuneSelf && s.has(rune(c)) || c >= utf8.RuneSelf && all; !set.has[c] {
			missing++
			set.until = c
		}
	}
	if missing != 1 {
		set.until = -1
	}
	return set, all || len(beyond) == 0
}

func equalSets(a, b charset) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// item is a run of the pattern, or a mark where a group begins or ends.
type item struct {
	mark     stepOp // stepOpen or stepClose; stepRun for a run
	group    int
	set      charset
	min, max int
	mode     repeatMode
}

// compileProgram returns nil for patterns of another kind.
func compileProgram(root *javaNode, groups int) *program {
	items, ok := programItems(nil, trimAnchors(root))
	if !ok {
		return nil
	}
	p := &program{groups: groups, onePass: true}
	inside := 0
	for i, it := range items {
		switch {
		case it.mark != stepRun:
			if inside = it.group; it.mark == stepClose {
				inside = 0
			}
			p.steps = append(p.steps, step{op: it.mark, group: it.group})
		default:
			if !p.add(it, items[i+1:], inside) {
				return nil
			}
		}
	}
	p.steps = append(p.steps, step{op: stepLineAtEnd, expected: "the end of the line"})
	return p
}

// trimAnchors takes away what a match of the whole line has anyway.
func trimAnchors(root *javaNode) *javaNode {
	if root.op != opSequence {
		return root
	}
	sub := root.sub
	for len(sub) > 0 && (sub[0].op == opTextBegin || sub[0].op == opBegin && !sub[0].lines) {
		sub = sub[1:]
	}
	for n := len(sub); n > 0 && (sub[n-1].op == opTextEnd || sub[n-1].op == opLastLineEnd || sub[n-1].op == opEnd && !sub[n-1].lines); n-- {
		sub = sub[:n-1]
	}
	return &javaNode{op: opSequence, sub: sub}
}

func programItems(items []item, n *javaNode) (_ []item, ok bool) {
	switch n.op {
	case opSequence:
		for _, sub := range n.sub {
			if items, ok = programItems(items, sub); !ok {
				return nil, false
			}
		}
		return items, true
	case opCapture:
		if items, ok = programItems(append(items, item{mark: stepOpen, group: n.group}), n.sub[0]); !ok {
			return nil, false
		}
		return append(items, item{mark: stepClose, group: n.group}), true
	case opSet:
		return append(items, item{mark: stepRun, set: n.set, min: 1, max: 1}), true
	case opRepeat:
		if n.sub[0].op == opSet {
			return append(items, item{mark: stepRun, set: n.sub[0].set, min: n.min, max: n.max, mode: n.mode}), true
		}
	}
	return nil, false
}

// add writes the step of a run that rest follows.
func (p *program) add(it item, rest []item, inside int) bool {
	set, exact := newByteSet(it.set)
	counted := it.max >= 0 || it.min > 1
	if r, ok := it.set.single(); ok && it.min == 1 && it.max == 1 {
		p.addText(r)
		return true
	}
	if !exact || counted && set.has[utf8.RuneSelf] {
		p.ascii = true
	}
	p.dots = p.dots || set.dot
	s := step{op: stepRun, set: set, min: it.min, max: it.max, expected: expectedRun(it, inside)}
	if follows := firstOf(rest); it.min != it.max && len(it.set.and(follows)) > 0 {
		switch it.mode {
		case possessive:
			return false
		case lazy:
			s.op = stepShortest
		case greedy:
			s.op = stepLongest
		}
		s.next = lookaheadOf(rest)
		if len(s.next.text) > 0 {
			s.expected += fmt.Sprintf(" before %q", s.next.text)
		} else if len(s.next.sets) == 0 {
			p.ascii = true // it could end inside of a character
		}
		p.onePass = false
	}
	p.steps = append(p.steps, s)
	return true
}

func (p *program) addText(r rune) {
	text := utf8.AppendRune(nil, r)
	if n := len(p.steps); n > 0 && p.steps[n-1].op == stepText {
		text = append(p.steps[n-1].text, text...)
		p.steps = p.steps[:n-1]
	}
	p.steps = append(p.steps, step{op: stepText, text: text, expected: fmt.Sprintf("%q", text)})
}

func expectedRun(it item, inside int) string {
	var class strings.Builder
	writeClass(&class, it.set, func(r rune) string {
		if r > ' ' && r < 0x7f {
			return string(r)
		}
		return strings.Trim(fmt.Sprintf("%q", r), "'")
	}, "nothing")
	text := class.String() + map[bool]string{false: quantifier(&javaNode{op: opRepeat, min: it.min, max: it.max, mode: it.mode})}[it.min == 1 && it.max == 1]
	if it.set.has(0x1F600) && !it.set.has('\r') {
		text = strings.Replace(text, class.String(), ".", 1)
	}
	if inside > 0 {
		text += fmt.Sprintf(" for group %d", inside)
	}
	return text
}

// firstOf is the set of the characters that can stand at the beginning of items.
func firstOf(items []item) charset {
	var s charset
	for _, it := range items {
		if it.mark != stepRun {
			continue
		}
		if s = s.union(it.set); it.min > 0 {
			break
		}
	}
	return s
}

func lookaheadOf(rest []item) lookahead {
	var next lookahead
	for _, it := range rest {
		if it.mark != stepRun {
			continue
		}
		set, exact := newByteSet(it.set)
		for range it.min {
			r, single := it.set.single()
			switch {
			case single && len(next.sets) == 0:
				next.text = utf8.AppendRune(next.text, r)
			case len(next.sets) == maxLookaheadSets || !exact || set.has[utf8.RuneSelf]:
				return next // a character beyond ASCII has several bytes
			default:
				next.sets = append(next.sets, set)
			}
		}
		if it.min != it.max {
			return next
		}
	}
	next.end = true
	return next
}
