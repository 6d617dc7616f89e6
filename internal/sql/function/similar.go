package function

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"github.com/millrace/millrace/internal/sql/types"
)

// Similar fits x SIMILAR TO pattern [ESCAPE escape]. The pattern is a regular expression of SQL, and matches the whole text:
//
//	%  any characters      _  one character      (…)  a group      x|y  either      * + ? {n} {n,} {n,m}  repetitions
//	[abc]  [a-z]  [^abc]   one character of those, or none of them; [a-z^aeiou] of the first without the second
//	[[:ALPHA:]]            one of a class; also UPPER, LOWER, DIGIT, ALNUM, SPACE, WHITESPACE
func Similar(args []Arg) (Resolved, error) {
	p, err := newSimilar("SIMILAR TO", args)
	if err != nil {
		return Resolved{}, err
	}
	kernel := func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		p := *p
		for _, i := range sel {
			if re, ok := p.row(e, args, i); ok {
				out.Int[i] = bool64(re.MatchString(args[0].Str[i]))
			}
		}
	}
	return strict(Resolved{Args: textTypes(args), Type: types.Type{Kind: types.Boolean}, Kernel: kernel}, args), nil
}

// SubstringSimilar fits SUBSTRING(x SIMILAR pattern ESCAPE escape). Two marks, the escape character and a double quote, cut the
// pattern in three, which is looked for in the text; the result is what the middle part matches, or NULL.
func SubstringSimilar(args []Arg) (Resolved, error) {
	p, err := newSimilar("SIMILAR", args)
	if err != nil {
		return Resolved{}, err
	}
	kernel := func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		p := *p
		for _, i := range sel {
			re, ok := p.row(e, args, i)
			if !ok {
				continue
			}
			s := args[0].Str[i]
			at := re.FindStringSubmatchIndex(s)
			if at == nil {
				setNull(out, i)
				continue
			}
			out.Str[i] = s[at[2]:at[3]]
		}
	}
	t := asText(args[0].Type)
	t.Kind, t.Nullable = types.Varchar, true
	return strict(Resolved{Args: textTypes(args), Type: t, Kernel: kernel}, args), nil
}

// similar gives the compiled pattern of each row.
type similar struct {
	patterns[*regexp.Regexp]
}

func newSimilar(what string, args []Arg) (*similar, error) {
	for i, name := range []string{what, "its pattern", "ESCAPE"}[:len(args)] {
		if k := args[i].Type.Kind; k != types.Null && !k.IsText() {
			return nil, fmt.Errorf("%s needs a text, found %s", name, args[i].Type)
		}
	}
	// The escape character and the pattern are looked up as one text.
	compile := compileSimilarTo
	if what == "SIMILAR" {
		compile = compileSubstring
	}
	s := &similar{}
	s.compile = func(key string) (*regexp.Regexp, error) {
		escape, pattern, _ := strings.Cut(key, "\x00")
		return compile(pattern, escape)
	}
	escape := ""
	for i, a := range args[1:] {
		if a.Const == nil || a.Const.Null {
			return s, nil
		}
		if i == 1 {
			escape = a.Const.Str
		}
	}
	s.fixed = true
	s.pattern, s.err = compile(args[1].Const.Str, escape)
	return s, s.err
}

func (s *similar) row(e *Eval, args []*types.Vector, row int32) (*regexp.Regexp, bool) {
	if s.fixed {
		return s.pattern, true
	}
	escape := ""
	if len(args) == 3 {
		escape = args[2].Str[row]
	}
	return s.find(e, escape+"\x00"+args[1].Str[row], row)
}

func textTypes(args []Arg) []types.Type {
	all := make([]types.Type, len(args))
	for i, a := range args {
		all[i] = asText(a.Type)
	}
	return all
}

func compileSimilarTo(pattern, escape string) (*regexp.Regexp, error) {
	return compileParts(pattern, escape, 1)
}

func compileSubstring(pattern, escape string) (*regexp.Regexp, error) {
	return compileParts(pattern, escape, 3)
}

// compileParts compiles a pattern of one part, or of three of which the middle one is a group.
func compileParts(pattern, escape string, parts int) (*regexp.Regexp, error) {
	w := similarWriter{pattern: pattern, rest: pattern, escape: -1}
	if escape != "" || parts > 1 {
		if utf8.RuneCountInString(escape) != 1 {
			return nil, fmt.Errorf("ESCAPE needs one character, found '%s'", escape)
		}
		w.escape, _ = utf8.DecodeRuneInString(escape)
	}
	w.open(parts)
	for w.rest != "" {
		if err := w.step(parts); err != nil {
			return nil, err
		}
	}
	if w.part != parts {
		return nil, fmt.Errorf(`pattern '%s' has %d parts, expected %d between two marks %c"`, pattern, w.part, parts, w.escape)
	}
	if w.out.WriteByte(')'); parts == 1 {
		w.out.WriteString(`\z`)
	}
	re, err := regexp.Compile(w.out.String())
	if err != nil {
		reason := err.Error()
		if bad := (*syntax.Error)(nil); errors.As(err, &bad) {
			reason = bad.Code.String()
		}
		return nil, fmt.Errorf("pattern '%s' is no pattern of SIMILAR TO: %s", pattern, reason)
	}
	return re, nil
}

// similarWriter turns a pattern into one of Go's regexp, which takes time in proportion to the text.
type similarWriter struct {
	pattern, rest string
	escape        rune
	out           strings.Builder
	part          int
}

// open begins the first part. With three parts the first takes as little as it can, and what matches may stand anywhere in the
// text, as in AWS's sample.
func (w *similarWriter) open(parts int) {
	w.part = 1
	if parts == 1 {
		w.out.WriteString(`(?s)\A(?:`)
		return
	}
	w.out.WriteString(`(?s)(?U:`)
}

func (w *similarWriter) next() rune {
	r, size := utf8.DecodeRuneInString(w.rest)
	w.rest = w.rest[size:]
	return r
}

func (w *similarWriter) literal(r rune) { w.out.WriteString(regexp.QuoteMeta(string(r))) }

func (w *similarWriter) step(parts int) error {
	switch r := w.next(); {
	case r == w.escape:
		return w.escaped(parts)
	case r == '%':
		w.out.WriteString(".*")
	case r == '_':
		w.out.WriteByte('.')
	case r == '[':
		return w.class()
	case r == '(':
		w.out.WriteString("(?:")
	case strings.ContainsRune("|*+?)", r):
		w.out.WriteRune(r)
	case r == '{':
		return w.braces()
	case strings.ContainsRune("}]", r):
		return fmt.Errorf("pattern '%s': %c is not opened", w.pattern, r)
	default:
		w.literal(r)
	}
	return nil
}

// escaped takes the character behind the escape character, or the mark of a part.
func (w *similarWriter) escaped(parts int) error {
	if w.rest == "" {
		return fmt.Errorf("pattern '%s' ends with its escape character", w.pattern)
	}
	r := w.next()
	if r != '"' || parts == 1 {
		w.literal(r)
		return nil
	}
	switch w.part++; w.part {
	case 2:
		w.out.WriteString(")((?:")
	case 3:
		w.out.WriteString("))(?:")
	}
	return nil
}

// braces takes {n}, {n,} or {n,m}.
func (w *similarWriter) braces() error {
	inside, rest, ok := strings.Cut(w.rest, "}")
	if !ok || strings.Trim(inside, "0123456789,") != "" {
		return fmt.Errorf("pattern '%s': expected {n}, {n,} or {n,m}", w.pattern)
	}
	w.rest = rest
	w.out.WriteString("{" + inside + "}")
	return nil
}
