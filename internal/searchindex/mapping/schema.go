package mapping

import (
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/date"
	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// unsupportedTypes are the field types that a real server has and this one has not.
var unsupportedTypes = []string{
	"alias", "binary", "completion", "constant_keyword", "date_nanos", "date_range", "derived", "double_range", "flat_object", "float_range",
	"geo_point", "geo_shape", "half_float", "integer_range", "ip", "ip_range", "join", "knn_vector", "long_range", "match_only_text", "nested",
	"percolator", "rank_feature", "rank_features", "scaled_float", "search_as_you_type", "star_tree", "token_count", "unsigned_long", "wildcard", "xy_point", "xy_shape",
}

// unsupportedParameters are parameters of a field or a mapping that a real server has and this one has not.
var unsupportedParameters = []string{
	"_data_stream_timestamp", "_meta", "_routing", "_size", "_source", "analyzer", "boost", "coerce", "copy_to", "doc_values", "dynamic_date_formats",
	"dynamic_templates", "eager_global_ordinals", "enabled", "fielddata", "ignore_malformed", "include_in_all", "index", "index_options", "index_phrases",
	"index_prefixes", "locale", "meta", "norms", "normalizer", "null_value", "numeric_detection", "position_increment_gap", "print_format",
	"search_analyzer", "search_quote_analyzer", "similarity", "split_queries_on_whitespace", "store", "term_vector",
}

// Parse reads the mappings of a create-index request. What is not supported is refused by name.
func Parse(v jsontree.Value) (*Mapping, *wire.Error) {
	return New().Merge(v)
}

// Merge adds the fields of a put-mapping request. A field cannot change its type.
func (m *Mapping) Merge(v jsontree.Value) (*Mapping, *wire.Error) {
	if v.Kind != jsontree.Object {
		return nil, wire.Errorf("parse_exception", "mappings must be an object, found %s", Token(v))
	}
	next, err := m, (*wire.Error)(nil)
	for _, member := range v.Members {
		switch member.Name {
		case "properties":
			next, err = next.mergeProperties("", member.Value)
		case "dynamic":
			next, err = next.mergeDynamic("", member.Value)
		case "date_detection":
			copied := *next
			copied.dateDetection = member.Value.Text == "true"
			next = &copied
		default:
			if slices.Contains(unsupportedParameters, member.Name) {
				return nil, wire.Unsupported("mapping parameter [" + member.Name + "]")
			}
			err = inMapping(wire.Errorf("mapper_parsing_exception", "Root mapping definition has unsupported parameters:  [%s : %s]", member.Name, member.Value.Plain()))
		}
		if err != nil {
			return nil, err
		}
	}
	return next, nil
}

func inMapping(cause *wire.Error) *wire.Error {
	e := wire.Errorf("mapper_parsing_exception", "Failed to parse mapping [_doc]: %s", cause.Reason)
	e.CausedBy, e.Root = cause, cause
	return e
}

func (m *Mapping) mergeDynamic(object string, v jsontree.Value) (*Mapping, *wire.Error) {
	switch d := Dynamic(v.Text); d {
	case DynamicTrue, DynamicFalse, DynamicStrict:
		return m.withObject(object, d)
	}
	return nil, wire.Unsupported("[dynamic: " + v.Plain() + "]")
}

func (m *Mapping) mergeProperties(object string, v jsontree.Value) (*Mapping, *wire.Error) {
	next := m
	for _, member := range v.Members {
		if member.Name == "" || strings.Contains(member.Name, ".") {
			return nil, wire.Unsupported("field name [" + member.Name + "] in a mapping: an empty or dotted one")
		}
		var err *wire.Error
		if next, err = next.mergeField(join(object, member.Name), member.Value); err != nil {
			return nil, err
		}
	}
	return next, nil
}

func (m *Mapping) mergeField(path string, v jsontree.Value) (*Mapping, *wire.Error) {
	kind, typed := v.Get("type")
	if !typed || kind.Text == "object" {
		return m.mergeObject(path, v)
	}
	f, err := parseField(path, v, Type(kind.Text))
	if err != nil {
		return nil, err
	}
	if old := m.Field(path); old != nil && old.Type != f.Type {
		return nil, wire.IllegalArgument("mapper [%s] cannot be changed from type [%s] to [%s]", path, old.Type, f.Type)
	} else if old != nil && f.Type == Date && old.Format.Text != f.Format.Text {
		return nil, wire.IllegalArgument("Mapper for [%s] conflicts with existing mapper:\n\tCannot update parameter [format] from [%s] to [%s]", path, old.Format.Text, f.Format.Text)
	}
	if m.HasObject(path) {
		return nil, wire.IllegalArgument("can't merge a non object mapping [%s] with an object mapping", path)
	}
	if old := m.Field(path); old != nil {
		f.Multi = append(slices.DeleteFunc(slices.Clone(old.Multi), f.hasMulti), f.Multi...)
	}
	return m.with(f)
}

func (m *Mapping) mergeObject(path string, v jsontree.Value) (*Mapping, *wire.Error) {
	if m.Field(path) != nil {
		return nil, wire.IllegalArgument("can't merge a non object mapping [%s] with an object mapping", path)
	}
	next, err := m, (*wire.Error)(nil)
	if !m.HasObject(path) {
		if next, err = m.withObject(path, ""); err != nil {
			return nil, err
		}
	}
	for _, member := range v.Members {
		switch member.Name {
		case "type":
		case "dynamic":
			next, err = next.mergeDynamic(path, member.Value)
		case "properties":
			next, err = next.mergeProperties(path, member.Value)
		default:
			err = refuseParameter(member, path, "object")
		}
		if err != nil {
			return nil, err
		}
	}
	return next, nil
}

func parseField(path string, v jsontree.Value, t Type) (*Field, *wire.Error) {
	f := &Field{Path: path, Type: t, Column: path}
	if err := checkType(t, path); err != nil {
		return nil, err
	}
	if t == Date {
		f.Format = date.Default()
	}
	for _, p := range v.Members {
		switch {
		case p.Name == "type":
		case p.Name == "ignore_above" && t == Keyword:
			n, ok := p.Value.Int()
			if !ok || n < 1 || n > 1<<31-1 {
				return nil, inMapping(wire.IllegalArgument("[ignore_above] of field [%s] must be a positive number, found [%s]", path, p.Value.Plain()))
			}
			f.IgnoreAbove = int(n)
		case p.Name == "format" && t == Date:
			format, err := date.NewFormat(p.Value.Text)
			if err != nil {
				return nil, inMapping(wire.IllegalArgument("%s", err.Error()))
			}
			f.Format = format
		case p.Name == "fields" && t.Class() == Strings:
			for _, sub := range p.Value.Members {
				s, err := parseMultiField(f, sub)
				if err != nil {
					return nil, err
				}
				f.Multi = append(f.Multi, s)
			}
		case p.Name == "print_format" && t == Date && p.Value.Text == f.Format.First():
		default:
			return nil, refuseParameter(p, path, string(t))
		}
	}
	return f, nil
}

func (f *Field) hasMulti(other *Field) bool {
	return slices.ContainsFunc(f.Multi, func(sub *Field) bool { return sub.Path == other.Path })
}

func parseMultiField(parent *Field, m jsontree.Member) (*Field, *wire.Error) {
	kind, _ := m.Value.Get("type")
	sub, err := parseField(parent.Path+"."+m.Name, m.Value, Type(kind.Text))
	if err != nil {
		return nil, err
	}
	if sub.Type.Class() != Strings || len(sub.Multi) > 0 {
		return nil, wire.Unsupported("multi-field [" + sub.Path + "] of type [" + string(sub.Type) + "]")
	}
	sub.Column = parent.Path
	return sub, nil
}

func checkType(t Type, path string) *wire.Error {
	switch t {
	case Long, Integer, Short, Byte, Double, Float, Boolean, Date, Keyword, Text:
		return nil
	}
	if slices.Contains(unsupportedTypes, string(t)) {
		return wire.Unsupported("type [" + string(t) + "] of field [" + path + "]")
	}
	return inMapping(wire.Errorf("mapper_parsing_exception", "No handler for type [%s] declared on field [%s]", t, path))
}

func refuseParameter(p jsontree.Member, path, kind string) *wire.Error {
	if slices.Contains(unsupportedParameters, p.Name) {
		return wire.Unsupported("parameter [" + p.Name + "] of field [" + path + "]")
	}
	return inMapping(wire.Errorf("mapper_parsing_exception", "unknown parameter [%s] on mapper [%s] of type [%s]", p.Name, path, kind))
}

// Object writes the mapping as requests write it, names in order. Parse reads it back.
func (m *Mapping) Object() wire.Object {
	var o wire.Object
	if d := m.objects[""]; d != DynamicTrue {
		o = append(o, wire.Member{Name: "dynamic", Value: string(d)})
	}
	if !m.dateDetection {
		o = append(o, wire.Member{Name: "date_detection", Value: false})
	}
	if properties := m.properties(""); len(properties) > 0 {
		o = append(o, wire.Member{Name: "properties", Value: properties})
	}
	return o
}

func (m *Mapping) properties(object string) wire.Object {
	var o wire.Object
	for path, f := range m.fields {
		if parent(path) == object && f.Column == path {
			o = append(o, wire.Member{Name: strings.TrimPrefix(path[len(object):], "."), Value: f.Object()})
		}
	}
	for path, dynamic := range m.objects {
		if path == "" || parent(path) != object {
			continue
		}
		var inner wire.Object
		properties := m.properties(path)
		if len(properties) == 0 {
			inner = append(inner, wire.Member{Name: "type", Value: "object"})
		}
		if dynamic != "" {
			inner = append(inner, wire.Member{Name: "dynamic", Value: string(dynamic)})
		}
		if len(properties) > 0 {
			inner = append(inner, wire.Member{Name: "properties", Value: properties})
		}
		o = append(o, wire.Member{Name: strings.TrimPrefix(path[len(object):], "."), Value: inner})
	}
	slices.SortFunc(o, func(a, b wire.Member) int { return strings.Compare(a.Name, b.Name) })
	return o
}

// Object writes the field as a mapping writes it.
func (f *Field) Object() wire.Object {
	o := wire.Object{{Name: "type", Value: string(f.Type)}}
	if f.IgnoreAbove > 0 {
		o = append(o, wire.Member{Name: "ignore_above", Value: f.IgnoreAbove})
	}
	if f.Type == Date && f.Format.Text != date.DefaultFormat {
		o = append(o, wire.Member{Name: "format", Value: f.Format.Text})
		if f.Format.First() != f.Format.Text {
			o = append(o, wire.Member{Name: "print_format", Value: f.Format.First()})
		}
	}
	if len(f.Multi) > 0 {
		var multi wire.Object
		for _, sub := range f.Multi {
			multi = append(multi, wire.Member{Name: sub.Path[len(f.Path)+1:], Value: sub.Object()})
		}
		o = append(o, wire.Member{Name: "fields", Value: multi})
	}
	return o
}
