package searchindex

import (
	"maps"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/query"
	"github.com/millrace/millrace/internal/searchindex/store"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// capability is what a field of one name and type can be asked for, and in which indices.
type capability struct {
	searchable, aggregatable bool
	indices                  []string
}

// metaFields are the fields that every index has, as a real server lists them.
var metaFields = map[string]capability{
	"_id": {searchable: true, aggregatable: true}, "_index": {searchable: true, aggregatable: true}, "_seq_no": {searchable: true, aggregatable: true},
	"_source": {}, "_version": {}, "_feature": {}, "_data_stream_timestamp": {},
	"_routing": {searchable: true}, "_ignored": {searchable: true}, "_nested_path": {searchable: true}, "_field_names": {searchable: true},
}

// fieldCaps tells which fields the indices have, of which types; a field of several types names the indices of each.
func fieldCaps(r *request) answer {
	patterns, err := r.fieldPatterns()
	if err != nil {
		return refusal(err)
	}
	names, found := []string{}, map[string]map[string]*capability{}
	failed := r.domain.index.store.View(r.domain.name, func(v *store.View) error {
		indices, err := r.resolve(viewLister{v})
		if err != nil {
			return err
		}
		for _, x := range indices {
			names = append(names, x.Name)
			eachCapability(x, func(path, kind string, c capability) {
				if !slices.ContainsFunc(patterns, func(p string) bool { return like(p, path) }) {
					return
				}
				if found[path] == nil {
					found[path] = map[string]*capability{}
				}
				if found[path][kind] == nil {
					found[path][kind] = &c
				}
				found[path][kind].indices = append(found[path][kind].indices, x.Name)
			})
		}
		return nil
	})
	if failed != nil {
		return failure(failed)
	}
	fields := wire.Object{}
	for _, path := range slices.Sorted(maps.Keys(found)) {
		fields = append(fields, wire.Member{Name: path, Value: capabilitiesObject(found[path])})
	}
	return answer{object: wire.Object{{Name: "indices", Value: names}, {Name: "fields", Value: fields}}}
}

func capabilitiesObject(kinds map[string]*capability) wire.Object {
	o := wire.Object{}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		c := kinds[kind]
		shown := wire.Object{{Name: "type", Value: kind}, {Name: "searchable", Value: c.searchable}, {Name: "aggregatable", Value: c.aggregatable}}
		if len(kinds) > 1 {
			shown = append(shown, wire.Member{Name: "indices", Value: c.indices})
		}
		o = append(o, wire.Member{Name: kind, Value: shown})
	}
	return o
}

// fieldPatterns come from the parameter or from the body.
func (r *request) fieldPatterns() ([]string, *wire.Error) {
	if unmapped, err := r.flag("include_unmapped", false); err != nil || unmapped {
		return nil, wire.Unsupported("[include_unmapped]")
	}
	var patterns []string
	if given := r.params.Get("fields"); given != "" {
		patterns = strings.Split(given, ",")
	}
	if strings.TrimSpace(r.body) != "" {
		v, err := r.object()
		if err != nil {
			return nil, err
		}
		for _, m := range v.Members {
			if m.Name != "fields" {
				return nil, wire.Unsupported("[" + m.Name + "] of _field_caps")
			}
			patterns = append(patterns, texts(m.Value)...)
		}
	}
	if len(patterns) == 0 {
		return nil, wire.Errorf("action_request_validation_exception", "Validation Failed: 1: no fields specified;")
	}
	return patterns, nil
}

func eachCapability(x *store.Index, fn func(path, kind string, c capability)) {
	for name, c := range metaFields {
		fn(name, name, c)
	}
	fn("_doc_count", "long", capability{})
	for _, f := range x.Mapping.Fields() {
		fn(f.Path, string(f.Type), capability{searchable: true, aggregatable: f.Type != mapping.Text})
	}
	for _, path := range x.Mapping.Objects() {
		fn(path, "object", capability{})
	}
}

// getFieldMapping shows the mapping of the fields that the path names.
func getFieldMapping(r *request) answer {
	patterns := strings.Split(r.name, ",")
	return r.eachIndex(func(x *store.Index) any {
		o := wire.Object{}
		for _, f := range x.Mapping.Fields() {
			if !slices.ContainsFunc(patterns, func(p string) bool { return like(p, f.Path) }) {
				continue
			}
			last := f.Path[strings.LastIndexByte(f.Path, '.')+1:]
			o = append(o, wire.Member{Name: f.Path, Value: wire.Object{{Name: "full_name", Value: f.Path}, {Name: "mapping", Value: wire.Object{{Name: last, Value: f.Object()}}}}})
		}
		return wire.Object{{Name: "mappings", Value: o}}
	})
}

// resolveIndex lists the indices and aliases that an expression means, for those who choose among them.
func resolveIndex(r *request) answer {
	indices, aliases := []any{}, map[string][]string{}
	failed := r.domain.index.store.View(r.domain.name, func(v *store.View) error {
		found, err := r.resolve(viewLister{v})
		if err != nil {
			return err
		}
		for _, x := range found {
			o := wire.Object{{Name: "name", Value: x.Name}}
			if names := slices.Sorted(maps.Keys(x.Aliases)); len(names) > 0 {
				o = append(o, wire.Member{Name: "aliases", Value: names})
			}
			indices = append(indices, append(o, wire.Member{Name: "attributes", Value: []string{"open"}}))
			for name := range x.Aliases {
				if slices.ContainsFunc(parts(r.index), func(p string) bool { return like(p, name) }) {
					aliases[name] = append(aliases[name], x.Name)
				}
			}
		}
		return nil
	})
	if failed != nil {
		return failure(failed)
	}
	list := []any{}
	for _, name := range slices.Sorted(maps.Keys(aliases)) {
		list = append(list, wire.Object{{Name: "name", Value: name}, {Name: "indices", Value: aliases[name]}})
	}
	return answer{object: wire.Object{{Name: "indices", Value: indices}, {Name: "aliases", Value: list}, {Name: "data_streams", Value: []any{}}}}
}

// analyze shows the words of a text as the standard analyzer finds them.
func analyze(r *request) answer {
	v, err := r.object()
	if err != nil {
		return refusal(err)
	}
	var all []string
	for _, m := range v.Members {
		switch {
		case m.Name == "text":
			all = texts(m.Value)
		case m.Name == "analyzer" && m.Value.Text == "standard", m.Name == "field" && m.Value.Kind == jsontree.String:
		default:
			return refusal(wire.Unsupported("[" + m.Name + ": " + m.Value.Plain() + "] of _analyze"))
		}
	}
	if len(all) == 0 {
		return refusal(wire.Errorf("action_request_validation_exception", "Validation Failed: 1: text is missing;"))
	}
	tokens := []any{}
	at, position := 0, 0
	for _, text := range all {
		for _, token := range query.Tokens(text) {
			tokens = append(tokens, wire.Object{{Name: "token", Value: token.Text}, {Name: "start_offset", Value: at + token.Start}, {Name: "end_offset", Value: at + token.End},
				{Name: "type", Value: token.Kind}, {Name: "position", Value: position}})
			position++
		}
		at, position = at+len([]rune(text))+1, position+100
	}
	return answer{object: wire.Object{{Name: "tokens", Value: tokens}}}
}
