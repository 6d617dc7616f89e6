package query

import (
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/date"
	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

func (p parser) prefix(v jsontree.Value, _ int) (Query, *wire.Error) { return p.pattern("prefix", v) }
func (p parser) wildcard(v jsontree.Value, _ int) (Query, *wire.Error) {
	return p.pattern("wildcard", v)
}
func (p parser) regexp(v jsontree.Value, _ int) (Query, *wire.Error) { return p.pattern("regexp", v) }

// pattern = field ":" ( text | "{" "value" ":" text [ case_insensitive, rewrite … ] "}" )
func (p parser) pattern(kind string, v jsontree.Value) (Query, *wire.Error) {
	field, value, err := p.field(kind, v)
	if err != nil {
		return nil, err
	}
	q := Pattern{Field: field, Kind: kind}
	if value.Kind == jsontree.Object {
		// How a pattern is carried out and how many states it may have is no matter here.
		if err := p.only(kind, value, "value", kind, "case_insensitive", "rewrite", "max_determinized_states", "flags", "flags_value"); err != nil {
			return nil, err
		}
		if flags, ok := value.Get("flags"); ok && flags.Text != "ALL" && flags.Text != "NONE" {
			return nil, wire.Unsupported("[regexp] flags [" + flags.Text + "]")
		}
		fold, _ := value.Get("case_insensitive")
		q.CaseInsensitive = fold.Text == "true"
		inner, ok := value.Get("value")
		if !ok {
			inner, _ = value.Get(kind)
		}
		value = inner
	}
	q.Text = value.Text
	return q, p.scalar(kind, value)
}

func (p parser) matchPhrase(v jsontree.Value, _ int) (Query, *wire.Error) {
	return p.phrase("match_phrase", v, false)
}

func (p parser) matchPhrasePrefix(v jsontree.Value, _ int) (Query, *wire.Error) {
	return p.phrase("match_phrase_prefix", v, true)
}

func (p parser) phrase(name string, v jsontree.Value, prefix bool) (Query, *wire.Error) {
	field, value, err := p.field(name, v)
	if err != nil {
		return nil, err
	}
	q := Phrase{Field: field, Value: value, Prefix: prefix}
	if value.Kind == jsontree.Object {
		if err := p.only(name, value, "query", "slop", "max_expansions", "zero_terms_query"); err != nil {
			return nil, err
		}
		if slop, ok := value.Get("slop"); ok && slop.Text != "0" {
			return nil, wire.Unsupported("[" + name + "] slop [" + slop.Text + "]")
		}
		if zero, ok := value.Get("zero_terms_query"); ok && !strings.EqualFold(zero.Text, "none") {
			return nil, wire.Unsupported("[" + name + "] zero_terms_query [" + zero.Text + "]")
		}
		q.Value, _ = value.Get("query")
	}
	return q, p.scalar(name, q.Value)
}

// operator reads AND and OR.
func operator(v jsontree.Value, name string) (and bool, err *wire.Error) {
	o, _ := v.Get(name)
	switch strings.ToLower(o.Text) {
	case "and":
		return true, nil
	case "or", "":
		return false, nil
	}
	return false, wire.IllegalArgument("operator needs to be either OR or AND, but not [%s]", o.Text)
}

func (p parser) multiMatch(v jsontree.Value, _ int) (Query, *wire.Error) {
	if err := p.only("multi_match", v, "query", "fields", "type", "operator", "lenient", "tie_breaker"); err != nil {
		return nil, err
	}
	and, err := operator(v, "operator")
	if err != nil {
		return nil, err
	}
	value, ok := v.Get("query")
	if !ok {
		return nil, wire.IllegalArgument("No text specified for multi_match query")
	}
	fields, _ := v.Get("fields")
	lenient, _ := v.Get("lenient")
	q := anywhere{fields: listed(fields), lenient: lenient.Text == "true" || len(listed(fields)) == 0}
	switch kind, _ := v.Get("type"); kind.Text {
	case "", "best_fields", "most_fields":
		q.in = func(field string) Query { return Match{Field: field, Value: value, And: and} }
	case "phrase":
		q.in = func(field string) Query { return Phrase{Field: field, Value: value} }
	default:
		return nil, wire.Unsupported("[multi_match] type [" + kind.Text + "]")
	}
	return q, p.scalar("multi_match", value)
}

// listed lists a text or a list of texts.
func listed(v jsontree.Value) []string {
	if v.Kind == jsontree.String {
		return []string{v.Text}
	}
	var out []string
	for _, e := range v.Elems {
		out = append(out, e.Text)
	}
	return out
}

// constantScore is its filter; as every hit scores 1, so do its hits.
func (p parser) constantScore(v jsontree.Value, depth int) (Query, *wire.Error) {
	inner, ok := v.Get("filter")
	if !ok {
		return nil, p.errorf(v.Offset+len(v.Raw)-1, "[constant_score] requires a 'filter' element")
	}
	if err := p.only("constant_score", v, "filter"); err != nil {
		return nil, err
	}
	q, err := p.query(inner, depth+1)
	return Bool{Must: []Query{q}, MinimumShould: -1}, err
}

// queryStringParameters are those of query_string that are read; of the others, that say how to score and to analyze,
// some change nothing here.
var queryStringParameters = []string{
	"query", "default_operator", "default_field", "fields", "lenient", "analyze_wildcard", "allow_leading_wildcard", "auto_generate_synonyms_phrase_query",
	"enable_position_increments", "escape", "fuzzy_transpositions", "max_determinized_states", "type", "tie_breaker", "time_zone",
}

func (p parser) queryString(v jsontree.Value, _ int) (Query, *wire.Error) {
	text, ok := v.Get("query")
	if !ok {
		return nil, p.errorf(v.Offset, "[query_string] must be provided with a [query]")
	}
	if err := p.only("query_string", v, queryStringParameters...); err != nil {
		return nil, err
	}
	for name, only := range map[string][]string{"allow_leading_wildcard": {"true"}, "escape": {"false"}, "type": {"best_fields", "most_fields"}} {
		if given, ok := v.Get(name); ok && !slices.Contains(only, given.Text) {
			return nil, wire.Unsupported("[query_string] " + name + " [" + given.Text + "]")
		}
	}
	and, err := operator(v, "default_operator")
	if err != nil {
		return nil, err
	}
	lenient, _ := v.Get("lenient")
	q := String{Text: text.Text, And: and, Lenient: lenient.Text == "true"}
	if zone, ok := v.Get("time_zone"); ok {
		if q.Zone, ok = date.Zone(zone.Text); !ok {
			return nil, wire.Errorf("zone_rules_exception", "Unknown time-zone ID: %s", zone.Text)
		}
	}
	fields, _ := v.Get("fields")
	field, _ := v.Get("default_field")
	if q.Fields = listed(fields); field.Text != "" && field.Text != "*" {
		if len(q.Fields) > 0 {
			return nil, p.errorf(v.Offset, "[query_string] [default_field] and [fields] cannot be used together")
		}
		q.Fields = []string{field.Text}
	}
	return q, nil
}
