package query

import (
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// Phrase matches a text that has the words in a row; in other fields it is an exact match.
type Phrase struct {
	Field  string
	Value  jsontree.Value
	Prefix bool // the last word may go on
}

func (Phrase) Score() float64 { return 1 }

func (q Phrase) Compile(x *Index) (Matcher, *wire.Error) {
	f := x.Mapping.Field(q.Field)
	switch {
	case f == nil || f.Type != mapping.Text && !q.Prefix:
		return Terms{q.Field, []jsontree.Value{q.Value}}.Compile(x)
	case f.Type != mapping.Text:
		e := wire.IllegalArgument("Can only use phrase prefix queries on text fields - not on [%s] which is of type [%s]", q.Field, f.Type)
		return nil, failed(x, e)
	}
	wanted := Analyze(q.Value.Text)
	if q.Prefix {
		return stringPredicate{f, func(s string) bool { return hasRowPrefix(Analyze(s), wanted) }}, nil
	}
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

func hasRowPrefix(tokens, row []string) bool {
	n := len(row) - 1
	for i := 0; n >= 0 && i+n < len(tokens); i++ {
		if slices.Equal(tokens[i:i+n], row[:n]) && strings.HasPrefix(tokens[i+n], row[n]) {
			return true
		}
	}
	return false
}
