package query

import (
	"slices"
	"strconv"

	"github.com/millrace/millrace/internal/searchindex/date"
	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// MaxDepth is how deeply queries may nest; MaxTerms how many values a terms query may list.
const (
	MaxDepth = 20
	MaxTerms = 65536
)

// unsupported are the queries that a real server knows and this one does not.
var unsupported = []string{
	"boosting", "combined_fields", "common", "dis_max", "distance_feature", "function_score", "fuzzy", "geo_bounding_box", "geo_distance",
	"geo_polygon", "geo_shape", "has_child", "has_parent", "intervals", "knn", "match_bool_prefix", "more_like_this",
	"nested", "parent_id", "percolate", "pinned", "rank_feature", "script", "script_score", "simple_query_string",
	"span_near", "span_or", "span_term", "template", "terms_set", "wrapper",
}

// Parse reads the query object at v, a part of body.
func Parse(body string, v jsontree.Value) (Query, *wire.Error) {
	p := parser{body}
	return p.query(v, 0)
}

type parser struct{ body string }

func (p parser) errorf(at int, format string, args ...any) *wire.Error {
	return wire.Errorf("parsing_exception", format, args...).At(p.body, at)
}

// query = "{" name ":" content "}"
func (p parser) query(v jsontree.Value, depth int) (Query, *wire.Error) {
	if depth > MaxDepth {
		return nil, wire.IllegalArgument("The nested depth of the query exceeds the maximum nested depth for bool queries set in [indices.query.bool.max_nested_depth=%d]", MaxDepth)
	}
	if v.Kind != jsontree.Object {
		return nil, p.errorf(v.Offset, "[_na] query malformed, must start with start_object")
	}
	if len(v.Members) == 0 {
		return nil, wire.IllegalArgument("query malformed, empty clause found at [%s]", position(p.body, v.Offset+1))
	}
	if len(v.Members) > 1 {
		return nil, p.errorf(v.Members[1].Value.Offset, "[%s] malformed query, expected [END_OBJECT] but found [FIELD_NAME]", v.Members[0].Name)
	}
	name, content := v.Members[0].Name, v.Members[0].Value
	parse, known := map[string]func(parser, jsontree.Value, int) (Query, *wire.Error){
		"match_all": parser.matchAll, "match_none": parser.matchNone, "term": parser.term, "terms": parser.terms, "range": parser.rangeQuery,
		"match": parser.match, "exists": parser.exists, "ids": parser.ids, "bool": parser.boolQuery, "query_string": parser.queryString,
		"prefix": parser.prefix, "wildcard": parser.wildcard, "regexp": parser.regexp, "match_phrase": parser.matchPhrase,
		"match_phrase_prefix": parser.matchPhrasePrefix, "multi_match": parser.multiMatch, "constant_score": parser.constantScore,
	}[name]
	switch {
	case known && content.Kind != jsontree.Object:
		return nil, p.errorf(content.Offset, "[%s] query malformed, no start_object after query name", name)
	case known:
		return parse(p, content, depth)
	case slices.Contains(unsupported, name):
		return nil, wire.Unsupported("query [" + name + "]")
	}
	e := p.errorf(content.Offset, "unknown query [%s]", name)
	e.CausedBy = wire.Errorf("named_object_not_found_exception", "[%s] unknown field [%s]", position(p.body, content.Offset), name)
	return nil, e
}

func position(body string, offset int) string {
	line, col := wire.Position(body, offset)
	return strconv.Itoa(line) + ":" + strconv.Itoa(col)
}

// only refuses members other than the named ones; boost, which only relevance would need, is accepted as 1.
func (p parser) only(query string, v jsontree.Value, names ...string) *wire.Error {
	for _, m := range v.Members {
		if m.Name == "boost" && neutralBoost(m.Value) {
			continue
		}
		if !slices.Contains(names, m.Name) {
			return p.errorf(m.Value.Offset, "[%s] query does not support [%s]", query, m.Name)
		}
	}
	return nil
}

func neutralBoost(v jsontree.Value) bool { return v.Text == "1" || v.Text == "1.0" }

func (p parser) matchAll(v jsontree.Value, _ int) (Query, *wire.Error) {
	return MatchAll{}, p.only("match_all", v)
}

func (p parser) matchNone(v jsontree.Value, _ int) (Query, *wire.Error) {
	return MatchNone{}, p.only("match_none", v)
}

// field takes the one field of queries written {name: {field: value}}, or {field: {valueName: value, …}}.
func (p parser) field(query string, v jsontree.Value) (string, jsontree.Value, *wire.Error) {
	var fields []jsontree.Member
	for _, m := range v.Members {
		if m.Name != "boost" {
			fields = append(fields, m)
		}
	}
	switch {
	case len(fields) == 0:
		return "", v, wire.IllegalArgument("field name is null or empty")
	case len(fields) > 1:
		return "", v, p.errorf(fields[1].Value.Offset, "[%s] query doesn't support multiple fields, found [%s] and [%s]", query, fields[0].Name, fields[1].Name)
	}
	return fields[0].Name, fields[0].Value, nil
}

func (p parser) scalar(query string, v jsontree.Value) *wire.Error {
	switch v.Kind {
	case jsontree.Object, jsontree.Array:
		return p.errorf(v.Offset, "[%s] query does not support [%s]", query, mapping.Token(v))
	case jsontree.Null:
		return wire.IllegalArgument("value cannot be null")
	}
	return nil
}

func (p parser) term(v jsontree.Value, _ int) (Query, *wire.Error) {
	field, value, err := p.field("term", v)
	if err != nil {
		return nil, err
	}
	if value.Kind == jsontree.Object {
		if err := p.only("term", value, "value", "case_insensitive"); err != nil {
			return nil, err
		}
		if fold, _ := value.Get("case_insensitive"); fold.Text == "true" {
			return nil, wire.Unsupported("[term] case_insensitive")
		}
		value, _ = value.Get("value")
	}
	return Terms{field, []jsontree.Value{value}}, p.scalar("term", value)
}

func (p parser) terms(v jsontree.Value, _ int) (Query, *wire.Error) {
	field, list, err := p.field("terms", v)
	if err != nil {
		return nil, err
	}
	if list.Kind == jsontree.Object {
		return nil, wire.Unsupported("terms lookup")
	}
	if list.Kind != jsontree.Array {
		return nil, p.errorf(list.Offset, "[terms] query does not support [%s]", field)
	}
	if len(list.Elems) > MaxTerms {
		return nil, wire.IllegalArgument("The number of terms [%d] used in the Terms Query request has exceeded the allowed maximum of [%d]", len(list.Elems), MaxTerms)
	}
	for _, value := range list.Elems {
		if err := p.scalar("terms", value); err != nil {
			return nil, err
		}
	}
	return Terms{field, list.Elems}, nil
}

func (p parser) match(v jsontree.Value, _ int) (Query, *wire.Error) {
	field, value, err := p.field("match", v)
	if err != nil {
		return nil, err
	}
	q := Match{Field: field, Value: value}
	if value.Kind == jsontree.Object {
		if err := p.only("match", value, "query", "operator", "lenient"); err != nil {
			return nil, err
		}
		if q.And, err = operator(value, "operator"); err != nil {
			return nil, err
		}
		lenient, _ := value.Get("lenient")
		q.Lenient = lenient.Text == "true"
		q.Value, _ = value.Get("query")
	}
	return q, p.scalar("match", q.Value)
}

func (p parser) rangeQuery(v jsontree.Value, _ int) (Query, *wire.Error) {
	field, bounds, err := p.field("range", v)
	if err != nil {
		return nil, err
	}
	q := Range{Field: field}
	for _, m := range bounds.Members {
		value := m.Value
		switch m.Name {
		case "gte", "gt":
			if q.Low, q.OpenLow = &value, m.Name == "gt"; value.Kind == jsontree.Null {
				q.Low = nil
			}
		case "lte", "lt":
			if q.High, q.OpenHigh = &value, m.Name == "lt"; value.Kind == jsontree.Null {
				q.High = nil
			}
		case "format":
			f, err := date.NewFormat(value.Text)
			if err != nil {
				return nil, wire.IllegalArgument("%s", err.Error())
			}
			q.Format = &f
			continue
		case "time_zone":
			zone, ok := date.Zone(value.Text)
			if !ok {
				return nil, wire.Errorf("zone_rules_exception", "Unknown time-zone ID: %s", value.Text)
			}
			q.Zone = zone
			continue
		case "boost":
			if !neutralBoost(value) {
				return nil, wire.Unsupported("[range] boost [" + value.Text + "], other than 1,")
			}
			continue
		default:
			return nil, p.errorf(value.Offset, "[range] query does not support [%s]", m.Name)
		}
		if value.Kind != jsontree.Null {
			if err := p.scalar("range", value); err != nil {
				return nil, err
			}
		}
	}
	return q, nil
}

func (p parser) exists(v jsontree.Value, _ int) (Query, *wire.Error) {
	field, _ := v.Get("field")
	if field.Text == "" {
		return nil, p.errorf(v.Offset, "[exists] must be provided with a [field]")
	}
	return Exists{field.Text}, p.only("exists", v, "field")
}

func (p parser) ids(v jsontree.Value, _ int) (Query, *wire.Error) {
	var q IDs
	values, _ := v.Get("values")
	for _, id := range values.Elems {
		q.Values = append(q.Values, id.Text)
	}
	return q, p.only("ids", v, "values")
}

func (p parser) boolQuery(v jsontree.Value, depth int) (Query, *wire.Error) {
	q := Bool{MinimumShould: -1}
	for _, m := range v.Members {
		var into *[]Query
		switch m.Name {
		case "must":
			into = &q.Must
		case "filter":
			into = &q.Filter
		case "should":
			into = &q.Should
		case "must_not", "mustNot":
			into = &q.MustNot
		case "minimum_should_match":
			n, err := strconv.Atoi(m.Value.Text)
			if err != nil || n < 0 {
				return nil, wire.Unsupported("minimum_should_match [" + m.Value.Text + "], other than a number,")
			}
			q.MinimumShould = n
			continue
		case "adjust_pure_negative":
			if m.Value.Text == "false" {
				return nil, wire.Unsupported("[bool] adjust_pure_negative [false]")
			}
			continue
		case "boost":
			if !neutralBoost(m.Value) {
				return nil, wire.Unsupported("[bool] boost [" + m.Value.Text + "], other than 1,")
			}
			continue
		default:
			return nil, p.errorf(m.Value.Offset, "[bool] query does not support [%s]", m.Name)
		}
		clauses := []jsontree.Value{m.Value}
		if m.Value.Kind == jsontree.Array {
			clauses = m.Value.Elems
		}
		for _, clause := range clauses {
			sub, err := p.query(clause, depth+1)
			if err != nil {
				return nil, err
			}
			*into = append(*into, sub)
		}
	}
	return q, nil
}
