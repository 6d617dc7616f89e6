package searchindex

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/store"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

func invalidAlias(name, why string) *wire.Error {
	e := wire.Errorf("invalid_alias_name_exception", "Invalid alias name [%s], %s", name, why)
	e.Extra = wire.Object{{Name: "index", Value: name}, {Name: "index_uuid", Value: "_na_"}}
	return e
}

// taken refuses an alias that has the name of an index.
func taken(x *store.Index) *wire.Error {
	e := invalidAlias(x.Name, "an index exists with the same name as the alias")
	e.Extra = wire.Object{{Name: "index", Value: x.Name}, {Name: "index_uuid", Value: x.UUID}}
	return e
}

// parseAliases = "{" { name ":" "{" [ "is_write_index" ":" bool ] "}" } "}"
func parseAliases(v jsontree.Value) (store.Aliases, *wire.Error) {
	out := store.Aliases{}
	for _, m := range v.Members {
		a, err := parseAlias(m.Name, m.Value)
		if err != nil {
			return nil, err
		}
		out[m.Name] = a
	}
	return out, nil
}

func parseAlias(name string, v jsontree.Value) (a store.Alias, err *wire.Error) {
	if bad := checkName(name); bad != nil && bad.Reason != "" && strings.ToLower(name) == name {
		_, why, _ := strings.Cut(bad.Reason, "], ")
		return a, invalidAlias(name, why)
	}
	for _, m := range v.Members {
		switch m.Name {
		case "is_write_index":
			if a.Write = m.Value.Text; a.Write != "true" && a.Write != "false" {
				return a, wire.IllegalArgument("Failed to parse value [%s] as only [true] or [false] are allowed.", m.Value.Text)
			}
		case "filter", "routing", "index_routing", "search_routing", "is_hidden":
			return a, wire.Unsupported("alias with [" + m.Name + "]")
		default:
			return a, wire.Errorf("parse_exception", "Unknown field [%s] in alias [%s]", m.Name, name)
		}
	}
	return a, nil
}

func aliasesObject(aliases store.Aliases) wire.Object {
	o := wire.Object{}
	for _, name := range slices.Sorted(maps.Keys(aliases)) {
		shown := wire.Object{}
		if w := aliases[name].Write; w != "" {
			shown = wire.Object{{Name: "is_write_index", Value: w == "true"}}
		}
		o = append(o, wire.Member{Name: name, Value: shown})
	}
	return o
}

