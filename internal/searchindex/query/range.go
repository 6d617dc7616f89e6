package query

import (
	"math"
	"time"

	"github.com/millrace/millrace/internal/searchindex/date"
	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// Range matches values between bounds; nil is no bound.
type Range struct {
	Field     string
	Low, High *jsontree.Value
	OpenLow   bool // gt instead of gte
	OpenHigh  bool // lt instead of lte
	Format    *date.Format
	Zone      *time.Location // of dates without one; nil: UTC
}

func (Range) Score() float64 { return 1 }

func (q Range) Compile(x *Index) (Matcher, *wire.Error) {
	f := x.Mapping.Field(q.Field)
	if f == nil {
		return none{}, nil
	}
	if (q.Format != nil || q.Zone != nil) && f.Type == mapping.Date {
		formatted := *f
		if q.Format != nil {
			formatted.Format = *q.Format
		}
		formatted.Format = formatted.Format.In(q.Zone)
		f = &formatted
	}
	switch f.Type.Class() {
	case mapping.Strings:
		return stringsIn(f, q.holdsString), nil
	case mapping.Floats:
		return q.floats(f, x)
	}
	return q.ints(f, x)
}

func (q Range) holdsString(s string) bool {
	if q.Low != nil && (s < q.Low.Text || q.OpenLow && s == q.Low.Text) {
		return false
	}
	return q.High == nil || s < q.High.Text || !q.OpenHigh && s == q.High.Text
}

func (q Range) floats(f *mapping.Field, x *Index) (Matcher, *wire.Error) {
	low, high := math.Inf(-1), math.Inf(1)
	for _, bound := range []struct {
		value *jsontree.Value
		into  *float64
	}{{q.Low, &low}, {q.High, &high}} {
		if bound.value == nil {
			continue
		}
		n, err := number(*bound.value)
		if err != nil {
			return nil, failed(x, err)
		}
		if *bound.into = n; f.Type == mapping.Float {
			*bound.into = float64(float32(n))
		}
	}
	openLow, openHigh := q.OpenLow && q.Low != nil, q.OpenHigh && q.High != nil
	return floatPredicate{f.Column, func(v float64) bool {
		return v >= low && v <= high && !(openLow && v == low) && !(openHigh && v == high)
	}}, nil
}

// ints makes both bounds inclusive. What a date bound leaves out counts to the side that keeps gt and lte beyond it.
func (q Range) ints(f *mapping.Field, x *Index) (Matcher, *wire.Error) {
	low, high := int64(math.MinInt64), int64(math.MaxInt64)
	if q.Low != nil {
		first, last, err := q.bound(f, *q.Low, x)
		if err != nil {
			return nil, err
		}
		if low = first; q.OpenLow {
			if last == math.MaxInt64 {
				return none{}, nil
			}
			low = last + 1
		}
	}
	if q.High != nil {
		first, last, err := q.bound(f, *q.High, x)
		if err != nil {
			return nil, err
		}
		if high = last; q.OpenHigh {
			if first == math.MinInt64 {
				return none{}, nil
			}
			high = first - 1
		}
	}
	return intRange{f.Column, low, high}, nil
}

// bound is the span of a bound. A fraction f has the span ceil(f)..floor(f), which is empty and makes gte, gt, lte and
// lt come out right.
func (q Range) bound(f *mapping.Field, v jsontree.Value, x *Index) (first, last int64, err *wire.Error) {
	first, last, err = span(f, v, x)
	if err != nil || first <= last {
		return first, last, err
	}
	n, err := number(v)
	if err != nil {
		return 0, 0, failed(x, err)
	}
	return ceilInt(n), floorInt(n), nil
}
