package searchindex

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/aggregate"
	"github.com/millrace/millrace/internal/searchindex/column"
	"github.com/millrace/millrace/internal/searchindex/date"
	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// shownMembers are the members of a hit that a request asks for beside its source.
type shownMembers struct {
	version, seq bool
	stored       bool         // stored_fields was given: no source unless asked for
	docvalues    []shownField // docvalue_fields, sorted values
	fields       []shownField // fields, values in the order of the document
	highlight    *highlight
}

type shownField struct {
	pattern string
	format  *date.Format
}

func (s *shownMembers) member(m jsontree.Member) (err *wire.Error) {
	switch m.Name {
	case "version":
		s.version = m.Value.Text == "true"
	case "seq_no_primary_term":
		s.seq = m.Value.Text == "true"
	case "docvalue_fields":
		s.docvalues, err = parseShownFields(m.Value)
	case "fields":
		s.fields, err = parseShownFields(m.Value)
	case "stored_fields":
		s.stored = true
		for _, name := range texts(m.Value) {
			if name != "*" && name != "_none_" && name != "_source" {
				return wire.Unsupported("[stored_fields: " + name + "]")
			}
		}
	}
	return err
}

// parseShownFields = [ name | {field: name, format: format}, … ]
func parseShownFields(v jsontree.Value) ([]shownField, *wire.Error) {
	var out []shownField
	for _, e := range v.Elems {
		if e.Kind == jsontree.String {
			out = append(out, shownField{pattern: e.Text})
			continue
		}
		field, _ := e.Get("field")
		shown := shownField{pattern: field.Text}
		if format, ok := e.Get("format"); ok && format.Text != "use_field_mapping" {
			f, err := date.NewFormat(format.Text)
			if err != nil {
				return nil, wire.IllegalArgument("%s", err.Error())
			}
			shown.format = &f
		}
		out = append(out, shown)
	}
	return out, nil
}

func (s *searcher) hit(h hit) (wire.Object, error) {
	d, found, err := s.view.At(s.request.Context(), h.index, h.place)
	if err != nil {
		return nil, err
	}
	if !found {
		panic("BUG: a document that lives is not stored: index " + h.index.Name)
	}
	o := wire.Object{{Name: "_index", Value: h.index.Name}, {Name: "_id", Value: d.ID}}
	if s.asked.shown.version {
		o = append(o, wire.Member{Name: "_version", Value: d.Version})
	}
	if s.asked.shown.seq {
		o = append(o, wire.Member{Name: "_seq_no", Value: d.Seq}, wire.Member{Name: "_primary_term", Value: 1})
	}
	var score any
	if !s.asked.sort.byField() {
		score = s.asked.query.Score()
	}
	o = append(o, wire.Member{Name: "_score", Value: score})
	if source, keep := s.asked.source.apply(d.Source); keep {
		o = append(o, wire.Member{Name: "_source", Value: json.RawMessage(source)})
	}
	fields, err := s.fieldsOf(h)
	if err != nil {
		return nil, err
	}
	if len(fields) > 0 {
		o = append(o, wire.Member{Name: "fields", Value: fields})
	}
	if s.asked.shown.highlight != nil {
		marked, err := s.highlighted(h)
		if err != nil {
			return nil, err
		}
		if len(marked) > 0 {
			o = append(o, wire.Member{Name: "highlight", Value: marked})
		}
	}
	if len(s.asked.sort) > 0 {
		o = append(o, wire.Member{Name: "sort", Value: h.shown(s.asked.sort, s.asked.query.Score())})
	}
	return o, nil
}

// fieldsOf is the member "fields" of a hit.
func (s *searcher) fieldsOf(h hit) (o wire.Object, err error) {
	for _, f := range s.asked.shown.docvalues {
		if o, err = s.appendField(o, h, f, true); err != nil {
			return nil, err
		}
	}
	for _, f := range s.asked.shown.fields {
		if o, err = s.appendField(o, h, f, false); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func (s *searcher) appendField(o wire.Object, h hit, shown shownField, sorted bool) (wire.Object, error) {
	for _, f := range h.index.Mapping.Fields() {
		if !like(shown.pattern, f.Path) {
			continue
		}
		if f.Type == mapping.Text && sorted {
			if strings.Contains(shown.pattern, "*") {
				continue
			}
			return nil, aggregate.NeedsKeyword(f.Path).InShard(h.index.Name, node)
		}
		c, err := s.view.Column(s.request.Context(), h.index, int(h.place/column.SegmentSize), f.Column)
		if err != nil {
			return nil, err
		}
		values := fieldValues(f, c, int(h.place%column.SegmentSize), shown.format, sorted)
		if len(values) == 0 {
			continue
		}
		at := slices.IndexFunc(o, func(m wire.Member) bool { return m.Name == f.Path })
		switch {
		case at < 0:
			o = append(o, wire.Member{Name: f.Path, Value: values})
		case sorted: // asked for twice, in two formats
			o[at].Value = append(o[at].Value.([]any), values...)
		default:
			o[at].Value = values
		}
	}
	return o, nil
}

// fieldValues are the values of a document as answers show them.
func fieldValues(f *mapping.Field, c *column.Column, doc int, format *date.Format, sorted bool) (out []any) {
	if c == nil || !c.Has.Has(doc) {
		return nil
	}
	switch c.Class {
	case mapping.Ints:
		values := append([]int64{c.Ints[doc]}, c.MoreInts[int32(doc)]...)
		if sorted {
			slices.Sort(values)
		}
		for _, v := range values {
			out = append(out, wholeValue(f, v, format))
		}
	case mapping.Floats:
		values := append([]float64{c.Floats[doc]}, c.MoreFloats[int32(doc)]...)
		if sorted {
			slices.Sort(values)
		}
		for _, v := range values {
			out = append(out, v)
		}
	default:
		var values []string
		for _, code := range append([]uint32{c.Codes[doc]}, c.MoreCodes[int32(doc)]...) {
			if f.Accepts(c.Dict[code]) {
				values = append(values, c.Dict[code])
			}
		}
		if sorted {
			slices.Sort(values)
		}
		for _, v := range values {
			out = append(out, v)
		}
	}
	return out
}

func wholeValue(f *mapping.Field, v int64, format *date.Format) any {
	switch {
	case f.Type == mapping.Boolean:
		return v != 0
	case f.Type == mapping.Date && format != nil:
		return format.Print(v)
	case f.Type == mapping.Date:
		return f.Format.Print(v)
	}
	return v
}
