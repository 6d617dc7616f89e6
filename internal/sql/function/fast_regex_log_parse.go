package function

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/millrace/millrace/internal/sql/types"
)

// fastRegexLogParse is FAST_REGEX_LOG_PARSE(s, pattern): a column for each part of the pattern in parentheses. The pattern is cut
// into searches that run one behind the other, each as short as it can be, none taken back; together they must take the whole
// text.
//
//	(.*)_(._.*)_.*     searches   (.*)_(._     .*)_     .*
//
// A search begins with what may have several lengths and ends with what has one, which it looks for. One without such an end takes
// as much as it can.
func fastRegexLogParse(args []Arg) (Resolved, []types.Column, error) {
	if err := count(args, 2, 2); err != nil {
		return Resolved{}, nil, err
	}
	if err := want(args, 0, types.Kind.IsText, "a text"); err != nil {
		return Resolved{}, nil, err
	}
	expr, err := constantText(args, 1, "a pattern")
	if err != nil {
		return Resolved{}, nil, err
	}
	f, err := compileFast(expr)
	if err != nil {
		return Resolved{}, nil, fmt.Errorf("pattern '%s': %w", types.Cut(expr, 80), err)
	}
	if f.groups == 0 {
		return Resolved{}, nil, fmt.Errorf("the pattern has no part in parentheses, and so no column")
	}
	fields, err := logColumns(f.groups)
	if err != nil {
		return Resolved{}, nil, err
	}
	kernel := func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		spans := make([]int, 2*f.groups)
		parseKernel(func(w *rowWriter, s string) (bool, error) {
			if !f.match(spans, s) {
				return false, nil
			}
			for i := range f.groups {
				if err := w.text(s[spans[2*i]:spans[2*i+1]], logType()); err != nil {
					return false, err
				}
			}
			return true, nil
		})(e, sel, args, out)
	}
	return Resolved{Args: textTypes(args), Kernel: kernel}, fields, nil
}

// fastRegex is a pattern cut into searches.
type fastRegex struct {
	groups   int
	searches []fastSearch
}

// fastSearch is one search. marks are the spans that its empty groups stand for: 2i where group i begins, 2i+1 where it ends.
type fastSearch struct {
	re    *regexp.Regexp
	marks []int
	// plain searches are any text up to a literal one. places says where the marks are: -1 before the former, else as many bytes
	// behind the beginning of the latter.
	plain   bool
	literal string
	places  []int
}

// match runs the searches and sets begin and end of each group.
func (f *fastRegex) match(spans []int, s string) bool {
	at := 0
	for i := range f.searches {
		n := f.searches[i].run(spans, s, at, i == len(f.searches)-1)
		if n < 0 {
			return false
		}
		at = n
	}
	return at == len(s)
}

// run searches from a place on, sets the spans of the marks and returns where what it found ends, or -1.
func (s *fastSearch) run(spans []int, text string, at int, last bool) int {
	if !s.plain {
		found := s.re.FindStringSubmatchIndex(text[at:])
		if found == nil {
			return -1
		}
		for k, mark := range s.marks {
			spans[mark] = at + found[2*k+2]
		}
		return at + found[1]
	}
	literal := strings.Index(text[at:], s.literal)
	if last {
		literal = len(text) - at - len(s.literal)
	}
	if literal < 0 || last && !strings.HasSuffix(text, s.literal) {
		return -1
	}
	for k, mark := range s.marks {
		spans[mark] = at
		if s.places[k] >= 0 {
			spans[mark] += literal + s.places[k]
		}
	}
	return at + literal + len(s.literal)
}

// fastPart is an element of a pattern as Go's regexp has it: a mark, or what matches something; fixed when that has one length, and
// literal when it is a text.
type fastPart struct {
	mark    int
	text    string
	fixed   bool
	literal string
}

// compileFast cuts a pattern into its searches.
func compileFast(expr string) (*fastRegex, error) {
	p := &fastParser{rest: expr}
	parts, err := p.pattern()
	if err != nil {
		return nil, err
	}
	f := &fastRegex{groups: p.groups}
	for len(parts) > 0 {
		n := fastLength(parts)
		search, err := newFastSearch(parts[:n], n == len(parts))
		if err != nil {
			return nil, err
		}
		f.searches = append(f.searches, search)
		parts = parts[n:]
	}
	return f, nil
}

// fastLength is how many parts the first search has: up to the next part of several lengths behind the first such part. A mark
// before that one belongs to it.
func fastLength(parts []fastPart) int {
	seen := false
	end := 0
	for i, p := range parts {
		switch {
		case p.text == "":
			continue
		case p.fixed:
		case seen:
			return end
		default:
			seen = true
		}
		end = i + 1
	}
	return len(parts)
}

func newFastSearch(parts []fastPart, last bool) (fastSearch, error) {
	s := fastSearch{}
	delimited := false
	for _, p := range parts {
		delimited = delimited || p.text != "" && p.fixed
	}
	expr := `(?s)\A(?:`
	if delimited && !last {
		expr = `(?sU)\A(?:`
	}
	for _, p := range parts {
		if p.text == "" {
			s.marks = append(s.marks, p.mark)
			expr += "()"
			continue
		}
		expr += p.text
	}
	expr += ")"
	if last {
		expr += `\z`
	}
	s.plainText(parts, last)
	var err error
	s.re, err = regexp.Compile(expr)
	return s, err
}

// plainText recognizes a search for any text up to a literal one, or up to the end, which needs no regular expression.
func (s *fastSearch) plainText(parts []fastPart, last bool) {
	any := false
	for _, p := range parts {
		switch {
		case p.text == "" && any:
			s.places = append(s.places, len(s.literal))
		case p.text == "":
			s.places = append(s.places, -1)
		case (p.text == ".*" || p.text == anyText) && !any:
			any = true
		case p.literal != "" && any:
			s.literal += p.literal
		default:
			return
		}
	}
	s.plain = any && (s.literal != "" || last)
}
