package searchindex

import (
	"slices"
	"strconv"
	"time"

	"github.com/millrace/millrace/internal/searchindex/column"
	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/query"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// highlight shows values with marks around what matched: whole values, as those ask for who show documents.
type highlight struct {
	patterns      []string // of fields
	before, after string
}

// parseHighlight reads highlight; fragments of values are refused.
func parseHighlight(v jsontree.Value) (*highlight, *wire.Error) {
	h := &highlight{before: "<em>", after: "</em>"}
	whole := false
	for _, m := range v.Members {
		switch m.Name {
		case "fields":
			for _, f := range m.Value.Members {
				if len(f.Value.Members) > 0 {
					return nil, wire.Unsupported("[highlight] of a field with parameters of its own")
				}
				h.patterns = append(h.patterns, f.Name)
			}
		case "pre_tags", "post_tags":
			tags := texts(m.Value)
			if len(tags) != 1 {
				return nil, wire.Unsupported("[highlight] with several [" + m.Name + "]")
			}
			if m.Name == "pre_tags" {
				h.before = tags[0]
			} else {
				h.after = tags[0]
			}
		case "fragment_size":
			n, _ := strconv.Atoi(m.Value.Text)
			whole = whole || n >= 1<<31-1
		case "number_of_fragments":
			whole = whole || m.Value.Text == "0"
		case "require_field_match":
			if m.Value.Text == "false" {
				return nil, wire.Unsupported("[highlight] with [require_field_match: false]")
			}
		default:
			return nil, wire.Unsupported("[highlight] with [" + m.Name + "]")
		}
	}
	if !whole {
		return nil, wire.Unsupported("[highlight] of fragments: give [number_of_fragments: 0]; it")
	}
	return h, nil
}

// highlighted is the member "highlight" of a hit.
func (s *searcher) highlighted(h hit) (o wire.Object, err error) {
	x := &query.Index{Name: h.index.Name, UUID: h.index.UUID, Mapping: h.index.Mapping, Now: time.Now()}
	for _, f := range h.index.Mapping.Fields() {
		asked := slices.ContainsFunc(s.asked.shown.highlight.patterns, func(p string) bool { return like(p, f.Path) })
		if f.Type.Class() != mapping.Strings || !asked {
			continue
		}
		c, err := s.view.Column(s.request.Context(), h.index, int(h.place/column.SegmentSize), f.Column)
		if err != nil {
			return nil, err
		}
		var marked []string
		for _, v := range fieldValues(f, c, int(h.place%column.SegmentSize), nil, false) {
			if text, ok := query.Highlight(s.asked.query, x, f, v.(string), s.asked.shown.highlight.before, s.asked.shown.highlight.after); ok {
				marked = append(marked, text)
			}
		}
		if len(marked) > 0 {
			o = append(o, wire.Member{Name: f.Path, Value: marked})
		}
	}
	return o, nil
}
