package function

import (
	"fmt"
	"math"

	"github.com/millrace/millrace/internal/sql/types"
)

// temporal fits arithmetic with times and intervals: time ± interval, interval ± interval, interval × or ÷ number.
func temporal(op string, a, b types.Type) (Resolved, bool) {
	switch {
	case a.Kind.IsDatetime() && b.Kind.IsInterval() && (op == "+" || op == "-") && moves(a, b):
		return Resolved{Args: []types.Type{a, b}, Type: a, Kernel: moveKernel(op, a.Kind, b.Kind)}, true
	case a.Kind.IsInterval() && b.Kind.IsDatetime() && op == "+" && moves(b, a):
		return Resolved{Args: []types.Type{a, b}, Type: b, Kernel: swapped(moveKernel(op, b.Kind, a.Kind))}, true
	case a.Kind.IsInterval() && a.Kind == b.Kind && (op == "+" || op == "-"):
		t := types.IntervalOf(min(a.From, b.From), max(a.To, b.To))
		return Resolved{Args: []types.Type{a, b}, Type: t, Kernel: integerKernel(op, types.Bigint)}, true
	case a.Kind.IsInterval() && b.Kind.IsNumeric() && (op == "*" || op == "/"):
		factor, kernel := scaled(op, b)
		return Resolved{Args: []types.Type{a, factor}, Type: a, Kernel: kernel}, true
	case a.Kind.IsNumeric() && b.Kind.IsInterval() && op == "*":
		factor, kernel := scaled(op, a)
		return Resolved{Args: []types.Type{factor, b}, Type: b, Kernel: swapped(kernel)}, true
	}
	return Resolved{}, false
}

// DayAndTime is the kernel that adds a time of day to the beginning of a day.
func DayAndTime() Kernel { return integerKernel("+", types.Bigint) }

// moves reports whether an interval can be added to a time: a time of day knows no months.
func moves(t, interval types.Type) bool {
	return t.Kind != types.Time || interval.Kind == types.Interval
}

// scaled is × or ÷ of an interval by a number, and the type that the number is brought to.
func scaled(op string, number types.Type) (types.Type, Kernel) {
	switch {
	case !number.Kind.IsInteger():
		return types.Of(types.Double), scaleKernel(op)
	case op == "*":
		return types.Of(types.Bigint), integerKernel("*", types.Bigint)
	}
	return types.Of(types.Bigint), intervalQuotient
}

// swapped hands the arguments on in the other order.
func swapped(k Kernel) Kernel {
	return func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		k(e, sel, []*types.Vector{args[1], args[0]}, out)
	}
}

// maxTime is the greatest time, and that before 1970 the least: some 290 thousand years. Within it no calendar overflows.
const maxTime = int64(1) << 53

// moveKernel is a time ± an interval. A DATE stays at midnight, a TIME begins again after 24 hours.
func moveKernel(op string, kind, interval types.Kind) Kernel {
	sign := int64(1)
	if op == "-" {
		sign = -1
	}
	move := func(t, by int64) int64 { return t + by }
	switch {
	case interval == types.IntervalMonth:
		move = types.AddMonths
	case kind == types.Date:
		move = func(t, by int64) int64 { return types.FloorTo(t+by, types.Day) }
	case kind == types.Time:
		move = func(t, by int64) int64 { return t + by - types.FloorTo(t+by, types.Day) }
	}
	return func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		a, b, o := args[0].Int, args[1].Int, out.Int
		for _, i := range sel {
			if b[i] > maxTime || b[i] < -maxTime || interval == types.IntervalMonth && (b[i] > maxMonths || b[i] < -maxMonths) {
				overflow(e, i, kind)
				continue
			}
			if o[i] = move(a[i], sign*b[i]); o[i] > maxTime || o[i] < -maxTime {
				overflow(e, i, kind)
			}
		}
	}
}

// maxMonths is how far a time moves by months at most.
const maxMonths = 300_000 * 12

func intervalQuotient(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
	a, b, o := args[0].Int, args[1].Int, out.Int
	for _, i := range sel {
		if b[i] == 0 {
			divisionByZero(e, i)
			continue
		}
		o[i] = a[i] / b[i]
	}
}

func scaleKernel(op string) Kernel {
	return func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		a, b, o := args[0].Int, args[1].Float, out.Int
		for _, i := range sel {
			factor := b[i]
			if op == "/" {
				if factor == 0 {
					divisionByZero(e, i)
					continue
				}
				factor = 1 / factor
			}
			v := float64(a[i]) * factor
			if math.Abs(v) >= 1<<62 {
				overflow(e, i, types.Interval)
				continue
			}
			o[i] = int64(v)
		}
	}
}

// Difference fits (l - r) qualifier: the interval between two times.
func Difference(l, r Arg, q types.Type) (Resolved, error) {
	t, err := common(orTimestamp(l.Type), orTimestamp(r.Type))
	if err != nil || !t.Kind.IsDatetime() {
		return Resolved{}, fmt.Errorf("%s - %s is no difference of two times", l.Type, r.Type)
	}
	kernel := integerKernel("-", types.Bigint)
	if q.Kind == types.IntervalMonth {
		kernel = monthsBetween
	}
	return strict(Resolved{Args: []types.Type{t, t}, Type: q, Kernel: kernel}, []Arg{l, r}), nil
}

