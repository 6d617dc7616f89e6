package function

import (
	"fmt"

	"github.com/millrace/millrace/internal/sql/types"
)

// Extract fits EXTRACT(unit FROM x): a field of a time or of an interval. It is BIGINT, and DECIMAL(5,3) for SECOND, which
// keeps the milliseconds; more digits where the interval is one of seconds alone.
func Extract(x Arg, u types.Unit) (Resolved, error) {
	t := x.Type
	if t.Kind == types.Null {
		t = types.Of(types.Timestamp)
	}
	field := fieldOf(t, u)
	if field == nil {
		return Resolved{}, fmt.Errorf("%s has no %s", t, u)
	}
	result := types.Type{Kind: types.Bigint}
	if u == types.Second {
		result = types.Type{Kind: types.Decimal, Precision: 5, Scale: 3}
		if t.Kind == types.Interval && t.From == types.Second {
			result.Precision = types.MaxPrecision
		}
	}
	return strict(Resolved{Args: []types.Type{t}, Type: result, Kernel: mapInt(field)}, []Arg{x}), nil
}

// fieldOf computes a field of a type, or is nil. The leading field of an interval holds all that is above it.
func fieldOf(t types.Type, u types.Unit) func(int64) int64 {
	switch {
	case t.Kind == types.IntervalMonth && u == types.Year:
		return func(v int64) int64 { return v / 12 }
	case t.Kind == types.IntervalMonth && u == types.Month:
		if t.From == types.Month {
			return func(v int64) int64 { return v }
		}
		return func(v int64) int64 { return v % 12 }
	case t.Kind == types.Interval && u >= t.From && u.Milliseconds() > 0:
		return func(v int64) int64 { return clock(v, u, u == t.From) }
	case (t.Kind == types.Date || t.Kind == types.Timestamp) && u <= types.Day:
		return func(v int64) int64 {
			year, month, day := types.CivilDate(types.FloorDiv(v, 86_400_000))
			return [3]int64{year, month, day}[u-types.Year]
		}
	case t.Kind.IsDatetime() && u > types.Day && t.Kind != types.Date:
		return func(v int64) int64 { return clock(v-types.FloorTo(v, types.Day), u, false) }
	case t.Kind == types.Date && u > types.Day:
		return func(int64) int64 { return 0 }
	}
	return nil
}

// clock is a field of a time in milliseconds. A leading field is not cut by the unit above it.
func clock(v int64, u types.Unit, leading bool) int64 {
	if u == types.Second {
		if leading {
			return v
		}
		return v % 60_000
	}
	v /= u.Milliseconds()
	if leading || u == types.Day {
		return v
	}
	return v % ((u - 1).Milliseconds() / u.Milliseconds())
}
