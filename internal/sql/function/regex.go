package function

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/millrace/millrace/internal/logformat"
	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/types"
)

// patterns gives the regular expression of each row. A constant one is compiled once. Of others a kernel keeps the last one
// while it runs, in a copy of its own: a kernel may run in several engines at a time.
type patterns[P any] struct {
	compile func(string) (P, error)
	fixed   bool
	text    string
	known   bool
	pattern P
	err     error
}

// newPatterns prepares argument i.
func newPatterns[P any](args []Arg, i int, compile func(string) (P, error)) (*patterns[P], error) {
	if err := want(args, i, types.Kind.IsText, "a regular expression"); err != nil {
		return nil, err
	}
	p := &patterns[P]{compile: compile}
	if c := args[i].Const; c != nil && !c.Null {
		p.fixed = true
		p.pattern, p.err = compile(c.Str)
	}
	return p, p.err
}

// at returns the expression of a row; it is not ok when it is none and the row has failed.
func (p *patterns[P]) at(e *Eval, v *types.Vector, row int32) (pattern P, ok bool) {
	if p.fixed {
		return p.pattern, true
	}
	return p.find(e, v.Str[row], row)
}

// find compiles an expression, unless it is the last one.
func (p *patterns[P]) find(e *Eval, text string, row int32) (pattern P, ok bool) {
	if !p.known || text != p.text {
		p.text, p.known = strings.Clone(text), true
		p.pattern, p.err = p.compile(p.text)
	}
	if p.err != nil {
		e.Fail(row, dialect.ErrArgument, "%s", p.err)
	}
	return p.pattern, p.err == nil
}

func compileFinder(expr string) (*logformat.JavaFinder, error) {
	f, err := logformat.CompileJavaFinder(expr)
	if err != nil {
		return nil, fmt.Errorf("regular expression '%s': %w", types.Cut(expr, 80), err)
	}
	return f, nil
}

// valid is a text as UTF-8, which regular expressions need.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

// errTooSlow is what the matchers of regular expressions return: a text on which an expression with look-around, back-references
// or possessive quantifiers takes too long. No other expression can.
var errTooSlow = errors.New("the text takes too long")

func tooSlow(e *Eval, row int32, err error) {
	e.Fail(row, dialect.ErrTooSlow, "regular expression: %s", err)
}

// substringRegex is SUBSTRING(s FROM regex): the first match of a Java regular expression, or NULL.
func substringRegex(args []Arg) (Resolved, error) {
	if len(args) != 2 {
		return Resolved{}, fmt.Errorf("FOR has no meaning behind a regular expression")
	}
	p, err := newPatterns(args, 1, compileFinder)
	if err != nil {
		return Resolved{}, err
	}
	kernel := func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		p := *p
		var spans []int
		for _, i := range sel {
			f, ok := p.at(e, args[1], i)
			if !ok {
				continue
			}
			s := valid(args[0].Str[i])
			found, err := f.Find(spans[:0], s, 0)
			switch {
			case err != nil:
				tooSlow(e, i, err)
			case found == nil:
				setNull(out, i)
			default:
				spans = found
				out.Str[i] = s[found[0]:found[1]]
			}
		}
	}
	t := asText(args[0].Type)
	t.Kind, t.Nullable = types.Varchar, true
	return Resolved{Args: []types.Type{asText(args[0].Type), asText(args[1].Type)}, Type: t, Kernel: kernel}, nil
}