// getAliases shows aliases by index: all, or those that the path names.
func getAliases(r *request) answer {
	o, found := wire.Object{}, map[string]bool{}
	wanted := strings.Split(r.name, ",")
	failed := r.domain.index.store.View(r.domain.name, func(v *store.View) error {
		indices, err := r.resolve(viewLister{v})
		if err != nil {
			return err
		}
		for _, x := range indices {
			kept := maps.Clone(x.Aliases)
			maps.DeleteFunc(kept, func(name string, _ store.Alias) bool {
				return r.name != "" && !slices.ContainsFunc(wanted, func(p string) bool { return p == "_all" || like(p, name) })
			})
			for name := range kept {
				found[name] = true
			}
			if len(kept) > 0 || r.name == "" {
				o = append(o, wire.Member{Name: x.Name, Value: wire.Object{{Name: "aliases", Value: aliasesObject(kept)}}})
			}
		}
		return nil
	})
	if failed != nil {
		return failure(failed)
	}
	var missing []string
	for _, name := range wanted {
		if name != "" && name != "_all" && !strings.Contains(name, "*") && !found[name] {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		what := "alias"
		if len(missing) > 1 {
			what = "aliases"
		}
		reason := fmt.Sprintf("%s [%s] missing", what, strings.Join(missing, ","))
		return answer{status: http.StatusNotFound, object: append(wire.Object{{Name: "error", Value: reason}, {Name: "status", Value: http.StatusNotFound}}, o...)}
	}
	return answer{object: o}
}

// aliasAction is one of the actions of _aliases.
type aliasAction struct {
	kind    string // add, remove, remove_index
	indices []string
	aliases []string
	alias   store.Alias
}

func (r *request) parseAliasActions() ([]aliasAction, *wire.Error) {
	v, err := r.object()
	if err != nil {
		return nil, err
	}
	list, _ := v.Get("actions")
	var out []aliasAction
	for _, e := range list.Elems {
		if len(e.Members) != 1 {
			return nil, wire.IllegalArgument("an action of [aliases] has one member: add, remove or remove_index")
		}
		a := aliasAction{kind: e.Members[0].Name}
		if !slices.Contains([]string{"add", "remove", "remove_index"}, a.kind) {
			return nil, wire.IllegalArgument("[aliases] unknown field [%s]", a.kind)
		}
		var rest jsontree.Value
		for _, m := range e.Members[0].Value.Members {
			switch m.Name {
			case "index", "indices":
				a.indices = texts(m.Value)
			case "alias", "aliases":
				a.aliases = texts(m.Value)
			case "must_exist":
				return nil, wire.Unsupported("[must_exist] of an alias action")
			default:
				rest.Members = append(rest.Members, m)
			}
		}
		switch {
		case len(a.indices) == 0:
			return nil, wire.IllegalArgument("One of [index] or [indices] is required")
		case len(a.aliases) == 0 && a.kind != "remove_index":
			return nil, wire.IllegalArgument("One of [alias] or [aliases] is required")
		}
		for _, name := range a.aliases {
			if a.kind != "add" {
				continue
			}
			if a.alias, err = parseAlias(name, rest); err != nil {
				return nil, err
			}
		}
		out = append(out, a)
	}
	if len(out) == 0 {
		return nil, wire.Errorf("action_request_validation_exception", "Validation Failed: 1: Must specify at least one alias action;")
	}
	return out, nil
}

// updateAliases carries out all actions or none.
func updateAliases(r *request) answer {
	actions, err := r.parseAliasActions()
	if err != nil {
		return refusal(err)
	}
	return r.runAliasActions(actions)
}

func putAlias(r *request) answer {
	a := aliasAction{kind: "add", indices: strings.Split(r.index, ","), aliases: []string{r.name}}
	var v jsontree.Value
	err := (*wire.Error)(nil)
	if strings.TrimSpace(r.body) != "" {
		v, err = r.object()
	}
	if err == nil {
		a.alias, err = parseAlias(r.name, v)
	}
	if err != nil {
		return refusal(err)
	}
	return r.runAliasActions([]aliasAction{a})
}

func deleteAlias(r *request) answer {
	return r.runAliasActions([]aliasAction{{kind: "remove", indices: strings.Split(r.index, ","), aliases: strings.Split(r.name, ",")}})
}

func (r *request) runAliasActions(actions []aliasAction) answer {
	failed := r.update(func(tx *store.Tx) *wire.Error {
		before := map[*store.Index]store.Aliases{}
		err := r.applyAliasActions(tx, actions, before)
		if err != nil { // nothing of it happens
			for x, aliases := range before {
				tx.SetAliases(x, aliases)
			}
		}
		return err
	})
	if failed != nil {
		return *failed
	}
	return acknowledged()
}

func (r *request) applyAliasActions(tx *store.Tx, actions []aliasAction, before map[*store.Index]store.Aliases) *wire.Error {
	var dropped []*store.Index
	for _, a := range actions {
		indices, err := r.resolveAll(txLister{tx, r.domain.name}, strings.Join(a.indices, ","))
		if err != nil {
			return err
		}
		removed := false
		for _, x := range indices {
			if err := metadataBlock(x); err != nil {
				return err
			}
			if _, known := before[x]; !known {
				before[x] = x.Aliases
			}
			changed := maps.Clone(x.Aliases)
			if changed == nil {
				changed = store.Aliases{}
			}
			for _, name := range a.aliases {
				same := tx.Index(r.domain.name, name)
				switch {
				case a.kind == "add" && same != nil:
					return taken(same)
				case a.kind == "add":
					changed[name] = a.alias
				default:
					maps.DeleteFunc(changed, func(alias string, _ store.Alias) bool {
						gone := like(name, alias) || name == "_all"
						removed = removed || gone
						return gone
					})
				}
			}
			tx.SetAliases(x, changed)
		}
		switch {
		case a.kind == "remove_index":
			dropped = append(dropped, indices...)
		case a.kind == "remove" && !removed:
			e := wire.Errorf("aliases_not_found_exception", "aliases [%s] missing", strings.Join(a.aliases, ", "))
			e.Status = http.StatusNotFound
			e.Extra = wire.Object{{Name: "resource.id", Value: strings.Join(a.aliases, ", ")}, {Name: "resource.type", Value: "aliases"}}
			return e
		}
	}
	for _, x := range dropped {
		tx.Drop(x)
	}
	return nil
}

// writeIndex finds the one index that writes to an alias go to; nil without an error: there is no such alias.
func writeIndex(l lister, alias string) (*store.Index, *wire.Error) {
	var all []*store.Index
	for _, x := range l.all() {
		a, has := x.Aliases[alias]
		if has && a.Write == "true" {
			return x, nil
		}
		if has {
			all = append(all, x)
		}
	}
	if len(all) == 0 || len(all) == 1 && all[0].Aliases[alias].Write == "" {
		return slices.Concat(all, []*store.Index{nil})[0], nil
	}
	return nil, wire.IllegalArgument("no write index is defined for alias [%s]. The write index may be explicitly disabled using is_write_index=false or the alias points to multiple indices "+
		"without one being designated as a write index", alias)
}
