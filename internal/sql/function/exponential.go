package function

import (
	"math"

	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/types"
)

// EXP, LN, LOG10, SQRT and POWER compute in DOUBLE. What has no real result is an error row, as is what leaves the range.

func exp(args []Arg) (Resolved, error) { return realFunction(args, math.Exp, anyNumber, "") }
func ln(args []Arg) (Resolved, error) {
	return realFunction(args, math.Log, positive, "greater than 0")
}
func log10(args []Arg) (Resolved, error) {
	return realFunction(args, math.Log10, positive, "greater than 0")
}
func sqrt(args []Arg) (Resolved, error) {
	return realFunction(args, math.Sqrt, notNegative, "at least 0")
}

func anyNumber(float64) bool     { return true }
func positive(f float64) bool    { return f > 0 }
func notNegative(f float64) bool { return f >= 0 }

// realFunction fits f(x), which takes the arguments for which allowed is true; what says which these are.
func realFunction(args []Arg, f func(float64) float64, allowed func(float64) bool, what string) (Resolved, error) {
	if err := oneNumber(args); err != nil {
		return Resolved{}, err
	}
	kernel := func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			x := args[0].Float[i]
			if !allowed(x) {
				e.Fail(i, dialect.ErrArgument, "the argument %s is not %s", types.AppendFloat(nil, x, 64), what)
				continue
			}
			if out.Float[i] = f(x); math.IsInf(out.Float[i], 0) || math.IsNaN(out.Float[i]) {
				overflow(e, i, types.Double)
			}
		}
	}
	double := types.Type{Kind: types.Double}
	return Resolved{Args: []types.Type{types.Of(types.Double)}, Type: double, Kernel: kernel}, nil
}

// power is POWER(base, exponent).
func power(args []Arg) (Resolved, error) {
	if err := count(args, 2, 2); err != nil {
		return Resolved{}, err
	}
	for i := range args {
		if err := want(args, i, types.Kind.IsNumeric, "a number"); err != nil {
			return Resolved{}, err
		}
	}
	kernel := func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			base, exponent := args[0].Float[i], args[1].Float[i]
			switch v := math.Pow(base, exponent); {
			case base == 0 && exponent < 0:
				e.Fail(i, dialect.ErrArgument, "0 has no negative power")
			case base < 0 && exponent != math.Trunc(exponent):
				e.Fail(i, dialect.ErrArgument, "a number below 0 has only whole powers")
			case math.IsInf(v, 0) || math.IsNaN(v):
				overflow(e, i, types.Double)
			default:
				out.Float[i] = v
			}
		}
	}
	t := types.Of(types.Double)
	return Resolved{Args: []types.Type{t, t}, Type: types.Type{Kind: types.Double}, Kernel: kernel}, nil
}
