package function

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/types"
)

// Like fits x LIKE pattern [ESCAPE escape]. % stands for any characters, _ for one; the escape character makes the next
// one stand for itself.
func Like(args []Arg) (Resolved, error) {
	for i, what := range []string{"LIKE", "its pattern", "ESCAPE"}[:len(args)] {
		if k := args[i].Type.Kind; k != types.Null && !k.IsText() {
			return Resolved{}, fmt.Errorf("%s needs a text, found %s", what, args[i].Type)
		}
	}
	var fixed *likePattern
	constant := true
	texts := make([]string, len(args))
	for i, a := range args[1:] {
		if a.Const == nil || a.Const.Null {
			constant = false
			continue
		}
		texts[i+1] = a.Const.Str
	}
	if constant {
		escape := ""
		if len(args) == 3 {
			if escape = texts[2]; utf8.RuneCountInString(escape) != 1 {
				return Resolved{}, fmt.Errorf("ESCAPE needs one character, found '%s'", escape)
			}
		}
		p, err := compileLike(texts[1], escape)
		if err != nil {
			return Resolved{}, err
		}
		fixed = p
	}
	kernel := func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			p := fixed
			if p == nil {
				escape := ""
				if len(args) == 3 {
					escape = args[2].Str[i]
				}
				var err error
				if p, err = compileLike(args[1].Str[i], escape); err != nil {
					e.Fail(i, dialect.ErrArgument, "%s", err)
					continue
				}
			}
			out.Int[i] = bool64(p.matches(args[0].Str[i]))
		}
	}
	wanted := make([]types.Type, len(args))
	for i, a := range args {
		wanted[i] = asText(a.Type)
	}
	return strict(Resolved{Args: wanted, Type: types.Type{Kind: types.Boolean}, Kernel: kernel}, args), nil
}

// likePattern is a pattern cut at its %: the first piece begins the text, the last ends it, the others follow each other.
type likePattern struct {
	pieces []likePiece
}

// likePiece is a run of characters. any marks those that were _.
type likePiece struct {
	text []rune
	any  []bool
	// plain is the piece as text when no character in it was _.
	plain string
	open  bool
}

func compileLike(pattern, escape string) (*likePattern, error) {
	mark, _ := utf8.DecodeRuneInString(escape)
	if escape == "" {
		mark = -1
	}
	p := &likePattern{}
	piece := likePiece{}
	runes := []rune(pattern)
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		switch {
		case r == mark:
			if i++; i == len(runes) {
				return nil, fmt.Errorf("pattern '%s' ends with its escape character", pattern)
			}
			piece.add(runes[i], false)
		case r == '%':
			p.pieces = append(p.pieces, piece)
			piece = likePiece{}
		default:
			piece.add(r, r == '_')
		}
	}
	p.pieces = append(p.pieces, piece)
	for i := range p.pieces {
		p.pieces[i].plain = string(p.pieces[i].text)
	}
	return p, nil
}

func (p *likePiece) add(r rune, any bool) {
	p.text, p.any, p.open = append(p.text, r), append(p.any, any), p.open || any
}

// prefix returns the length of the piece at the start of s, or -1.
func (p *likePiece) prefix(s string) int {
	if !p.open {
		if strings.HasPrefix(s, p.plain) {
			return len(p.plain)
		}
		return -1
	}
	n := 0
	for i, want := range p.text {
		r, size := utf8.DecodeRuneInString(s[n:])
		if size == 0 || !p.any[i] && r != want {
			return -1
		}
		n += size
	}
	return n
}

// find returns where the piece begins and ends in s, or -1.
func (p *likePiece) find(s string) (start, end int) {
	if !p.open {
		at := strings.Index(s, p.plain)
		return at, at + len(p.plain)
	}
	for start = 0; start <= len(s); {
		if n := p.prefix(s[start:]); n >= 0 {
			return start, start + n
		}
		_, size := utf8.DecodeRuneInString(s[start:])
		start += max(size, 1)
	}
	return -1, -1
}

func (p *likePattern) matches(s string) bool {
	first := &p.pieces[0]
	n := first.prefix(s)
	if n < 0 || len(p.pieces) == 1 {
		return n == len(s)
	}
	s = s[n:]
	last := len(p.pieces) - 1
	for i := 1; i < last; i++ {
		start, end := p.pieces[i].find(s)
		if start < 0 {
			return false
		}
		s = s[end:]
	}
	return p.pieces[last].suffix(s)
}

// suffix reports whether s ends with the piece.
func (p *likePiece) suffix(s string) bool {
	if !p.open {
		return strings.HasSuffix(s, p.plain)
	}
	skip := utf8.RuneCountInString(s) - len(p.text)
	if skip < 0 {
		return false
	}
	for ; skip > 0; skip-- {
		_, size := utf8.DecodeRuneInString(s)
		s = s[size:]
	}
	return p.prefix(s) == len(s)
}