func orTimestamp(t types.Type) types.Type {
	if t.Kind == types.Null {
		return types.Of(types.Timestamp)
	}
	return t
}

func monthsBetween(_ *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
	for _, i := range sel {
		out.Int[i] = monthNumber(args[0].Int[i]) - monthNumber(args[1].Int[i])
	}
}

// monthNumber counts months since January 1970.
func monthNumber(ms int64) int64 {
	year, month, _ := types.CivilDate(types.FloorDiv(ms, 86_400_000))
	return (year-1970)*12 + month - 1
}

// FloorTo fits FLOOR or CEIL(x TO unit), of a time or of an interval. With strictCeil, CEIL of a boundary is the next one.
func FloorTo(x Arg, u types.Unit, ceil, strictCeil bool) (Resolved, error) {
	t := x.Type
	if t.Kind == types.Interval && u.Milliseconds() == 0 || t.Kind == types.IntervalMonth && u.Milliseconds() != 0 {
		return Resolved{}, fmt.Errorf("%s cannot be rounded to %s", t, u)
	}
	if !t.Kind.IsDatetime() && !t.Kind.IsInterval() {
		return Resolved{}, fmt.Errorf("rounding to %s needs a time or an interval, found %s", u, t)
	}
	round := func(v int64) int64 { return types.FloorTo(v, u) }
	next := func(v int64) int64 { return types.NextTo(v, u) }
	if t.Kind == types.IntervalMonth {
		months := int64(1)
		if u == types.Year {
			months = 12
		}
		round = func(v int64) int64 { return types.FloorDiv(v, months) * months }
		next = func(v int64) int64 { return round(v) + months }
	}
	if t.Kind == types.Time && u < types.Hour {
		return Resolved{}, fmt.Errorf("a time of day cannot be rounded to %s", u)
	}
	kernel := func(_ *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			v := args[0].Int[i]
			floor := round(v)
			if ceil && (strictCeil || floor != v) {
				floor = next(v)
			}
			if t.Kind == types.Time {
				floor %= 86_400_000
			}
			out.Int[i] = floor
		}
	}
	return strict(Resolved{Args: []types.Type{t}, Type: t, Kernel: kernel}, []Arg{x}), nil
}

// Step fits STEP(x BY size): the greatest multiple of size, counted from 1970 or from 0, that is not above x.
func Step(x, by Arg) (Resolved, error) {
	t := x.Type
	if by.Const == nil || by.Const.Null {
		return Resolved{}, fmt.Errorf("the size of STEP must be a constant")
	}
	size := by.Const.Int
	if size <= 0 {
		return Resolved{}, fmt.Errorf("the size of STEP must be greater than 0")
	}
	var round func(int64) int64
	switch {
	case t.Kind == types.Date && by.Type.Kind == types.Interval:
		round = func(v int64) int64 { return types.FloorTo(types.FloorDiv(v, size)*size, types.Day) }
	case t.Kind.IsInteger() && by.Type.Kind.IsInteger(), t.Kind.IsDatetime() && by.Type.Kind == types.Interval,
		t.Kind.IsInterval() && t.Kind == by.Type.Kind:
		round = func(v int64) int64 { return types.FloorDiv(v, size) * size }
	case t.Kind.IsDatetime() && t.Kind != types.Time && by.Type.Kind == types.IntervalMonth:
		round = func(v int64) int64 {
			months := types.FloorDiv(monthNumber(v), size) * size
			return types.DayNumber(1970, 1+months, 1) * 86_400_000
		}
	default:
		return Resolved{}, fmt.Errorf("STEP(%s BY %s) has no meaning; a time steps by an interval, a whole number by a whole number", t, by.Type)
	}
	kernel := func(_ *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			out.Int[i] = round(args[0].Int[i])
		}
	}
	return strict(Resolved{Args: []types.Type{t, by.Type}, Type: t, Kernel: kernel}, []Arg{x}), nil
}

func unixTimestamp(args []Arg) (Resolved, error) {
	if err := count(args, 1, 1); err != nil {
		return Resolved{}, err
	}
	if err := want(args, 0, types.Kind.IsDatetime, "a TIMESTAMP"); err != nil {
		return Resolved{}, err
	}
	return Resolved{Args: []types.Type{types.Of(types.Timestamp)}, Type: types.Type{Kind: types.Bigint}, Kernel: sameInt}, nil
}

func toTimestamp(args []Arg) (Resolved, error) {
	if err := count(args, 1, 1); err != nil {
		return Resolved{}, err
	}
	if err := want(args, 0, types.Kind.IsNumeric, "a number of milliseconds"); err != nil {
		return Resolved{}, err
	}
	return Resolved{Args: []types.Type{types.Of(types.Bigint)}, Type: types.Type{Kind: types.Timestamp}, Kernel: sameInt}, nil
}

func sameInt(_ *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
	for _, i := range sel {
		out.Int[i] = args[0].Int[i]
	}
}
