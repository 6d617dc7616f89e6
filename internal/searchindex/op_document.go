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
	failed := r.domain.index.store.Update(r.Context(), func(tx *store.Tx) { done = r.apply(tx, &op) })
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
		x, err := r.one(v, r.index)
		if err != nil {
			return err
		}
		d, found, err := v.Document(r.Context(), x, r.id)
		if err != nil {
			return err
		}
		if !found {
			a = answer{status: http.StatusNotFound, object: wire.Object{{Name: "_index", Value: x.Name}, {Name: "_id", Value: r.id}, {Name: "found", Value: false}}}
			return nil
		}
		o := documentObject(x, d, filter)
		a = answer{object: o}
		return nil
	})
	if failed != nil {
		return failure(failed)
	}
	return a
}

// getSource answers the document alone.
func getSource(r *request) answer {
	a := getDocument(r)
	o, ok := a.object.(wire.Object)
	if !ok || a.status >= 400 && a.status != http.StatusNotFound {
		return a
	}
	for _, m := range o {
		if m.Name == "_source" {
			return answer{object: m.Value}
		}
	}
	if a.status == http.StatusNotFound && len(o) > 0 && o[0].Name == "error" {
		return a
	}
	e := wire.Errorf("resource_not_found_exception", "Document not found [%s]/[%s]", r.index, r.id)
	e.Status = http.StatusNotFound
	return refusal(e)
}

// one finds the index of a single document: by its name, or by an alias of it alone.
func (r *request) one(v *store.View, name string) (*store.Index, error) {
	found, err := r.byName(viewLister{v}, name)
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		if err := r.permit(name); err != nil {
			return nil, err
		}
		return nil, notFound(name, "index_expression")
	case len(found) > 1:
		return nil, wire.IllegalArgument("alias [%s] has more than one index associated with it, can't execute a single index op", name)
	}
	if err := r.permit(found[0].Name); err != nil {
		return nil, err
	}
	if err := readBlock(found[0]); err != nil {
		return nil, err
	}
	return found[0], nil
}

func documentObject(x *store.Index, d store.Stored, filter sourceFilter) wire.Object {
	o := wire.Object{{Name: "_index", Value: x.Name}, {Name: "_id", Value: d.ID}, {Name: "_version", Value: d.Version}, {Name: "_seq_no", Value: d.Seq},
		{Name: "_primary_term", Value: 1}, {Name: "found", Value: true}}
	if source, keep := filter.apply(d.Source); keep {
		o = append(o, wire.Member{Name: "_source", Value: json.RawMessage(source)})
	}
	return o
}
