package function

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/sql/types"
)

// Compare fits =, <>, <, <=, > or >= to its operands.
func Compare(op string, l, r Arg) (Resolved, error) {
	t, err := common(nullBeside(l.Type, r.Type), nullBeside(r.Type, l.Type))
	if err != nil {
		return Resolved{}, fmt.Errorf("%s and %s cannot be compared; CAST one of them", l.Type, r.Type)
	}
	res := Resolved{Args: []types.Type{t, t}, Type: types.Type{Kind: types.Boolean}}
	switch {
	case l.Type.Kind.IsExact() && r.Type.Kind.IsExact() && t.Kind == types.Decimal:
		// The common scale may have no room for both; operands keep their own and meet in 128 bits.
		_, sl := digitsOf(l.Type)
		_, sr := digitsOf(r.Type)
		res.Args = []types.Type{l.Type, r.Type}
		res.Kernel = decimalComparison(op, sl, sr)
	case t.Kind.Physical() == types.IntValues:
		res.Kernel = intComparison(op)
	case t.Kind.Physical() == types.FloatValues:
		res.Kernel = floatComparison(op)
	default:
		res.Args = []types.Type{l.Type, r.Type}
		padded := l.Type.Kind == types.Char || r.Type.Kind == types.Char
		res.Kernel = textComparison(op, padded)
	}
	return strict(res, []Arg{l, r}), nil
}

func nullBeside(t, other types.Type) types.Type {
	if t.Kind != types.Null {
		return t
	}
	if other.Kind == types.Null {
		return types.Of(types.Boolean)
	}
	return other
}

// holds returns for each outcome of a comparison, -1, 0 and 1, whether op is true.
func holds(op string) (less, equal, greater int64) {
	switch op {
	case "=":
		return 0, 1, 0
	case "<>":
		return 1, 0, 1
	case "<":
		return 1, 0, 0
	case "<=":
		return 1, 1, 0
	case ">":
		return 0, 0, 1
	}
	return 0, 1, 1
}

func intComparison(op string) Kernel {
	less, equal, greater := holds(op)
	return func(_ *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		a, b, o := args[0].Int, args[1].Int, out.Int
		for _, i := range sel {
			switch {
			case a[i] < b[i]:
				o[i] = less
			case a[i] > b[i]:
				o[i] = greater
			default:
				o[i] = equal
			}
		}
	}
}

func floatComparison(op string) Kernel {
	less, equal, greater := holds(op)
	return func(_ *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		a, b, o := args[0].Float, args[1].Float, out.Int
		for _, i := range sel {
			switch {
			case a[i] < b[i]:
				o[i] = less
			case a[i] > b[i]:
				o[i] = greater
			default:
				o[i] = equal
			}
		}
	}
}

func decimalComparison(op string, sl, sr int) Kernel {
	less, equal, greater := holds(op)
	scale := max(sl, sr)
	fl, fr := types.Pow10(scale-sl), types.Pow10(scale-sr)
	return func(_ *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		a, b, o := args[0].Int, args[1].Int, out.Int
		for _, i := range sel {
			o[i] = [3]int64{less, equal, greater}[compareWide(mulWide(a[i], fl), mulWide(b[i], fr))+1]
		}
	}
}

func compareWide(a, b wide) int {
	if a.hi == 0 && a.lo == 0 {
		a.negative = false
	}
	if b.hi == 0 && b.lo == 0 {
		b.negative = false
	}
	if a.negative != b.negative {
		if a.negative {
			return -1
		}
		return 1
	}
	c := cmp.Compare(a.hi, b.hi)
	if c == 0 {
		c = cmp.Compare(a.lo, b.lo)
	}
	if a.negative {
		return -c
	}
	return c
}

func textComparison(op string, padded bool) Kernel {
	less, equal, greater := holds(op)
	if op == "=" && !padded {
		return func(_ *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
			a, b, o := args[0].Str, args[1].Str, out.Int
			for _, i := range sel {
				o[i] = bool64(a[i] == b[i])
			}
		}
	}
	return func(_ *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		a, b, o := args[0].Str, args[1].Str, out.Int
		for _, i := range sel {
			x, y := a[i], b[i]
			if padded {
				x, y = strings.TrimRight(x, " "), strings.TrimRight(y, " ")
			}
			o[i] = [3]int64{less, equal, greater}[strings.Compare(x, y)+1]
		}
	}
}

// Not fits NOT x.
func Not(x Arg) (Resolved, error) {
	if k := x.Type.Kind; k != types.Boolean && k != types.Null {
		return Resolved{}, fmt.Errorf("NOT needs a condition, found %s", x.Type)
	}
	kernel := func(_ *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			out.Int[i] = 1 - args[0].Int[i]
		}
	}
	return strict(Resolved{Args: []types.Type{types.Of(types.Boolean)}, Type: types.Type{Kind: types.Boolean}, Kernel: kernel}, []Arg{x}), nil
}
