package logformat

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"sort"
	"strings"
)

// JavaFinder finds where a Java regular expression matches within a text, as Matcher.find does. It is safe for use by several goroutines.
type JavaFinder struct {
	groups int
	// fast is Go's regexp where that can do the pattern; slow, where it cannot: for texts beyond ASCII, for those that end with a line end, behind their begin.
	fast                      *regexp.Regexp
	slow                      *backtracking
	asciiOnly, ends, zeroWide bool
}

// CompileJavaFinder reads expr as Pattern.compile does.
func CompileJavaFinder(expr string) (*JavaFinder, error) {
	root, groups, err := parseJava(expr)
	if err != nil {
		return nil, err
	}
	f := &JavaFinder{groups: groups, ends: hasEnd(root), zeroWide: hasZeroWidth(root)}
	w := goWriter{}
	w.node(root, true)
	if w.missing == "" {
		f.asciiOnly = w.asciiOnly
		var bad *syntax.Error
		f.fast, err = regexp.Compile("(?:" + w.out.String() + ")")
		if err != nil && (!errors.As(err, &bad) || bad.Code != syntax.ErrInvalidRepeatSize && bad.Code != syntax.ErrLarge && bad.Code != syntax.ErrNestingDepth) {
			return nil, err
		}
	}
	if f.fast != nil && !f.asciiOnly && !f.zeroWide {
		return f, nil
	}
	slow, err := newBacktracking(root, "(?:", ")")
	f.slow = &slow
	return f, err
}

// hasEnd tells whether $ or \Z is in a pattern, which Go's regexp knows only for texts that end without a line end.
func hasEnd(n *javaNode) bool {
	if n.op == opEnd || n.op == opLastLineEnd {
		return true
	}
	for _, sub := range n.sub {
		if hasEnd(sub) {
			return true
		}
	}
	return false
}

// Groups is the number of capturing groups.
func (f *JavaFinder) Groups() int { return f.groups }

// Find looks for the first match that begins at or behind the byte from, what stands before it being seen by \b and the like. It appends begin and end of the match
// and of each group to spans, -1 for a group that took no part. No match is nil; the error is a text that takes too long. The text must be UTF-8.
func (f *JavaFinder) Find(spans []int, text string, from int) ([]int, error) {
	if from > len(text) {
		return nil, nil
	}
	if f.fast == nil || f.asciiOnly && !isASCIIText(text) || f.ends && endsLine(text) || f.zeroWide && from > 0 {
		return f.slow.find(spans, text, from)
	}
	at := f.fast.FindStringSubmatchIndex(text[from:])
	if at == nil {
		return nil, nil
	}
	for _, i := range at {
		if i >= 0 {
			i += from
		}
		spans = append(spans, i)
	}
	return spans, nil
}

func endsLine(text string) bool {
	return strings.HasSuffix(text, "\n") || strings.HasSuffix(text, "\r") || strings.HasSuffix(text, "\u0085") ||
		strings.HasSuffix(text, "\u2028") || strings.HasSuffix(text, "\u2029")
}

func (m backtracking) find(spans []int, text string, from int) ([]int, error) {
	runes := []rune(text)
	place := newByteCounter(runes)
	found, err := m.re.FindRunesMatchStartingAt(runes, sort.SearchInts(place, from))
	if err != nil {
		return nil, errMatchTimeout
	}
	if found == nil {
		return nil, nil
	}
	for _, group := range found.Groups() {
		if len(group.Captures) == 0 {
			spans = append(spans, -1, -1)
			continue
		}
		spans = append(spans, place[group.Index], place[group.Index+group.Length])
	}
	return spans, nil
}

// MatchGroups matches the whole of a text and appends begin and end of each group to spans, -1 for one that took no part. No match is nil; the error is a text that
// takes too long. The text must be UTF-8.
func (r *JavaRegexp) MatchGroups(spans []int, text string) ([]int, error) {
	if m, ok := r.whole.(linear); ok {
		at := m.re.FindStringSubmatchIndex(text)
		if at == nil {
			return nil, nil
		}
		return append(spans, at[2:]...), nil
	}
	var array [stackSpans]span
	all, err := r.whole.match(array[:0], []byte(text))
	if err != nil || all == nil {
		return nil, err
	}
	for _, s := range all[1:] {
		spans = append(spans, s.start, s.end)
	}
	return spans, nil
}

func isASCIIText(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}
