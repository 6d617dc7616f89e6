package searchindex

import (
	"encoding/json"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// update is the body of a partial update: doc is merged into the document that is there.
type update struct {
	doc         *jsontree.Value
	upsert      *jsontree.Value // indexed when there is no document yet
	docAsUpsert bool
	alwaysWrite bool // detect_noop is false
}

// parseUpdate = "{" "doc" ":" object [ "doc_as_upsert" | "upsert" | "detect_noop" ] "}"
func parseUpdate(text string) (u update, err *wire.Error) {
	v, syntax := jsontree.Parse(text)
	if syntax != nil {
		return u, wire.Syntax(text, syntax)
	}
	for _, m := range v.Members {
		value := m.Value
		switch m.Name {
		case "doc":
			u.doc = &value
		case "upsert":
			u.upsert = &value
		case "doc_as_upsert":
			u.docAsUpsert = value.Text == "true"
		case "detect_noop":
			u.alwaysWrite = value.Text == "false"
		case "script", "scripted_upsert", "_source", "if_seq_no", "if_primary_term":
			return u, wire.Unsupported("update with [" + m.Name + "]")
		default:
			return u, wire.Errorf("x_content_parse_exception", "[1:2] [UpdateRequest] unknown field [%s]", m.Name)
		}
	}
	if u.doc == nil || u.doc.Kind != jsontree.Object {
		return u, wire.Errorf("action_request_validation_exception", "Validation Failed: 1: script or doc is missing;")
	}
	return u, nil
}

// first is the source of the document that an update of none creates; ok is false when it creates none.
func (u *update) first() (source string, ok bool) {
	switch {
	case u.docAsUpsert:
		return u.doc.Raw, true
	case u.upsert != nil:
		return u.upsert.Raw, true
	}
	return "", false
}

// merge puts the update's members into the source; changed is false when they were there already.
func (u *update) merge(id, source string) (doc mapping.Document, changed bool, err *wire.Error) {
	old, err := mapping.ParseDocument(id, source)
	if err != nil {
		return old, false, err
	}
	merged, changed := mergeObjects(old.Tree, *u.doc)
	if !changed && !u.alwaysWrite {
		return old, false, nil
	}
	doc, err = mapping.ParseDocument(id, string(wire.Append(nil, merged)))
	return doc, true, err
}

func mergeObjects(old, add jsontree.Value) (merged wire.Object, changed bool) {
	for _, m := range old.Members {
		update, has := add.Get(m.Name)
		switch {
		case !has || equal(m.Value, update):
			merged = append(merged, wire.Member{Name: m.Name, Value: json.RawMessage(m.Value.Raw)})
		case m.Value.Kind == jsontree.Object && update.Kind == jsontree.Object:
			inner, different := mergeObjects(m.Value, update)
			changed = changed || different
			merged = append(merged, wire.Member{Name: m.Name, Value: inner})
		default:
			changed = true
			merged = append(merged, wire.Member{Name: m.Name, Value: json.RawMessage(update.Raw)})
		}
	}
	for _, m := range add.Members {
		if _, has := old.Get(m.Name); !has {
			changed = true
			merged = append(merged, wire.Member{Name: m.Name, Value: json.RawMessage(m.Value.Raw)})
		}
	}
	return merged, changed
}

func equal(a, b jsontree.Value) bool {
	return a.Kind == b.Kind && strings.TrimSpace(a.Raw) == strings.TrimSpace(b.Raw)
}
