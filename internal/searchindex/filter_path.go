package searchindex

import (
	"encoding/json"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// filterPath keeps of an answer what the patterns of filter_path name: paths of names with asterisks, ** for any number
// of names; those that begin with - are left out instead.
func filterPath(body []byte, patterns string) []byte {
	v, err := jsontree.Parse(string(body))
	if err != nil {
		return body
	}
	var includes, excludes [][]string
	for pattern := range strings.SplitSeq(patterns, ",") {
		if without, ok := strings.CutPrefix(pattern, "-"); ok {
			excludes = append(excludes, strings.Split(without, "."))
		} else if pattern != "" {
			includes = append(includes, strings.Split(pattern, "."))
		}
	}
	if len(includes) == 0 {
		includes = nil
	}
	kept, ok := filterValue(v, includes, excludes, len(includes) == 0)
	if !ok {
		return []byte("{}")
	}
	return wire.Append(nil, kept)
}

// filterValue returns what stays of a value; whole: a pattern named it already.
func filterValue(v jsontree.Value, includes, excludes [][]string, whole bool) (any, bool) {
	if whole && len(excludes) == 0 {
		return json.RawMessage(v.Raw), true
	}
	switch v.Kind {
	case jsontree.Object:
		o := wire.Object{}
		for _, m := range v.Members {
			inside, named := stepInto(includes, m.Name)
			outside, gone := stepInto(excludes, m.Name)
			if gone || !whole && !named && len(inside) == 0 {
				continue
			}
			if kept, ok := filterValue(m.Value, inside, outside, whole || named); ok {
				o = append(o, wire.Member{Name: m.Name, Value: kept})
			}
		}
		return o, len(o) > 0 || whole
	case jsontree.Array:
		list := []any{}
		for _, e := range v.Elems {
			if kept, ok := filterValue(e, includes, excludes, whole); ok {
				list = append(list, kept)
			}
		}
		return list, len(list) > 0 || whole
	}
	return json.RawMessage(v.Raw), whole
}

// stepInto is what remains of the patterns inside a member; named: one of them ends with it.
func stepInto(patterns [][]string, name string) (inside [][]string, named bool) {
	for _, p := range patterns {
		switch {
		case p[0] == "**":
			inside = append(inside, p)
			if len(p) == 1 {
				named = true
				continue
			}
			if more, end := stepInto([][]string{p[1:]}, name); end || len(more) > 0 {
				inside, named = append(inside, more...), named || end
			}
		case !like(p[0], name):
		case len(p) == 1:
			named = true
		default:
			inside = append(inside, p[1:])
		}
	}
	return inside, named
}
