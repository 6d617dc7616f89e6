package searchindex

import (
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/store"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// bulk indexes, creates, updates and deletes many documents. It answers 200 once all that it took is on disk; each item
// tells what became of its document.
func bulk(r *request) answer {
	refreshed, err := r.refreshed()
	if err != nil {
		return refusal(err)
	}
	ops, err := parseBulk(r.body, r.index)
	if err != nil {
		return refusal(err)
	}
	outcomes := make([]outcome, len(ops))
	failed := r.domain.index.store.Update(r.Context(), func(tx *store.Tx) {
		for i := range ops {
			outcomes[i] = r.apply(tx, &ops[i])
		}
	})
	if failed != nil {
		return failure(failed)
	}
	items, errors := make([]any, len(ops)), false
	for i, op := range ops {
		errors = errors || outcomes[i].refused != nil
		items[i] = wire.Object{{Name: op.action, Value: outcomes[i].item(op, refreshed)}}
	}
	return answer{object: wire.Object{{Name: "took", Value: r.took()}, {Name: "errors", Value: errors}, {Name: "items", Value: items}}}
}

// refreshed reports whether the client asked to have its write found by searches at once; it always is.
func (r *request) refreshed() (bool, *wire.Error) {
	switch v := r.params.Get("refresh"); {
	case !r.params.Has("refresh"), v == "false", v == "wait_for":
		return false, nil
	case v == "true" || v == "":
		return true, nil
	default:
		return false, wire.IllegalArgument("Unknown value for refresh: [%s].", v)
	}
}

// outcome is what became of one operation.
type outcome struct {
	store.Outcome
	refused *wire.Error
	shards  int // that should hold the document: one and its replicas
}

// apply carries out one operation.
func (r *request) apply(tx *store.Tx, op *operation) outcome {
	x, err := r.writable(tx, op)
	if err != nil {
		return outcome{refused: err}
	}
	op.index = x.Name // which an alias may have stood for
	shards := 1 + replicas(x)
	switch op.action {
	case "delete":
		return outcome{Outcome: tx.Delete(x, op.id), shards: shards}
	case "update":
		done, err := applyUpdate(tx, x, op)
		return outcome{done, err, shards}
	}
	done, err := tx.Put(x, op.doc, op.action == "create")
	return outcome{done, err, shards}
}

// writable returns the operation's index, which its first document makes.
func (r *request) writable(tx *store.Tx, op *operation) (*store.Index, *wire.Error) {
	l := txLister{tx, r.domain.name}
	x, err := l.find(op.index), (*wire.Error)(nil)
	if x == nil {
		x, err = writeIndex(l, op.index)
	}
	if err != nil {
		return nil, err
	}
	if x == nil {
		return r.firstDocument(tx, op)
	}
	if err := r.permitWrite(op.action, x.Name); err != nil {
		return nil, err
	}
	if err := block(x); err != nil {
		return nil, err
	}
	return x, op.refuse
}

// firstDocument makes the index of an operation.
func (r *request) firstDocument(tx *store.Tx, op *operation) (*store.Index, *wire.Error) {
	if err := checkName(op.index); err != nil {
		return nil, err
	}
	if op.action == "delete" {
		return nil, notFound(op.index, "index_expression")
	}
	if op.refuse != nil && op.doc.Source == "" {
		return nil, op.refuse
	}
	if err := r.permitAction(op.index, "indices:admin/create"); err != nil {
		return nil, err
	}
	x, err := r.domain.create(tx, op.index, content{settings: store.Settings{}, aliases: store.Aliases{}})
	if err != nil {
		return nil, err
	}
	if err := r.permitWrite(op.action, op.index); err != nil {
		return nil, err
	}
	return x, op.refuse
}

func applyUpdate(tx *store.Tx, x *store.Index, op *operation) (store.Outcome, *wire.Error) {
	old, found, refused := tx.Document(x, op.id)
	if refused != nil {
		return store.Outcome{}, refused
	}
	if !found {
		source, ok := op.update.first()
		if !ok {
			e := wire.Errorf("document_missing_exception", "[%s]: document missing", op.id)
			e.Status = 404
			e.Extra = wire.Object{{Name: "index", Value: x.Name}, {Name: "shard", Value: "0"}, {Name: "index_uuid", Value: x.UUID}}
			return store.Outcome{}, e
		}
		doc, err := mapping.ParseDocument(op.id, source)
		if err != nil {
			return store.Outcome{}, err
		}
		return tx.Put(x, doc, false)
	}
	doc, changed, err := op.update.merge(op.id, old.Source)
	if err != nil {
		return store.Outcome{}, err
	}
	if !changed {
		return store.Outcome{Version: old.Version, Seq: old.Seq, Result: "noop"}, nil
	}
	return tx.Put(x, doc, false)
}

// status is the HTTP status of one document's outcome.
func (o *outcome) status() int {
	switch {
	case o.refused != nil:
		return o.refused.StatusCode()
	case o.Result == "created":
		return 201
	case o.Result == "not_found":
		return 404
	}
	return 200
}

func (o *outcome) item(op operation, refreshed bool) wire.Object {
	if o.refused != nil {
		var id any = op.id
		return wire.Object{{Name: "_index", Value: op.index}, {Name: "_id", Value: id}, {Name: "status", Value: o.status()}, {Name: "error", Value: o.refused}}
	}
	return append(o.body(op, refreshed), wire.Member{Name: "status", Value: o.status()})
}

func (o *outcome) body(op operation, refreshed bool) wire.Object {
	b := wire.Object{{Name: "_index", Value: op.index}, {Name: "_id", Value: op.id}, {Name: "_version", Value: o.Version}, {Name: "result", Value: o.Result}}
	if refreshed {
		b = append(b, wire.Member{Name: "forced_refresh", Value: true})
	}
	return append(b,
		wire.Member{Name: "_shards", Value: wire.Object{{Name: "total", Value: o.shards}, {Name: "successful", Value: min(o.shards, 1)}, {Name: "failed", Value: 0}}},
		wire.Member{Name: "_seq_no", Value: o.Seq},
		wire.Member{Name: "_primary_term", Value: 1})
}
