package function

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/types"
)

// NeedsCast reports whether values of one type must be changed to be values of another. A text that fits, an integer that
// widens, a NULL need no change.
func NeedsCast(from, to types.Type) bool {
	switch {
	case from.Kind == types.Null:
		return false
	case from.Kind.IsInteger() && to.Kind.IsInteger():
		return to.Kind < from.Kind
	case from.Kind == types.Char && to.Kind == types.Char:
		return from.Length != to.Length
	case to.Kind == types.Char:
		return true
	case from.Kind.IsText() && to.Kind == types.Varchar, from.Kind.IsBytes() && to.Kind.IsBytes():
		return to.Length > 0 && (from.Length == 0 || from.Length > to.Length)
	case from.Kind == types.Decimal && to.Kind == types.Decimal:
		return from.Scale != to.Scale || from.Precision > to.Precision
	case from.Kind == types.Real && to.Kind == types.Double:
		return false
	case from.Kind.IsInterval() && from.Kind == to.Kind:
		return false
	}
	return from.Kind != to.Kind
}

// Assignable reports whether a pump may insert values of one type into a column of another.
func Assignable(from, to types.Type) bool {
	switch {
	case from.Kind == types.Null:
		return true
	case from.Kind.IsNumeric():
		return to.Kind.IsNumeric()
	case from.Kind.IsText():
		return to.Kind.IsText()
	case from.Kind.IsBytes():
		return to.Kind.IsBytes()
	case from.Kind == types.Date:
		return to.Kind == types.Date || to.Kind == types.Timestamp
	}
	return from.Kind == to.Kind && !from.Kind.IsInterval()
}

// Cast fits CAST(x AS to).
func Cast(from, to types.Type) (Kernel, error) {
	var k Kernel
	switch {
	case from.Kind.IsExact() && to.Kind.IsExact():
		k = exactToExact(from, to)
	case from.Kind.IsExact() && to.Kind.IsApprox():
		k = exactToApprox(from, to)
	case from.Kind.IsApprox() && to.Kind.IsExact():
		k = approxToExact(to)
	case from.Kind.IsApprox() && to.Kind.IsApprox():
		k = approxToApprox(to)
	case from.Kind.IsText() && to.Kind.IsText(), from.Kind.IsBytes() && to.Kind.IsBytes():
		k = textToLength(to)
	case to.Kind.IsText() && !from.Kind.IsBytes() && from.Kind != types.Row:
		k = toText(from, to)
	case from.Kind.IsText() && !to.Kind.IsBytes():
		k = fromText(to)
	case from.Kind == types.Timestamp && to.Kind == types.Date:
		k = mapInt(func(v int64) int64 { return types.FloorTo(v, types.Day) })
	case from.Kind == types.Timestamp && to.Kind == types.Time:
		k = mapInt(func(v int64) int64 { return v - types.FloorTo(v, types.Day) })
	case from.Kind == types.Date && to.Kind == types.Timestamp, from.Kind.IsInterval() && from.Kind == to.Kind, from.Kind == to.Kind:
		k = sameInt
	case from.Kind.IsInterval() && to.Kind.IsExact():
		k = intervalToExact(from, to)
	}
	if k == nil {
		return nil, fmt.Errorf("CAST of %s to %s has no meaning", from, to)
	}
	return k, nil
}

func mapInt(f func(int64) int64) Kernel {
	return func(_ *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			out.Int[i] = f(args[0].Int[i])
		}
	}
}

// bounds returns the least and greatest value of an exact type as it is stored.
func bounds(t types.Type) (lo, hi int64) {
	if t.Kind == types.Decimal {
		limit := types.Pow10(t.Precision) - 1
		return -limit, limit
	}
	return t.Kind.IntRange()
}

// divideRounded divides by 10^n, half away from zero.
func divideRounded(v int64, n int) int64 {
	if n == 0 {
		return v
	}
	d := types.Pow10(n)
	q, rest := v/d, v%d
	switch {
	case rest >= d-d/2:
		q++
	case rest <= d/2-d:
		q--
	}
	return q
}

func exactToExact(from, to types.Type) Kernel {
	_, sf := digitsOf(from)
	_, st := digitsOf(to)
	lo, hi := bounds(to)
	return func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			v, ok := args[0].Int[i], true
			if st > sf {
				v, ok = mul64(v, types.Pow10(st-sf))
			} else {
				v = divideRounded(v, sf-st)
			}
			if out.Int[i] = v; !ok || v < lo || v > hi {
				overflow(e, i, to)
			}
		}
	}
}

func exactToApprox(from, to types.Type) Kernel {
	_, scale := digitsOf(from)
	unit := float64(types.Pow10(scale))
	return func(_ *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			out.Float[i] = toReal(to, float64(args[0].Int[i])/unit)
		}
	}
}

func toReal(to types.Type, f float64) float64 {
	if to.Kind == types.Real {
		return float64(float32(f))
	}
	return f
}

func approxToExact(to types.Type) Kernel {
	_, scale := digitsOf(to)
	unit := float64(types.Pow10(scale))
	lo, hi := bounds(to)
	return func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			f := math.Round(args[0].Float[i] * unit)
			if !(f >= float64(lo) && f <= float64(hi)) || f >= 1<<63 {
				overflow(e, i, to)
				continue
			}
			out.Int[i] = int64(f)
		}
	}
}

