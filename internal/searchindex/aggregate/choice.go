package aggregate

import (
	"strconv"
	"time"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/query"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// choice says which terms have buckets: those of a list, or those that a regular expression matches.
type choice struct {
	listed  map[string]bool
	pattern func(string) bool // nil for a list
}

// choice = regular expression | [ value, … ]
func (p parser) choice(m jsontree.Member) (*choice, *wire.Error) {
	switch m.Value.Kind {
	case jsontree.Array:
		c := &choice{listed: map[string]bool{}}
		for _, e := range m.Value.Elems {
			c.listed[canonical(e.Text)] = true
		}
		return c, nil
	case jsontree.String:
		re, err := query.Regexp(m.Value.Text)
		if err != nil {
			return nil, err
		}
		return &choice{pattern: re.MatchString}, nil
	}
	return nil, wire.Unsupported("[" + m.Name + "] of aggregation [terms] by partition")
}

// canonical writes numbers in one way, so that 4 and 4.0 are the same.
func canonical(text string) string {
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return strconv.FormatFloat(n, 'g', -1, 64)
	}
	return text
}

func (c *choice) holds(text string) bool {
	if c.pattern != nil {
		return c.pattern(text)
	}
	return c.listed[text] || c.listed[canonical(text)]
}

func (s *spec) acceptsText(text string) bool {
	return (s.include == nil || s.include.holds(text)) && (s.exclude == nil || !s.exclude.holds(text))
}

// checkChoice refuses regular expressions about numbers.
func (s *spec) checkChoice(f *mapping.Field) *wire.Error {
	for _, c := range []*choice{s.include, s.exclude} {
		if f != nil && c != nil && c.pattern != nil {
			e := wire.Errorf("aggregation_execution_exception", "Aggregation [%s] cannot support regular expression style include/exclude settings as they can only be applied to string fields. "+
				"Use an array of numeric values for include/exclude clauses used to filter numeric fields", s.name)
			e.Status = 500
			return e
		}
	}
	return nil
}

// numberText writes the number that a key stands for.
func (k *keys) numberText(key int64) string {
	if k.class() == mapping.Floats {
		return strconv.FormatFloat(number(k, key), 'g', -1, 64)
	}
	return strconv.FormatInt(key, 10)
}

// number reads the value that stands for a missing one.
func (s *spec) number(v jsontree.Value, f *mapping.Field) (float64, *wire.Error) {
	switch {
	case f.Type == mapping.Boolean && (v.Text == "true" || v.Text == "false"):
		return float64(boolInt(v.Text == "true")), nil
	case f.Type == mapping.Date && v.Kind == jsontree.String:
		ms, _, ok := f.Format.Resolve(v.Text, time.Now())
		if !ok {
			return 0, mapping.BadDate(v.Text, f)
		}
		return float64(ms), nil
	}
	n, err := strconv.ParseFloat(v.Text, 64)
	if err != nil {
		return 0, wire.IllegalArgument("For input string: \"%s\"", v.Text)
	}
	return n, nil
}
