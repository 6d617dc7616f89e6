package searchindex

import (
	"math"
	"strconv"
	"time"

	"github.com/millrace/millrace/internal/searchindex/date"
	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// enterAfter reads search_after as values of the fields of the index being read.
func (t *topHits) enterAfter() *wire.Error {
	if t.after == nil {
		return nil
	}
	switch {
	case len(t.sort) == 0:
		return wire.IllegalArgument("Sort must contain at least one field.")
	case len(t.after) != len(t.sort):
		return wire.IllegalArgument("search_after has %d value(s) but sort has %d.", len(t.after), len(t.sort))
	}
	t.border = t.border[:0]
	for i, v := range t.after {
		value, cause := borderValue(t.sort[i], t.fields[i], v)
		if cause != nil {
			e := wire.IllegalArgument("Failed to parse search_after value for field [%s].", t.sort[i].field)
			e.CausedBy = cause
			return e
		}
		t.border = append(t.border, value)
	}
	return nil
}

// borderValue reads one value as answers show it in "sort": a missing number is the largest or smallest one.
func borderValue(key sortKey, f *mapping.Field, v jsontree.Value) (sortValue, *wire.Error) {
	if v.Kind == jsontree.Null {
		return sortValue{missing: true, class: mapping.Strings}, nil
	}
	if key.field == "_score" { // every hit has the same
		return sortValue{}, nil
	}
	class := mapping.Ints
	if f != nil {
		class = f.Type.Class()
	}
	if class == mapping.Strings {
		return sortValue{class: class, text: v.Text}, nil
	}
	if f != nil && f.Type == mapping.Date && v.Kind == jsontree.String {
		format := f.Format
		if _, err := strconv.ParseInt(v.Text, 10, 64); err == nil {
			format = date.Default()
		}
		ms, _, ok := format.Resolve(v.Text, time.Time{})
		if !ok {
			return sortValue{}, mapping.BadDate(v.Text, f)
		}
		return sortValue{class: class, whole: ms}, nil
	}
	bad := wire.Errorf("number_format_exception", "For input string: \"%s\"", v.Text)
	if class == mapping.Floats {
		n, err := strconv.ParseFloat(v.Text, 64)
		if err != nil {
			return sortValue{}, bad
		}
		return sortValue{class: class, number: n, missing: math.IsInf(n, 0)}, nil
	}
	switch v.Text {
	case "true":
		return sortValue{whole: 1}, nil
	case "false":
		return sortValue{}, nil
	}
	n, err := strconv.ParseInt(v.Text, 10, 64)
	if err != nil {
		return sortValue{}, bad
	}
	return sortValue{whole: n, missing: n == math.MaxInt64 || n == math.MinInt64}, nil
}
