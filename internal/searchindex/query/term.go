package query

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// Terms matches documents that have one of the values exactly. In text fields, exactly one word.
type Terms struct {
	Field  string
	Values []jsontree.Value
}

func (Terms) Score() float64 { return 1 }

func (q Terms) Compile(x *Index) (Matcher, *wire.Error) {
	switch q.Field {
	case "_id":
		return IDs{q.texts()}.Compile(x)
	case "_index":
		if slices.Contains(q.texts(), x.Name) {
			return all{}, nil
		}
		return none{}, nil
	}
	f := x.Mapping.Field(q.Field)
	if f == nil {
		return none{}, nil
	}
	switch f.Type.Class() {
	case mapping.Strings:
		wanted := map[string]bool{}
		for _, text := range q.texts() {
			wanted[text] = true
		}
		return stringsIn(f, func(s string) bool { return wanted[s] }), nil
	case mapping.Floats:
		return q.floats(f, x)
	}
	return q.ints(f, x)
}

// stringsIn asks a keyword's whole value, a text's words.
func stringsIn(f *mapping.Field, wanted func(string) bool) Matcher {
	if f.Type == mapping.Text {
		return stringPredicate{f, func(text string) bool { return hasToken(text, wanted) }}
	}
	return stringPredicate{f, wanted}
}

func (q Terms) texts() []string {
	out := make([]string, len(q.Values))
	for i, v := range q.Values {
		out[i] = v.Text
	}
	return out
}

func (q Terms) floats(f *mapping.Field, x *Index) (Matcher, *wire.Error) {
	var wanted []float64
	for _, v := range q.Values {
		n, err := number(v)
		if err != nil {
			return nil, failed(x, err)
		}
		if f.Type == mapping.Float {
			n = float64(float32(n))
		}
		wanted = append(wanted, n)
	}
	return floatPredicate{f.Column, func(v float64) bool { return slices.Contains(wanted, v) }}, nil
}

func (q Terms) ints(f *mapping.Field, x *Index) (Matcher, *wire.Error) {
	set := map[int64]bool{}
	m := combined{minimum: 1}
	for _, v := range q.Values {
		low, high, err := span(f, v, x)
		switch {
		case err != nil:
			return nil, err
		case low == high:
			set[low] = true
		case low < high:
			m.optional = append(m.optional, intRange{f.Column, low, high})
		}
	}
	if len(set) == 1 && len(m.optional) == 0 {
		for v := range set {
			return intRange{f.Column, v, v}, nil
		}
	}
	m.optional = append(m.optional, intSet{f.Column, set})
	return m, nil
}

// span is the range of whole numbers that a value of a query stands for: a date that leaves parts out is a span, a
// fraction is an empty one (low > high).
func span(f *mapping.Field, v jsontree.Value, x *Index) (low, high int64, err *wire.Error) {
	switch f.Type {
	case mapping.Boolean:
		switch v.Text {
		case "true":
			return 1, 1, nil
		case "false", "":
			return 0, 0, nil
		}
		return 0, 0, failed(x, wire.IllegalArgument("Can't parse boolean value [%s], expected [true] or [false]", v.Text))
	case mapping.Date:
		low, high, ok := f.Format.Resolve(v.Text, x.Now)
		if !ok {
			return 0, 0, badDate(f, v.Text, x)
		}
		return low, high, nil
	}
	if n, err := strconv.ParseInt(v.Text, 10, 64); err == nil {
		return n, n, nil
	}
	n, err := number(v)
	if err != nil {
		return 0, 0, failed(x, err)
	}
	low, high = floorInt(n), ceilInt(n)
	if low != high || math.Abs(n) >= 1<<63 {
		return 1, 0, nil
	}
	return low, high, nil
}

func badDate(f *mapping.Field, text string, x *Index) *wire.Error {
	cause := mapping.BadDate(text, f)
	outer := wire.Errorf("parse_exception", "%s: [%s]", cause.Reason, cause.Reason)
	outer.CausedBy = cause
	e := failed(x, outer)
	e.Root = outer
	return e
}

func number(v jsontree.Value) (float64, *wire.Error) {
	n, err := strconv.ParseFloat(v.Text, 64)
	if err != nil && !math.IsInf(n, 0) || strings.ContainsAny(v.Text, "xXpP_nN") || v.Kind == jsontree.Bool {
		return 0, wire.Errorf("number_format_exception", "For input string: \"%s\"", v.Text)
	}
	return n, nil
}

// floorInt and ceilInt stop at the ends of int64.
func floorInt(f float64) int64 { return clampInt(math.Floor(f)) }
func ceilInt(f float64) int64  { return clampInt(math.Ceil(f)) }

func clampInt(f float64) int64 {
	switch {
	case f >= 1<<63:
		return math.MaxInt64
	case f < -1<<63:
		return math.MinInt64
	}
	return int64(f)
}

// Match matches the words of a text: any of them, or with And all. In other fields it is an exact match.
type Match struct {
	Field   string
	Value   jsontree.Value
	And     bool
	Lenient bool // a value that cannot stand in the field matches nothing
}

func (Match) Score() float64 { return 1 }

func (q Match) Compile(x *Index) (Matcher, *wire.Error) {
	f := x.Mapping.Field(q.Field)
	if f == nil || f.Type != mapping.Text {
		m, err := Terms{q.Field, []jsontree.Value{q.Value}}.Compile(x)
		if err != nil && q.Lenient {
			return none{}, nil
		}
		return m, err
	}
	wanted := map[string]bool{}
	for _, token := range Analyze(q.Value.Text) {
		wanted[token] = true
	}
	if q.And {
		return stringPredicate{f, func(text string) bool { return hasAll(text, wanted) }}, nil
	}
	return stringPredicate{f, func(text string) bool { return hasToken(text, func(t string) bool { return wanted[t] }) }}, nil
}

func hasAll(text string, wanted map[string]bool) bool {
	seen := map[string]bool{}
	for _, token := range Analyze(text) {
		if wanted[token] {
			seen[token] = true
		}
	}
	return len(wanted) > 0 && len(seen) == len(wanted)
}
