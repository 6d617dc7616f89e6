package function

import (
	"math"

	"github.com/millrace/millrace/internal/sql/types"
)

func oneNumber(args []Arg) error {
	if err := count(args, 1, 1); err != nil {
		return err
	}
	return want(args, 0, types.Kind.IsNumeric, "a number")
}

func numberOrInteger(t types.Type) types.Type {
	if t.Kind == types.Null {
		return types.Of(types.Integer)
	}
	return t
}

// abs is ABS(x), of a number or an interval.
func abs(args []Arg) (Resolved, error) {
	if err := count(args, 1, 1); err != nil {
		return Resolved{}, err
	}
	ok := func(k types.Kind) bool { return k.IsNumeric() || k.IsInterval() }
	if err := want(args, 0, ok, "a number or an interval"); err != nil {
		return Resolved{}, err
	}
	t := numberOrInteger(args[0].Type)
	kernel := func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		lo, _ := t.Kind.IntRange()
		for _, i := range sel {
			v := args[0].Int[i]
			if v < 0 {
				if v == lo {
					overflow(e, i, t)
				}
				v = -v
			}
			out.Int[i] = v
		}
	}
	if t.Kind.IsApprox() {
		kernel = floatFunction(math.Abs)
	}
	return Resolved{Args: []types.Type{t}, Type: t, Kernel: kernel}, nil
}

func floatFunction(f func(float64) float64) Kernel {
	return func(_ *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			out.Float[i] = f(args[0].Float[i])
		}
	}
}

// mod is MOD(a, b), with the sign of a.
func mod(args []Arg) (Resolved, error) {
	if err := count(args, 2, 2); err != nil {
		return Resolved{}, err
	}
	for i := range args {
		if err := want(args, i, types.Kind.IsExact, "a whole number or DECIMAL"); err != nil {
			return Resolved{}, err
		}
	}
	t := commonNumber(numberOrInteger(args[0].Type), numberOrInteger(args[1].Type))
	kernel := func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		a, b, o := args[0].Int, args[1].Int, out.Int
		for _, i := range sel {
			switch b[i] {
			case 0:
				divisionByZero(e, i)
			case -1:
				o[i] = 0
			default:
				o[i] = a[i] % b[i]
			}
		}
	}
	return Resolved{Args: []types.Type{t, t}, Type: t, Kernel: kernel}, nil
}

func floorNumber(args []Arg) (Resolved, error) { return roundNumber(args, math.Floor, 0) }
func ceilNumber(args []Arg) (Resolved, error)  { return roundNumber(args, math.Ceil, 1) }

// roundNumber rounds down, or up by adding what is missing to the next whole number.
func roundNumber(args []Arg, approx func(float64) float64, up int64) (Resolved, error) {
	if err := oneNumber(args); err != nil {
		return Resolved{}, err
	}
	t := numberOrInteger(args[0].Type)
	if t.Kind.IsApprox() {
		return Resolved{Args: []types.Type{t}, Type: t, Kernel: floatFunction(approx)}, nil
	}
	if t.Kind != types.Decimal {
		return Resolved{Args: []types.Type{t}, Type: t, Kernel: sameInt}, nil
	}
	unit := types.Pow10(t.Scale)
	kernel := func(_ *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			out.Int[i] = types.FloorDiv(args[0].Int[i]+up*(unit-1), unit)
		}
	}
	return Resolved{Args: []types.Type{t}, Type: types.DecimalOf(t.Precision, 0), Kernel: kernel}, nil
}
