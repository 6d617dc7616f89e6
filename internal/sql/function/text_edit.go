package function

import (
	"unicode"
	"unicode/utf8"

	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/types"
)

// initcap is INITCAP(s): the first letter of each word that blanks delimit is a capital, all others are small.
func initcap(e *Eval, s string) string {
	room := e.Room(len(s) * utf8.UTFMax)
	first := true
	for _, r := range s {
		if first {
			room = utf8.AppendRune(room, unicode.ToUpper(r))
		} else {
			room = utf8.AppendRune(room, unicode.ToLower(r))
		}
		first = r == ' '
	}
	return e.Keep(room)
}

// overlay is OVERLAY(s PLACING r FROM start [FOR n]), n being the length of r when it is not given. A start below 1 puts what
// lies before the text in front of it; one behind the end appends.
func overlay(args []Arg) (Resolved, error) {
	if err := count(args, 3, 4); err != nil {
		return Resolved{}, err
	}
	wanted := make([]types.Type, len(args))
	for i := range args {
		ok, what := types.Kind.IsText, "a text"
		wanted[i] = asText(args[i].Type)
		if i >= 2 {
			ok, what = types.Kind.IsExact, "a whole number"
			wanted[i] = types.Of(types.Bigint)
		}
		if err := want(args, i, ok, what); err != nil {
			return Resolved{}, err
		}
	}
	kernel := func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			s, r := args[0].Str[i], args[1].Str[i]
			n := int64(utf8.RuneCountInString(r))
			if len(args) == 4 {
				n = args[3].Int[i]
			}
			if n < 0 {
				e.Fail(i, dialect.ErrArgument, "the length %d is below 0", n)
				continue
			}
			// Within these bounds nothing overflows, and beyond them every position is the same.
			start, n := min(max(args[2].Int[i], -1<<61), 1<<61)-1, min(n, 1<<61)
			head, tail := characters(s, 0, start), characters(s, max(start+n, 0), int64(len(s)))
			room := append(append(append(e.Room(len(s)+len(r)), head...), r...), tail...)
			out.Str[i] = e.Keep(room)
		}
	}
	t := types.Type{Kind: types.Varchar}
	if a, b := args[0].Type.Length, args[1].Type.Length; a > 0 && b > 0 {
		t.Length = min(a+b, types.MaxLength)
	}
	return Resolved{Args: wanted, Type: t, Kernel: kernel}, nil
}
