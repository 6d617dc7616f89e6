package searchindex

import (
	"encoding/json"
	"net/http"

	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/store"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

func indexDocument(r *request) answer {
	switch v := r.params.Get("op_type"); v {
	case "", "index":
		return r.writeOne("index")
	case "create":
		return r.writeOne("create")
	default:
		return refusal(wire.IllegalArgument("opType must be 'create' or 'index', found: [%s]", v))
	}
}

func createDocument(r *request) answer { return r.writeOne("create") }
func updateDocument(r *request) answer { return r.writeOne("update") }
func deleteDocument(r *request) answer { return r.writeOne("delete") }

// writeOne is a bulk of one operation with an answer of its own shape.
func (r *request) writeOne(action string) answer {
	refreshed, err := r.refreshed()
	if err != nil {
		return refusal(err)
	}
	op := operation{action: action, index: r.index, named: true, id: r.id}
	if op.id == "" {
		op.id = newID()
	}
	if action != "delete" {
		if r.body == "" {
			return refusal(wire.Errorf("parse_exception", "request body is required"))
		}
		if action == "update" {
			op.update, err = parseUpdate(r.body)
		} else {
			op.doc, err = mapping.ParseDocument(op.id, r.body)
		}
	}
	if err == nil {
		err = validate([]operation{op})
	}
	if err != nil {
		return refusal(err)
	}
	var done outcome
	failed := r.domain.index.store.Update(r.Context(), func(tx *store.Tx) { done = r.domain.apply(tx, &op) })
	switch {
	case failed != nil:
		return failure(failed)
	case done.refused != nil:
		return refusal(done.refused)
	}
	if done.Result == "noop" {
		done.shards = 0
	}
	return answer{status: done.status(), object: done.body(op, refreshed)}
}

func getDocument(r *request) answer {
	filter, err := r.sourceParams()
	if err != nil {
		return refusal(err)
	}
	var a answer
	failed := r.domain.index.store.View(r.domain.name, func(v *store.View) error {
		x := v.Index(r.index)
		if x == nil {
			return notFound(r.index, "index_expression")
		}
		if err := readBlock(x); err != nil {
			return err
		}
		d, found, err := v.Document(r.Context(), x, r.id)
		if err != nil {
			return err
		}
		if !found {
			a = answer{status: http.StatusNotFound, object: wire.Object{{Name: "_index", Value: r.index}, {Name: "_id", Value: r.id}, {Name: "found", Value: false}}}
			return nil
		}
		o := wire.Object{{Name: "_index", Value: r.index}, {Name: "_id", Value: d.ID}, {Name: "_version", Value: d.Version}, {Name: "_seq_no", Value: d.Seq},
			{Name: "_primary_term", Value: 1}, {Name: "found", Value: true}}
		if source, keep := filter.apply(d.Source); keep {
			o = append(o, wire.Member{Name: "_source", Value: json.RawMessage(source)})
		}
		a = answer{object: o}
		return nil
	})
	if failed != nil {
		return failure(failed)
	}
	return a
}
