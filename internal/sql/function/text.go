package function

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/types"
)

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Concat fits l || r.
func Concat(l, r Arg) (Resolved, error) {
	args := []Arg{l, r}
	binary := l.Type.Kind.IsBytes() && r.Type.Kind.IsBytes()
	for i := range args {
		if k := args[i].Type.Kind; k != types.Null && !k.IsText() && !binary {
			return Resolved{}, fmt.Errorf("|| needs texts, found %s; CAST it", args[i].Type)
		}
	}
	t := types.Type{Kind: types.Varchar}
	if l.Type.Length > 0 && r.Type.Length > 0 {
		t.Length = min(l.Type.Length+r.Type.Length, types.MaxLength)
	}
	kernel := func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		a, b, o := args[0].Str, args[1].Str, out.Str
		for _, i := range sel {
			o[i] = e.Keep(append(append(e.Room(len(a[i])+len(b[i])), a[i]...), b[i]...))
		}
	}
	wanted := []types.Type{asText(l.Type), asText(r.Type)}
	if binary {
		t.Kind = types.Varbinary
		wanted = typesOf(args)
	}
	return strict(Resolved{Args: wanted, Type: t, Kernel: kernel}, args), nil
}

func asText(t types.Type) types.Type {
	if t.Kind.IsText() {
		return t
	}
	return types.Of(types.Varchar)
}

func textToText(f func(e *Eval, s string) string) resolver {
	return func(args []Arg) (Resolved, error) {
		if err := count(args, 1, 1); err != nil {
			return Resolved{}, err
		}
		if err := want(args, 0, types.Kind.IsText, "a text"); err != nil {
			return Resolved{}, err
		}
		t := asText(args[0].Type)
		return Resolved{Args: []types.Type{t}, Type: t, Kernel: func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
			for _, i := range sel {
				out.Str[i] = f(e, args[0].Str[i])
			}
		}}, nil
	}
}

func upper(e *Eval, s string) string { return mapCase(e, s, 'a', 'z', unicode.ToUpper) }
func lower(e *Eval, s string) string { return mapCase(e, s, 'A', 'Z', unicode.ToLower) }

func mapCase(e *Eval, s string, lo, hi byte, slow func(rune) rune) string {
	room := e.Room(len(s))
	if isASCII(s) {
		for i := 0; i < len(s); i++ {
			c := s[i]
			if c >= lo && c <= hi {
				c ^= 0x20
			}
			room = append(room, c)
		}
		return e.Keep(room)
	}
	room = e.Room(len(s) * utf8.UTFMax)
	for _, r := range s {
		room = utf8.AppendRune(room, slow(r))
	}
	return e.Keep(room)
}

func charLength(args []Arg) (Resolved, error) {
	if err := count(args, 1, 1); err != nil {
		return Resolved{}, err
	}
	if err := want(args, 0, types.Kind.IsText, "a text"); err != nil {
		return Resolved{}, err
	}
	kernel := func(_ *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			out.Int[i] = int64(utf8.RuneCountInString(args[0].Str[i]))
		}
	}
	return Resolved{Args: []types.Type{asText(args[0].Type)}, Type: types.Type{Kind: types.Integer}, Kernel: kernel}, nil
}

// substring is SUBSTRING(s FROM i [FOR n]): positions count from 1, those below it are empty and count all the same.
func substring(args []Arg) (Resolved, error) {
	if err := count(args, 2, 3); err != nil {
		return Resolved{}, err
	}
	if err := want(args, 0, types.Kind.IsText, "a text"); err != nil {
		return Resolved{}, err
	}
	if args[1].Type.Kind.IsText() {
		return substringRegex(args)
	}
	wanted := []types.Type{asText(args[0].Type)}
	for i := 1; i < len(args); i++ {
		if err := want(args, i, types.Kind.IsExact, "a whole number"); err != nil {
			return Resolved{}, err
		}
		wanted = append(wanted, types.Of(types.Bigint))
	}
	kernel := func(_ *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			s, from := args[0].Str[i], args[1].Int[i]
			to := int64(len(s)) + 1
			if len(args) == 3 {
				n := args[2].Int[i]
				switch {
				case n <= 0:
					to = from
				case from < to && n < to-from:
					to = from + n
				}
			}
			out.Str[i] = characters(s, max(from, 1)-1, to-1)
		}
	}
	t := wanted[0]
	t.Kind = types.Varchar
	return Resolved{Args: wanted, Type: t, Kernel: kernel}, nil
}

// characters returns the characters of s from lo up to hi, counted from 0.
func characters(s string, lo, hi int64) string {
	if lo >= hi || lo >= int64(len(s)) {
		return ""
	}
	if isASCII(s) {
		return s[lo:min(hi, int64(len(s)))]
	}
	start, n := len(s), int64(0)
	for i := range s {
		if n == lo {
			start = i
		}
		if n == hi {
			return s[start:i]
		}
		n++
	}
	return s[start:]
}

// position is POSITION(a IN b): where a begins in b, counted from 1, or 0.
func position(args []Arg) (Resolved, error) {
	if err := count(args, 2, 2); err != nil {
		return Resolved{}, err
	}
	for i := range args {
		if err := want(args, i, types.Kind.IsText, "a text"); err != nil {
			return Resolved{}, err
		}
	}
	kernel := func(_ *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			at := strings.Index(args[1].Str[i], args[0].Str[i])
			if at > 0 {
				at = utf8.RuneCountInString(args[1].Str[i][:at])
			}
			out.Int[i] = int64(at + 1)
		}
	}
	wanted := []types.Type{asText(args[0].Type), asText(args[1].Type)}
	return Resolved{Args: wanted, Type: types.Type{Kind: types.Integer}, Kernel: kernel}, nil
}

// trim is TRIM(where chars FROM s) with the word where as a constant in front.
func trim(args []Arg) (Resolved, error) {
	if err := count(args, 3, 3); err != nil {
		return Resolved{}, err
	}
	for i := range args {
		if err := want(args, i, types.Kind.IsText, "a text"); err != nil {
			return Resolved{}, err
		}
	}
	where := args[0].Const.Str
	if c := args[1].Const; c != nil && !c.Null && utf8.RuneCountInString(c.Str) != 1 {
		return Resolved{}, fmt.Errorf("expected one character to cut, found '%s'", c.Str)
	}
	kernel := func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			s, cut := args[2].Str[i], args[1].Str[i]
			if utf8.RuneCountInString(cut) != 1 {
				e.Fail(i, dialect.ErrArgument, "TRIM cuts one character, found '%s'", types.Cut(cut, 80))
				continue
			}
			if where != "TRAILING" {
				s = strings.TrimLeft(s, cut)
			}
			if where != "LEADING" {
				s = strings.TrimRight(s, cut)
			}
			out.Str[i] = s
		}
	}
	t := asText(args[2].Type)
	t.Kind = types.Varchar
	return Resolved{Args: []types.Type{args[0].Type, asText(args[1].Type), asText(args[2].Type)}, Type: t, Kernel: kernel}, nil
}