func approxToApprox(to types.Type) Kernel {
	return func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			if out.Float[i] = toReal(to, args[0].Float[i]); math.IsInf(out.Float[i], 0) {
				overflow(e, i, to)
			}
		}
	}
}

// textToLength cuts to the length of VARCHAR, and pads to that of CHAR.
func textToLength(to types.Type) Kernel {
	return func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			out.Str[i] = fit(e, args[0].Str[i], to)
		}
	}
}

// Assign fits the insertion of a text into a narrower column: a cut, or a refusal of what is too long.
func Assign(to types.Type) Kernel {
	if dialect.CutLongText {
		return textToLength(to)
	}
	fitting := textToLength(to)
	return func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			if s := args[0].Str[i]; len(types.Cut(s, to.Length)) < len(s) {
				e.Fail(i, dialect.ErrCast, "a text of %d characters is longer than %s", utf8.RuneCountInString(s), to)
			}
		}
		fitting(e, sel, args, out)
	}
}

func fit(e *Eval, s string, to types.Type) string {
	if to.Kind.IsBytes() {
		if to.Length > 0 && len(s) > to.Length {
			s = s[:to.Length]
		}
		return s
	}
	s = types.Cut(s, to.Length)
	if to.Kind != types.Char {
		return s
	}
	missing := to.Length - utf8.RuneCountInString(s)
	if missing <= 0 {
		return s
	}
	room := append(e.Room(len(s)+missing), s...)
	for range missing {
		room = append(room, ' ')
	}
	return e.Keep(room)
}

func toText(from, to types.Type) Kernel {
	return func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			s := e.Keep(appendCast(e.Room(64), from, args[0], int(i)))
			if to.Length > 0 && len(s) > to.Length {
				e.Fail(i, dialect.ErrCast, "%s '%s' is longer than %s", from, s, to)
				continue
			}
			out.Str[i] = fit(e, s, to)
		}
	}
}

// appendCast appends the text of a value. Booleans are written as SQL writes them, times without a zero fraction.
func appendCast(dst []byte, t types.Type, v *types.Vector, row int) []byte {
	switch {
	case t.Kind == types.Boolean && v.Int[row] != 0:
		return append(dst, "TRUE"...)
	case t.Kind == types.Boolean:
		return append(dst, "FALSE"...)
	case t.Kind == types.Timestamp && v.Int[row]%1000 == 0:
		dst = types.AppendTimestamp(dst, v.Int[row])
		return dst[:len(dst)-len(".000")]
	case t.Kind.IsInterval():
		return types.AppendInterval(dst, v.Int[row], t.From, t.To)
	}
	return types.AppendText(dst, t, v, row)
}

// intervalToExact counts an interval in its last unit. What is left of the unit is cut, or becomes the digits behind the point
// of a DECIMAL.
func intervalToExact(from, to types.Type) Kernel {
	unit := from.To.Milliseconds()
	switch from.To {
	case types.Year:
		unit = 12
	case types.Month:
		unit = 1
	}
	_, scale := digitsOf(to)
	lo, hi := bounds(to)
	return func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			v, ok := mulWide(args[0].Int[i], types.Pow10(scale)).quo(uint64(unit), 1<<63-1)
			if out.Int[i] = v; !ok || v < lo || v > hi {
				overflow(e, i, to)
			}
		}
	}
}

func fromText(to types.Type) Kernel {
	return func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			s := strings.TrimSpace(args[0].Str[i])
			ok := false
			switch {
			case to.Kind.IsApprox():
				var f float64
				f, ok = parseFloat(s)
				out.Float[i] = toReal(to, f)
			case to.Kind.IsInterval():
				out.Int[i], ok = types.ParseInterval(s, to.From, to.To)
			default:
				out.Int[i], ok = ParseInt(to, s)
			}
			if !ok {
				e.Fail(i, dialect.ErrCast, "'%s' is no %s", types.Cut(args[0].Str[i], 80), to)
			}
		}
	}
}

// parseFloat reads a decimal number; unlike strconv it knows neither hexadecimal nor infinity.
func parseFloat(s string) (float64, bool) {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// ParseInt reads the text of a value that a vector keeps in Int, as CAST does.
func ParseInt(to types.Type, s string) (v int64, ok bool) {
	switch to.Kind {
	case types.Boolean:
		switch {
		case strings.EqualFold(s, "true"):
			return 1, true
		case strings.EqualFold(s, "false"):
			return 0, true
		}
		return 0, false
	case types.Decimal:
		return types.ParseDecimal(s, to.Precision, to.Scale)
	case types.Date:
		return types.ParseDate(s)
	case types.Time:
		return types.ParseTimeOfDay(s)
	case types.Timestamp:
		return types.ParseTimestampCast(s)
	}
	if !to.Kind.IsInteger() {
		return 0, false
	}
	v, err := strconv.ParseInt(s, 10, 64)
	lo, hi := to.Kind.IntRange()
	return v, err == nil && v >= lo && v <= hi
}

// Same is the kernel that hands a value on unchanged, for a CAST that only renames its type.
func Same(t types.Type) Kernel {
	switch t.Kind.Physical() {
	case types.FloatValues:
		return func(_ *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
			for _, i := range sel {
				out.Float[i] = args[0].Float[i]
			}
		}
	case types.StrValues:
		return func(_ *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
			for _, i := range sel {
				out.Str[i] = args[0].Str[i]
			}
		}
	}
	return sameInt
}
