package query

import (
	"slices"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// anywhere looks for a value in every field where it can stand: a word not in numbers, a number not in dates.
type anywhere struct{ value jsontree.Value }

func (anywhere) Score() float64 { return 1 }

func (q anywhere) Compile(x *Index) (Matcher, *wire.Error) {
	m := combined{minimum: 1}
	for _, f := range x.Mapping.Fields() {
		if part, err := (Match{Field: f.Path, Value: q.value}).Compile(x); err == nil {
			m.optional = append(m.optional, part)
		}
	}
	return m, nil
}

// quoted is a phrase: in a text its words in a row, elsewhere the exact value.
type quoted struct {
	field string
	text  string
}

func (quoted) Score() float64 { return 1 }

func (q quoted) Compile(x *Index) (Matcher, *wire.Error) {
	value := text(q.text)
	if q.field == "" || q.field == "*" {
		return anywhere{value}.Compile(x)
	}
	f := x.Mapping.Field(q.field)
	if f == nil || f.Type != mapping.Text {
		return Terms{q.field, []jsontree.Value{value}}.Compile(x)
	}
	wanted := Analyze(q.text)
	return stringPredicate{f, func(s string) bool { return hasRow(Analyze(s), wanted) }}, nil
}

func hasRow(tokens, row []string) bool {
	for i := 0; len(row) > 0 && i+len(row) <= len(tokens); i++ {
		if slices.Equal(tokens[i:i+len(row)], row) {
			return true
		}
	}
	return false
}
