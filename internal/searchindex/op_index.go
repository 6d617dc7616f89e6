package searchindex

import (
	"net/http"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/store"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

func acknowledged() answer {
	return answer{object: wire.Object{{Name: "acknowledged", Value: true}}}
}

// update runs fn in a transaction and answers what it refuses.
func (r *request) update(fn func(*store.Tx) *wire.Error) *answer {
	var refused *wire.Error
	if err := r.domain.index.store.Update(r.Context(), func(tx *store.Tx) { refused = fn(tx) }); err != nil {
		a := failure(err)
		return &a
	}
	if refused != nil {
		a := refusal(refused)
		return &a
	}
	return nil
}

// object reads a body that has to be one JSON object.
func (r *request) object() (jsontree.Value, *wire.Error) {
	if strings.TrimSpace(r.body) == "" {
		return jsontree.Value{}, wire.Errorf("parse_exception", "request body is required")
	}
	v, syntax := jsontree.Parse(r.body)
	switch {
	case syntax != nil:
		return v, wire.Syntax(r.body, syntax)
	case v.Kind != jsontree.Object:
		return v, wire.Errorf("parse_exception", "expected START_OBJECT but found %s", mapping.Token(v))
	}
	return v, nil
}

func createIndex(r *request) answer {
	asked := content{settings: store.Settings{}, aliases: store.Aliases{}}
	err := checkName(r.index)
	if err == nil && strings.TrimSpace(r.body) != "" {
		asked, err = r.parseCreate()
	}
	if err == nil {
		err = r.permit(r.index)
	}
	if err != nil {
		return refusal(err)
	}
	failed := r.update(func(tx *store.Tx) *wire.Error {
		if x := tx.Index(r.domain.name, r.index); x != nil {
			e := wire.Errorf("resource_already_exists_exception", "index [%s/%s] already exists", x.Name, x.UUID)
			e.Extra = wire.Object{{Name: "index", Value: x.Name}, {Name: "index_uuid", Value: x.UUID}}
			return e
		}
		for _, x := range tx.Indices(r.domain.name) {
			if _, taken := x.Aliases[r.index]; taken {
				return invalidName(r.index, "already exists as alias")
			}
		}
		_, err := r.domain.create(tx, r.index, asked)
		return err
	})
	if failed != nil {
		return *failed
	}
	return answer{object: wire.Object{{Name: "acknowledged", Value: true}, {Name: "shards_acknowledged", Value: true}, {Name: "index", Value: r.index}}}
}

func (r *request) parseCreate() (c content, err *wire.Error) {
	c = content{settings: store.Settings{}, aliases: store.Aliases{}}
	v, err := r.object()
	if err != nil {
		return c, err
	}
	for _, member := range v.Members {
		known, err := c.take(member)
		if err == nil && !known {
			err = wire.Errorf("parse_exception", "unknown key [%s] for create index", member.Name)
		}
		if err == nil && member.Name == "mappings" {
			_, err = mapping.Parse(member.Value)
		}
		if err != nil {
			return c, err
		}
	}
	return c, nil
}

// deleteIndex deletes the indices that the path names; a name without wildcard has to exist.
func deleteIndex(r *request) answer {
	r.concrete = true
	failed := r.update(func(tx *store.Tx) *wire.Error {
		indices, err := r.resolve(txLister{tx, r.domain.name})
		if err != nil {
			return err
		}
		for _, x := range indices {
			if x.Settings["blocks.read_only"] == "true" {
				return block(x)
			}
		}
		for _, x := range indices {
			tx.Drop(x)
		}
		return nil
	})
	if failed != nil {
		return *failed
	}
	return acknowledged()
}

func indexExists(r *request) answer {
	status := http.StatusNotFound
	a := r.eachIndex(func(*store.Index) any { status = http.StatusOK; return wire.Object{} })
	if a.status == 0 {
		a.status = status
	}
	return a
}

// eachIndex answers an object with one member an index.
func (r *request) eachIndex(show func(*store.Index) any) answer {
	o := wire.Object{}
	failed := r.domain.index.store.View(r.domain.name, func(v *store.View) error {
		indices, err := r.resolve(viewLister{v})
		if err != nil {
			return err
		}
		for _, x := range indices {
			o = append(o, wire.Member{Name: x.Name, Value: show(x)})
		}
		return nil
	})
	if failed != nil {
		return failure(failed)
	}
	return answer{object: o}
}

func getIndex(r *request) answer {
	return r.eachIndex(func(x *store.Index) any {
		return wire.Object{{Name: "aliases", Value: aliasesObject(x.Aliases)}, {Name: "mappings", Value: x.Mapping.Object()}, {Name: "settings", Value: settingsObject(x)}}
	})
}

func getMapping(r *request) answer {
	return r.eachIndex(func(x *store.Index) any { return wire.Object{{Name: "mappings", Value: x.Mapping.Object()}} })
}

func getSettings(r *request) answer {
	return r.eachIndex(func(x *store.Index) any { return wire.Object{{Name: "settings", Value: settingsObject(x)}} })
}

// change applies a change to every index that the path names; of none, nothing is changed when one refuses.
func (r *request) change(plan func(*store.Tx, *store.Index) (func(), *wire.Error)) answer {
	failed := r.update(func(tx *store.Tx) *wire.Error {
		indices, err := r.resolve(txLister{tx, r.domain.name})
		if err != nil {
			return err
		}
		var steps []func()
		for _, x := range indices {
			step, err := plan(tx, x)
			if err != nil {
				return err
			}
			steps = append(steps, step)
		}
		for _, step := range steps {
			step()
		}
		return nil
	})
	if failed != nil {
		return *failed
	}
	return acknowledged()
}

func putMapping(r *request) answer {
	v, err := r.object()
	if err != nil {
		return refusal(err)
	}
	return r.change(func(tx *store.Tx, x *store.Index) (func(), *wire.Error) {
		if err := metadataBlock(x); err != nil {
			return nil, err
		}
		merged, err := x.Mapping.Merge(v)
		return func() { tx.SetMapping(x, merged) }, err
	})
}

// liftsBlock reports whether the one setting that changes is a block.
func liftsBlock(changes store.Settings) bool {
	for name := range changes {
		return len(changes) == 1 && strings.HasPrefix(name, "blocks.")
	}
	return false
}

func putSettings(r *request) answer {
	v, err := r.object()
	if err != nil {
		return refusal(err)
	}
	return r.change(func(tx *store.Tx, x *store.Index) (func(), *wire.Error) {
		changes, err := parseSettings(v, false, x)
		if err == nil && !liftsBlock(changes) {
			err = metadataBlock(x)
		}
		return func() { tx.SetSettings(x, changes) }, err
	})
}

// refresh has nothing to do: every write is found as soon as it is answered.
func refresh(r *request) answer {
	a := r.eachIndex(func(*store.Index) any { return nil })
	indices, ok := a.object.(wire.Object)
	if !ok || a.status != 0 {
		return a
	}
	n := len(indices)
	return answer{object: wire.Object{{Name: "_shards", Value: slices.Delete(shards(n), 2, 3)}}}
}
