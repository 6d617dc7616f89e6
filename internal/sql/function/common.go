package function

import (
	"fmt"

	"github.com/millrace/millrace/internal/sql/types"
)

// digitsOf returns precision and scale of an exact number.
func digitsOf(t types.Type) (precision, scale int) {
	switch t.Kind {
	case types.Tinyint:
		return 3, 0
	case types.Smallint:
		return 5, 0
	case types.Integer:
		return 10, 0
	case types.Bigint:
		return types.MaxPrecision, 0
	}
	return t.Precision, t.Scale
}

// Common returns the type to which the values of a CASE, COALESCE or IN are brought.
func Common(all []types.Type) (types.Type, error) {
	result := types.Of(types.Null)
	nullable := false
	for _, t := range all {
		nullable = nullable || t.Nullable || t.Kind == types.Null
		switch {
		case t.Kind == types.Null:
		case result.Kind == types.Null:
			result = t
		default:
			var err error
			if result, err = common(result, t); err != nil {
				return types.Type{}, err
			}
		}
	}
	result.Nullable = nullable
	return result, nil
}

func common(a, b types.Type) (types.Type, error) {
	switch {
	case a.Kind.IsNumeric() && b.Kind.IsNumeric():
		return commonNumber(a, b), nil
	case a.Kind.IsText() && b.Kind.IsText():
		t := types.VarcharOf(max(a.Length, b.Length))
		if a.Length == 0 || b.Length == 0 {
			t.Length = 0
		}
		if a.Kind == types.Char && b.Kind == types.Char && a.Length == b.Length {
			t.Kind = types.Char
		}
		return t, nil
	case a.Kind == b.Kind && a.Kind.IsBytes():
		t := a
		if t.Length = max(a.Length, b.Length); a.Length == 0 || b.Length == 0 {
			t.Length = 0
		}
		return t, nil
	case a.Kind == types.Date && b.Kind == types.Timestamp, a.Kind == types.Timestamp && b.Kind == types.Date:
		return types.Of(types.Timestamp), nil
	case a.Kind.IsInterval() && a.Kind == b.Kind:
		return types.IntervalOf(min(a.From, b.From), max(a.To, b.To)), nil
	case a.Kind == b.Kind:
		return a, nil
	}
	return types.Type{}, fmt.Errorf("%s and %s have no common type; CAST one of them", a, b)
}

func commonNumber(a, b types.Type) types.Type {
	switch {
	case a.Kind.IsApprox() || b.Kind.IsApprox():
		if a.Kind == types.Real && b.Kind == types.Real {
			return types.Of(types.Real)
		}
		return types.Of(types.Double)
	case a.Kind == types.Decimal || b.Kind == types.Decimal:
		pa, sa := digitsOf(a)
		pb, sb := digitsOf(b)
		scale := max(sa, sb)
		return decimal(max(pa-sa, pb-sb)+scale, scale)
	case a.Kind > b.Kind:
		return types.Of(a.Kind)
	}
	return types.Of(b.Kind)
}
