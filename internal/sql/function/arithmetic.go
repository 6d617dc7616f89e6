package function

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"

	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/types"
)

// decimal returns DECIMAL(precision, scale) within 18 digits: what is too much goes from the scale, of which 6 digits are
// kept where there are as many.
func decimal(precision, scale int) types.Type {
	if over := precision - types.MaxPrecision; over > 0 {
		scale = max(scale-over, min(scale, dialect.MinDivisionScale))
		precision = types.MaxPrecision
	}
	return types.DecimalOf(precision, min(scale, types.MaxPrecision))
}

// Arithmetic fits +, -, * or / to its operands.
func Arithmetic(op string, l, r Arg) (Resolved, error) {
	args := []Arg{l, r}
	a, b := l.Type, r.Type
	if a.Kind == types.Null {
		a = nullAs(b)
	}
	if b.Kind == types.Null {
		b = nullAs(a)
	}
	var res Resolved
	switch {
	case a.Kind.IsNumeric() && b.Kind.IsNumeric():
		res = numeric(op, a, b)
	default:
		var ok bool
		if res, ok = temporal(op, a, b); !ok {
			if a.Kind.IsDatetime() && b.Kind.IsDatetime() && op == "-" {
				return Resolved{}, fmt.Errorf("the difference of two times needs its unit, as in (a - b) SECOND")
			}
			if a.Kind.IsDatetime() && b.Kind.IsNumeric() {
				return Resolved{}, fmt.Errorf("%s %s %s has no meaning; times move by intervals, as in t %s INTERVAL '1' SECOND", a, op, b, op)
			}
			return Resolved{}, fmt.Errorf("%s %s %s has no meaning; CAST an operand", a, op, b)
		}
	}
	res.Type.Nullable = false
	return strict(res, args), nil
}

// nullAs is the type of a NULL beside an operand of type t.
func nullAs(t types.Type) types.Type {
	if t.Kind == types.Null {
		return types.Of(types.Integer)
	}
	if t.Kind.IsDatetime() {
		return types.IntervalOf(types.Day, types.Second)
	}
	return t
}

func numeric(op string, a, b types.Type) Resolved {
	switch {
	case a.Kind.IsApprox() || b.Kind.IsApprox():
		t := commonNumber(a, b)
		return Resolved{Args: []types.Type{t, t}, Type: t, Kernel: floatKernel(op, t.Kind == types.Real)}
	case a.Kind == types.Decimal || b.Kind == types.Decimal:
		return decimalArithmetic(op, a, b)
	}
	t := commonNumber(a, b)
	return Resolved{Args: []types.Type{t, t}, Type: t, Kernel: integerKernel(op, t.Kind)}
}

func decimalArithmetic(op string, a, b types.Type) Resolved {
	pa, sa := digitsOf(a)
	pb, sb := digitsOf(b)
	da, db := types.DecimalOf(pa, sa), types.DecimalOf(pb, sb)
	switch op {
	case "+", "-":
		scale := max(sa, sb)
		t := decimal(max(pa-sa, pb-sb)+scale+1, scale)
		return Resolved{Args: []types.Type{t, t}, Type: t, Kernel: decimalSum(op, t)}
	case "*":
		t := decimal(pa+pb, sa+sb)
		return Resolved{Args: []types.Type{da, db}, Type: t, Kernel: decimalProduct(sa+sb, t)}
	}
	scale := max(dialect.MinDivisionScale, sa+pb+1)
	t := decimal(pa-sa+sb+scale, scale)
	return Resolved{Args: []types.Type{da, db}, Type: t, Kernel: decimalQuotient(t.Scale-sa+sb, t)}
}

func overflow(e *Eval, row int32, t fmt.Stringer) {
	e.Fail(row, dialect.ErrOverflow, "the result does not fit %s", t)
}

func divisionByZero(e *Eval, row int32) { e.Fail(row, dialect.ErrDivisionByZero, "division by zero") }

func integerKernel(op string, k types.Kind) Kernel {
	lo, hi := k.IntRange()
	check := func(e *Eval, i int32, v int64, ok bool) int64 {
		if !ok || v < lo || v > hi {
			overflow(e, i, k)
		}
		return v
	}
	switch op {
	case "+":
		return func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
			a, b, o := args[0].Int, args[1].Int, out.Int
			for _, i := range sel {
				v := a[i] + b[i]
				o[i] = check(e, i, v, (v > a[i]) == (b[i] > 0))
			}
		}
	case "-":
		return func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
			a, b, o := args[0].Int, args[1].Int, out.Int
			for _, i := range sel {
				v := a[i] - b[i]
				o[i] = check(e, i, v, (v < a[i]) == (b[i] > 0))
			}
		}
	case "*":
		return func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
			a, b, o := args[0].Int, args[1].Int, out.Int
			for _, i := range sel {
				v, ok := mul64(a[i], b[i])
				o[i] = check(e, i, v, ok)
			}
		}
	}
	return func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		a, b, o := args[0].Int, args[1].Int, out.Int
		for _, i := range sel {
			if b[i] == 0 {
				divisionByZero(e, i)
				continue
			}
			o[i] = check(e, i, a[i]/b[i], b[i] != -1 || a[i] != math.MinInt64)
		}
	}
}