// regexReplace is REGEX_REPLACE(s, regex, replacement, start, occurrence), as Java's String.replaceAll has it: $1 in the
// replacement stands for a group, a backslash makes the next character stand for itself. Groups are not called by name.
func regexReplace(args []Arg) (Resolved, error) {
	if err := count(args, 5, 5); err != nil {
		return Resolved{}, err
	}
	wanted := make([]types.Type, len(args))
	for i := range args {
		ok, what := types.Kind.IsText, "a text"
		wanted[i] = asText(args[i].Type)
		if i >= 3 {
			ok, what = types.Kind.IsExact, "a whole number"
			wanted[i] = types.Of(types.Bigint)
		}
		if err := want(args, i, ok, what); err != nil {
			return Resolved{}, err
		}
	}
	p, err := newPatterns(args, 1, compileFinder)
	if err != nil {
		return Resolved{}, err
	}
	kernel := func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		p, r := *p, replacer{}
		for _, i := range sel {
			f, ok := p.at(e, args[1], i)
			if !ok {
				continue
			}
			r = replacer{finder: f, text: valid(args[0].Str[i]), replacement: args[2].Str[i], occurrence: args[4].Int[i], spans: r.spans, out: r.out[:0]}
			if start := args[3].Int[i]; start < 1 || r.occurrence < 0 {
				e.Fail(i, dialect.ErrArgument, "REGEX_REPLACE begins at position 1 or behind it and replaces occurrence 0 or more, found %d and %d", start, r.occurrence)
			} else {
				r.run(e, i, start, out)
			}
		}
	}
	return Resolved{Args: wanted, Type: types.Type{Kind: types.Varchar, Length: types.MaxLength}, Kernel: kernel}, nil
}

// replacer replaces in one text. occurrence 0 means all.
type replacer struct {
	finder            *logformat.JavaFinder
	text, replacement string
	occurrence        int64
	// spans and out are used again for the next text.
	spans []int
	out   []byte
}

// maxReplaced is how long a result may grow; that of VARCHAR(65535) in bytes.
const maxReplaced = types.MaxLength * utf8.UTFMax

func (r *replacer) run(e *Eval, row int32, start int64, out *types.Vector) {
	from := len(r.text) - len(characters(r.text, start-1, int64(len(r.text))))
	copied, seen := 0, int64(0)
	for from <= len(r.text) && start <= int64(len(r.text))+1 {
		found, err := r.finder.Find(r.spans[:0], r.text, from)
		if err != nil {
			tooSlow(e, row, err)
			return
		}
		if found == nil {
			break
		}
		r.spans = found
		seen++
		if r.occurrence == 0 || r.occurrence == seen {
			r.out = append(r.out, r.text[copied:found[0]]...)
			if err := r.expand(found); err != nil {
				e.Fail(row, dialect.ErrArgument, "replacement '%s': %s", types.Cut(r.replacement, 80), err)
				return
			}
			copied = found[1]
		}
		if len(r.out) > maxReplaced {
			e.Fail(row, dialect.ErrOverflow, "the result is longer than %d characters", types.MaxLength)
			return
		}
		if r.occurrence == seen {
			break
		}
		from = found[1]
		if found[0] == found[1] {
			// An empty match: the next one begins behind the next character.
			_, size := utf8.DecodeRuneInString(r.text[from:])
			from += max(size, 1)
		}
	}
	if copied == 0 && len(r.out) == 0 {
		out.Str[row] = r.text
		return
	}
	r.out = append(r.out, r.text[copied:]...)
	out.Str[row] = types.Cut(e.Keep(append(e.Room(len(r.out)), r.out...)), types.MaxLength)
}

// expand appends the replacement of a match.
func (r *replacer) expand(spans []int) error {
	for s := r.replacement; s != ""; {
		c := s[0]
		s = s[1:]
		switch c {
		case '\\':
			if s == "" {
				return fmt.Errorf("a character is missing behind the last \\")
			}
			_, size := utf8.DecodeRuneInString(s)
			r.out = append(r.out, s[:size]...)
			s = s[size:]
		case '$':
			group, n := groupNumber(s, len(spans)/2-1)
			switch {
			case n == 0 && strings.HasPrefix(s, "{"):
				return fmt.Errorf("groups are named by number here, as in $1; names are not supported")
			case n == 0:
				return fmt.Errorf("expected the number of a group behind $; \\$ is the character")
			case group >= len(spans)/2:
				return fmt.Errorf("there is no group %d", group)
			}
			s = s[n:]
			if lo := spans[2*group]; lo >= 0 {
				r.out = append(r.out, r.text[lo:spans[2*group+1]]...)
			}
		default:
			r.out = append(r.out, c)
		}
	}
	return nil
}

// groupNumber reads the number of a group as Java does: the first digit, and further ones while there is such a group.
func groupNumber(s string, groups int) (group, n int) {
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		next := group*10 + int(s[n]-'0')
		if n > 0 && next > groups {
			break
		}
		group, n = next, n+1
	}
	return group, n
}
