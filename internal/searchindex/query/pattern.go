package query

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// Pattern matches strings by their beginning, by a pattern with ? and *, or by a regular expression: the whole value of
// a keyword, one word of a text.
type Pattern struct {
	Field           string
	Kind            string // prefix, wildcard, regexp
	Text            string
	CaseInsensitive bool
	analyzed        bool // typed as text: in lower case for a text field, as its words are, and nothing for a number
}

func (Pattern) Score() float64 { return 1 }

func (q Pattern) Compile(x *Index) (Matcher, *wire.Error) {
	f := x.Mapping.Field(q.Field)
	switch {
	case q.Field == "_index":
		holds, err := q.predicate()
		if err != nil || !holds(x.Name) {
			return none{}, err
		}
		return all{}, nil
	case f == nil, q.analyzed && f.Type.Class() != mapping.Strings:
		return none{}, nil
	case f.Type.Class() != mapping.Strings:
		e := wire.Errorf("query_shard_exception", "Can only use %s queries on keyword and text fields - not on [%s] which is of type [%s]", q.Kind, q.Field, f.Type)
		e.Extra = wire.Object{{Name: "index", Value: x.Name}, {Name: "index_uuid", Value: x.UUID}}
		return nil, e
	}
	if q.analyzed && f.Type == mapping.Text {
		q.Text = strings.ToLower(q.Text)
	}
	holds, err := q.predicate()
	if err != nil {
		return nil, err
	}
	return stringsIn(f, holds), nil
}

func (q Pattern) predicate() (func(string) bool, *wire.Error) {
	text, fold := q.Text, func(s string) string { return s }
	if q.CaseInsensitive && q.Kind != "regexp" {
		text, fold = strings.ToLower(text), strings.ToLower
	}
	switch q.Kind {
	case "prefix":
		return func(s string) bool { return strings.HasPrefix(fold(s), text) }, nil
	case "wildcard":
		w := parseWildcard(text)
		return func(s string) bool { return w.match(fold(s)) }, nil
	}
	re, err := compileRegexp(q.Text, q.CaseInsensitive)
	if err != nil {
		return nil, err
	}
	return re.MatchString, nil
}

// wildcard is a pattern cut at its asterisks; in a part, anyRune stands for one character.
type wildcard [][]rune

const anyRune = -1

// parseWildcard reads * and ?; a backslash takes the next character as it is.
func parseWildcard(text string) wildcard {
	w := wildcard{nil}
	escaped := false
	for _, r := range text {
		last := len(w) - 1
		switch {
		case escaped:
			w[last], escaped = append(w[last], r), false
		case r == '\\':
			escaped = true
		case r == '*':
			w = append(w, nil)
		case r == '?':
			w[last] = append(w[last], anyRune)
		default:
			w[last] = append(w[last], r)
		}
	}
	return w
}

func (w wildcard) match(s string) bool {
	rest, ok := cutPart(s, w[0])
	if !ok || len(w) == 1 {
		return ok && rest == ""
	}
	for _, part := range w[1 : len(w)-1] {
		for {
			after, ok := cutPart(rest, part)
			if ok {
				rest = after
				break
			}
			if rest == "" {
				return false
			}
			_, n := utf8.DecodeRuneInString(rest)
			rest = rest[n:]
		}
	}
	last := w[len(w)-1]
	skip := utf8.RuneCountInString(rest) - len(last)
	for ; skip > 0; skip-- {
		_, n := utf8.DecodeRuneInString(rest)
		rest = rest[n:]
	}
	after, ok := cutPart(rest, last)
	return ok && after == ""
}

// cutPart takes a part from the beginning of a string.
func cutPart(s string, part []rune) (rest string, ok bool) {
	for _, want := range part {
		r, n := utf8.DecodeRuneInString(s)
		if n == 0 || want != anyRune && r != want {
			return s, false
		}
		s = s[n:]
	}
	return s, true
}

// Regexp compiles a regular expression of Lucene's kind.
func Regexp(text string) (*regexp.Regexp, *wire.Error) { return compileRegexp(text, false) }

// compileRegexp reads a regular expression of Lucene's kind, which holds for the whole string. Its operators beyond the
// common ones (~ & < > @ # and strings in quotes) are refused.
func compileRegexp(text string, fold bool) (*regexp.Regexp, *wire.Error) {
	var b strings.Builder
	escaped, class := false, false
	for _, r := range text {
		switch {
		case escaped:
			b.WriteString(regexp.QuoteMeta(string(r)))
			escaped = false
			continue
		case r == '\\':
			escaped = true
			continue
		case r == '[':
			class = true
		case r == ']':
			class = false
		case !class && strings.ContainsRune(`~&<>@#"`, r):
			return nil, wire.Unsupported("[" + string(r) + "] in the regular expression [" + text + "]")
		case !class && (r == '^' || r == '$'):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	flags := "(?s)"
	if fold {
		flags = "(?si)"
	}
	re, err := regexp.Compile(flags + "^(?:" + b.String() + ")$")
	if err != nil || escaped {
		return nil, wire.IllegalArgument("regular expression [%s] cannot be read", text)
	}
	return re, nil
}