// mul64 multiplies and reports whether the product fits.
func mul64(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	// The high word of the signed product is the sign of the low one when it fits.
	signed := int64(hi) - (a>>63)&b - (b>>63)&a
	return int64(lo), signed == int64(lo)>>63
}

func decimalSum(op string, t types.Type) Kernel {
	limit := types.Pow10(t.Precision)
	return func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		a, b, o := args[0].Int, args[1].Int, out.Int
		for _, i := range sel {
			v := a[i] + b[i]
			if op == "-" {
				v = a[i] - b[i]
			}
			if o[i] = v; v >= limit || v <= -limit {
				overflow(e, i, t)
			}
		}
	}
}

// wide is a product of two 64-bit magnitudes with its sign.
type wide struct {
	hi, lo   uint64
	negative bool
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

func mulWide(a, b int64) wide {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	return wide{hi, lo, (a < 0) != (b < 0)}
}

// quo divides by d, cutting the rest, and reports whether the result is below limit.
func (w wide) quo(d uint64, limit int64) (int64, bool) {
	if w.hi >= d {
		return 0, false
	}
	q, _ := bits.Div64(w.hi, w.lo, d)
	if q >= uint64(limit) {
		return 0, false
	}
	if w.negative {
		return -int64(q), true
	}
	return int64(q), true
}

// decimalProduct multiplies operands whose scales add up to scale.
func decimalProduct(scale int, t types.Type) Kernel {
	limit, cut := types.Pow10(t.Precision), uint64(types.Pow10(min(18, scale-t.Scale)))
	return func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		a, b, o := args[0].Int, args[1].Int, out.Int
		for _, i := range sel {
			v, ok := mulWide(a[i], b[i]).quo(cut, limit)
			if o[i] = v; !ok {
				overflow(e, i, t)
			}
		}
	}
}

// decimalQuotient divides, the numerator multiplied by 10^shift. The shift is never negative, for what is cut from the
// scale of a quotient leaves room for the digits of the numerator.
func decimalQuotient(shift int, t types.Type) Kernel {
	limit := types.Pow10(t.Precision)
	return func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		a, b, o := args[0].Int, args[1].Int, out.Int
		for _, i := range sel {
			if b[i] == 0 {
				divisionByZero(e, i)
				continue
			}
			v, ok := divide(a[i], b[i], shift, limit)
			if o[i] = v; !ok {
				overflow(e, i, t)
			}
		}
	}
}

func divide(a, b int64, shift int, limit int64) (int64, bool) {
	if shift <= 18 && dialect.DecimalDivisionTruncates {
		w := mulWide(a, types.Pow10(shift))
		w.negative = (a < 0) != (b < 0)
		return w.quo(magnitude(b), limit)
	}
	n := new(big.Int).Mul(big.NewInt(a), big.NewInt(types.Pow10(18)))
	n.Mul(n, big.NewInt(types.Pow10(shift-18)))
	if !dialect.DecimalDivisionTruncates {
		// Half of the divisor, with the sign of the numerator, makes the cut a rounding.
		half := new(big.Int).Quo(new(big.Int).Abs(big.NewInt(b)), big.NewInt(2))
		n.Add(n, half.Mul(half, big.NewInt(int64(n.Sign()))))
	}
	n.Quo(n, big.NewInt(b))
	return n.Int64(), n.IsInt64() && n.Int64() < limit && n.Int64() > -limit
}

func floatKernel(op string, real bool) Kernel {
	f := map[string]func(a, b float64) float64{
		"+": func(a, b float64) float64 { return a + b },
		"-": func(a, b float64) float64 { return a - b },
		"*": func(a, b float64) float64 { return a * b },
		"/": func(a, b float64) float64 { return a / b },
	}[op]
	return func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		a, b, o := args[0].Float, args[1].Float, out.Float
		for _, i := range sel {
			if op == "/" && b[i] == 0 {
				divisionByZero(e, i)
				continue
			}
			v := f(a[i], b[i])
			if real {
				v = float64(float32(v))
			}
			if o[i] = v; math.IsInf(v, 0) || math.IsNaN(v) {
				overflow(e, i, types.Double)
			}
		}
	}
}

// Negate fits the minus sign.
func Negate(x Arg) (Resolved, error) {
	t := x.Type
	if !t.Kind.IsNumeric() && !t.Kind.IsInterval() {
		return Resolved{}, fmt.Errorf("- needs a number or an interval, found %s", t)
	}
	if t.Kind.IsApprox() {
		return Resolved{Args: []types.Type{t}, Type: t, Kernel: func(_ *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
			for _, i := range sel {
				out.Float[i] = -args[0].Float[i]
			}
		}}, nil
	}
	lo, _ := t.Kind.IntRange()
	return Resolved{Args: []types.Type{t}, Type: t, Kernel: func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			if out.Int[i] = -args[0].Int[i]; args[0].Int[i] == lo {
				overflow(e, i, t)
			}
		}
	}}, nil
}
