package query

import (
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/mapping"
)

// Highlight puts marks around what of a field's value the query matched. Words are marked one by one, in a keyword the
// whole value; ok is false when nothing is.
func Highlight(q Query, x *Index, f *mapping.Field, value, before, after string) (marked string, ok bool) {
	if f.Type != mapping.Text {
		for _, holds := range marks(q, x, f) {
			if len(holds([]string{value})) > 0 {
				return before + value + after, true
			}
		}
		return "", false
	}
	var words []string
	var places [][2]int
	eachToken(value, func(start, end int, token string) {
		words, places = append(words, token), append(places, [2]int{start, end})
	})
	hit := map[int]bool{}
	for _, find := range marks(q, x, f) {
		for _, i := range find(words) {
			hit[i] = true
		}
	}
	if len(hit) == 0 {
		return "", false
	}
	var b strings.Builder
	at := 0
	for i, place := range places {
		if hit[i] {
			b.WriteString(value[at:place[0]] + before + value[place[0]:place[1]] + after)
			at = place[1]
		}
	}
	b.WriteString(value[at:])
	return b.String(), true
}

// marks are functions that find, among the words of a value, the places of those that a part of the query means.
func marks(q Query, x *Index, f *mapping.Field) (out []func([]string) []int) {
	switch q := q.(type) {
	case Bool:
		for _, list := range [][]Query{q.Must, q.Filter, q.Should} {
			for _, part := range list {
				out = append(out, marks(part, x, f)...)
			}
		}
	case anywhere:
		for _, field := range q.named(x) {
			if field == f.Path {
				out = append(out, marks(q.in(field), x, f)...)
			}
		}
	case String:
		p := stringParser{tokens: tokenize(q.Text), query: q, fields: q.Fields}
		if parsed, problem := p.parse(0); problem == "" {
			return marks(parsed, x, f)
		}
	case Terms:
		if q.Field == f.Path {
			wanted := q.texts()
			out = append(out, each(func(word string) bool { return slices.Contains(wanted, word) }))
		}
	case Match:
		if q.Field == f.Path {
			wanted := wordsOf(f, q.Value.Text)
			out = append(out, each(func(word string) bool { return slices.Contains(wanted, word) }))
		}
	case Phrase:
		if q.Field == f.Path {
			wanted := wordsOf(f, q.Value.Text)
			out = append(out, func(words []string) (places []int) {
				for i := 0; i+len(wanted) <= len(words); i++ {
					row := words[i : i+len(wanted)]
					if hasRow(row, wanted) || q.Prefix && hasRowPrefix(row, wanted) {
						for j := range wanted {
							places = append(places, i+j)
						}
					}
				}
				return places
			})
		}
	case Pattern:
		if q.Field == f.Path {
			if q.analyzed && f.Type == mapping.Text {
				q.Text = strings.ToLower(q.Text)
			}
			if holds, err := q.predicate(); err == nil {
				out = append(out, each(holds))
			}
		}
	}
	return out
}

func wordsOf(f *mapping.Field, text string) []string {
	if f.Type == mapping.Text {
		return Analyze(text)
	}
	return []string{text}
}

// each finds the words for which a predicate holds.
func each(holds func(string) bool) func([]string) []int {
	return func(words []string) (places []int) {
		for i, word := range words {
			if holds(word) {
				places = append(places, i)
			}
		}
		return places
	}
}
