package query

import (
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/wire"
)

// anywhere asks several fields, named or by pattern, and is content with one. Lenient, it passes over fields in which
// the value cannot stand: a word in numbers, a number in dates.
type anywhere struct {
	fields  []string // empty: every field
	lenient bool
	in      func(field string) Query
}

func (anywhere) Score() float64 { return 1 }

func (q anywhere) Compile(x *Index) (Matcher, *wire.Error) {
	m := combined{minimum: 1}
	for _, field := range q.named(x) {
		part, err := q.in(field).Compile(x)
		switch {
		case err == nil:
			m.optional = append(m.optional, part)
		case !q.lenient:
			return nil, err
		}
	}
	return m, nil
}

// named are the fields of this index that are meant. Boosts behind a name change no match.
func (q anywhere) named(x *Index) []string {
	var out []string
	patterns := q.fields
	if len(patterns) == 0 {
		patterns = []string{"*"}
	}
	for _, pattern := range patterns {
		pattern, _, _ = strings.Cut(pattern, "^")
		if !strings.Contains(pattern, "*") {
			out = append(out, pattern)
			continue
		}
		w := parseWildcard(pattern)
		for _, f := range x.Mapping.Fields() {
			if w.match(f.Path) {
				out = append(out, f.Path)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// oneField tells whether the list names a single field without a pattern.
func oneField(fields []string) (string, bool) {
	if len(fields) != 1 || strings.Contains(fields[0], "*") {
		return "", false
	}
	name, _, _ := strings.Cut(fields[0], "^")
	return name, name != ""
}
