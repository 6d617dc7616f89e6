package logformat

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
)

// JavaRegexp is a Java regular expression. It is safe for use by several goroutines.
//
// Go's regexp runs it where that can express it: time grows with the length of the text only. Look-around, back-references, atomic groups and possessive quantifiers need
// an engine that backtracks; that one gives a text up after a time limit.
type JavaRegexp struct {
	root   *javaNode
	groups int
	whole  matcher // from the text's begin to its end
	prefix matcher // from the text's begin
}

// CompileJava reads expr as Pattern.compile does. What cannot be done as Java does is refused by its name and place.
func CompileJava(expr string) (*JavaRegexp, error) {
	root, groups, err := parseJava(expr)
	if err != nil {
		return nil, err
	}
	r := &JavaRegexp{root: root, groups: groups}
	if r.whole, err = newMatcher(root, `\A(?:`, `)\z`); err != nil {
		return nil, err
	}
	// what stands at a record's end may be followed by more here, so the short way to write $ is none
	r.prefix, err = newMatcher(&javaNode{op: opSequence, sub: []*javaNode{root, restOfText}}, `\A(?:`, `)`)
	return r, err
}

// restOfText takes whatever follows a prefix.
var restOfText = &javaNode{op: opRepeat, sub: []*javaNode{set(anyChars)}, max: -1, mode: lazy}

// Groups is the number of capturing groups.
func (r *JavaRegexp) Groups() int { return r.groups }

// Matches tells whether the whole of text matches. The error is a text that took too long.
func (r *JavaRegexp) Matches(text []byte) (bool, error) { return r.test(r.whole, text) }

// LookingAt tells whether a beginning of text matches. The error is a text that took too long.
func (r *JavaRegexp) LookingAt(text []byte) (bool, error) { return r.test(r.prefix, text) }

func (r *JavaRegexp) test(m matcher, text []byte) (bool, error) {
	if !utf8.Valid(text) {
		text = AppendValid(nil, text)
	}
	var array [stackSpans]span
	spans, err := m.match(array[:0], text)
	return spans != nil, err
}

// matcher is an engine with a pattern.
type matcher interface {
	// match looks for a match and appends its span and those of its groups to spans. No match is nil; the error is a text that takes too long.
	match(spans []span, text []byte) ([]span, error)
}

// newMatcher takes the linear engine if it can do the pattern, the backtracking one else.
func newMatcher(root *javaNode, before, after string) (matcher, error) {
	w := goWriter{}
	w.node(root, true)
	if w.missing == "" {
		re, err := regexp.Compile(before + w.out.String() + after)
		var bad *syntax.Error
		switch {
		case err == nil && w.asciiOnly:
			slow, err := newBacktracking(root, before, after)
			return asciiMatcher{linear{re}, slow}, err
		case err == nil:
			return linear{re}, nil
		case !errors.As(err, &bad) || bad.Code != syntax.ErrInvalidRepeatSize && bad.Code != syntax.ErrLarge && bad.Code != syntax.ErrNestingDepth:
			return nil, fmt.Errorf("compile: %w", err)
		}
	}
	return newBacktracking(root, before, after)
}

// linear is Go's regexp.
type linear struct{ re *regexp.Regexp }

func (m linear) match(spans []span, text []byte) ([]span, error) {
	at := m.re.FindSubmatchIndex(text)
	if at == nil {
		return nil, nil
	}
	for i := 0; i < len(at); i += 2 {
		spans = append(spans, span{at[i], at[i+1]})
	}
	return spans, nil
}

// asciiMatcher is for patterns that mean the same to Go only on ASCII.
type asciiMatcher struct{ ascii, any matcher }

func (m asciiMatcher) match(spans []span, text []byte) ([]span, error) {
	if isASCII(text) {
		return m.ascii.match(spans, text)
	}
	return m.any.match(spans, text)
}

// backtracking is regexp2.
type backtracking struct{ re *regexp2.Regexp }

// matchTimeout is what one text may take in the backtracking engine. A usual line takes some microseconds.
const matchTimeout = time.Second

var errMatchTimeout = fmt.Errorf("matching took longer than %s", matchTimeout)

func newBacktracking(root *javaNode, before, after string) (backtracking, error) {
	re, err := regexp2.Compile(before+backtrackingSyntax(root)+after, regexp2.None)
	if err != nil {
		return backtracking{}, fmt.Errorf("compile: %w", err)
	}
	re.MatchTimeout = matchTimeout
	return backtracking{re}, nil
}

func (m backtracking) match(spans []span, text []byte) ([]span, error) {
	runes := []rune(string(text))
	found, err := m.re.FindRunesMatch(runes)
	if err != nil {
		return nil, errMatchTimeout // the only error there is
	}
	if found == nil {
		return nil, nil
	}
	var place byteCounter
	if !isASCII(text) {
		place = newByteCounter(runes)
	}
	for _, group := range found.Groups() {
		s := noSpan
		if len(group.Captures) > 0 {
			s = span{place.at(group.Index), place.at(group.Index + group.Length)}
		}
		spans = append(spans, s)
	}
	return spans, nil
}

// byteCounter says where each character begins. Nil is for ASCII.
type byteCounter []int

func newByteCounter(runes []rune) byteCounter {
	c := make(byteCounter, 0, len(runes)+1)
	n := 0
	for _, r := range runes {
		c = append(c, n)
		n += utf8.RuneLen(r)
	}
	return append(c, n)
}

func (c byteCounter) at(i int) int {
	if c == nil {
		return i
	}
	return c[i]
}
