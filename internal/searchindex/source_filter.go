package searchindex

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// sourceFilter says which part of a document an answer shows. The zero value shows all of it.
type sourceFilter struct {
	asked              bool // the request says it, one way or another
	none               bool
	includes, excludes []string // dotted paths with asterisks
}

// apply returns the source as it is to be shown; keep is false when it is not.
func (f sourceFilter) apply(source string) (shown string, keep bool) {
	if f.none {
		return "", false
	}
	if len(f.includes)+len(f.excludes) == 0 {
		return source, true
	}
	tree, err := jsontree.Parse(source)
	if err != nil {
		panic("BUG: stored document is no JSON: " + err.Error())
	}
	return string(wire.Append(nil, f.object("", tree))), true
}

func (f sourceFilter) object(prefix string, v jsontree.Value) wire.Object {
	o := wire.Object{}
	for _, m := range v.Members {
		if value, keep := f.value(prefix+m.Name, m.Value); keep {
			o = append(o, wire.Member{Name: m.Name, Value: value})
		}
	}
	return o
}

func (f sourceFilter) value(path string, v jsontree.Value) (any, bool) {
	if matchesPath(f.excludes, path) {
		return nil, false
	}
	if v.Kind == jsontree.Object && (len(f.excludes) > 0 || !matchesPath(f.includes, path)) {
		inner := f.object(path+".", v)
		return inner, len(inner) > 0
	}
	if len(f.includes) > 0 && !matchesPath(f.includes, path) {
		return nil, false
	}
	return json.RawMessage(v.Raw), true
}

// matchesPath reports whether a pattern names the path or an object around it.
func matchesPath(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		return like(pattern, path) || like(pattern+".*", path)
	})
}

// parseSource reads "_source" of a search: true, false, a pattern, a list, or includes and excludes.
func parseSource(body string, v jsontree.Value) (f sourceFilter, err *wire.Error) {
	f.asked = true
	switch v.Kind {
	case jsontree.Bool:
		f.none = v.Text == "false"
	case jsontree.String:
		f.includes = []string{v.Text}
	case jsontree.Array:
		f.includes = texts(v)
	case jsontree.Object:
		for _, m := range v.Members {
			switch m.Name {
			case "includes", "include":
				f.includes = texts(m.Value)
			case "excludes", "exclude":
				f.excludes = texts(m.Value)
			default:
				return f, wire.Errorf("parsing_exception", "Unknown key for a %s in [%s].", "START_ARRAY", m.Name).At(body, m.Value.Offset)
			}
		}
	}
	return f, nil
}

func texts(v jsontree.Value) []string {
	if v.Kind == jsontree.String {
		return []string{v.Text}
	}
	var out []string
	for _, e := range v.Elems {
		out = append(out, e.Text)
	}
	return out
}

// sourceParams reads _source, _source_includes and _source_excludes of the query string.
func (r *request) sourceParams() (f sourceFilter, err *wire.Error) {
	f.asked = r.params.Has("_source") || r.params.Has("_source_includes") || r.params.Has("_source_excludes")
	switch v := r.params.Get("_source"); v {
	case "", "true":
	case "false":
		f.none = true
	default:
		f.includes = strings.Split(v, ",")
	}
	if v := r.params.Get("_source_includes"); v != "" {
		f.includes = strings.Split(v, ",")
	}
	if v := r.params.Get("_source_excludes"); v != "" {
		f.excludes = strings.Split(v, ",")
	}
	return f, nil
}
