package searchindex

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/store"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

func putLegacyTemplate(r *request) answer    { return r.putTemplate(legacyTemplates) }
func putIndexTemplate(r *request) answer     { return r.putTemplate(indexTemplates) }
func putComponentTemplate(r *request) answer { return r.putTemplate(componentTemplates) }

func (r *request) putTemplate(kind string) answer {
	create, err := r.flag("create", false)
	if err != nil {
		return refusal(err)
	}
	v, err := r.object()
	if err != nil {
		return refusal(err)
	}
	t, err := parseTemplate(kind, r.name, v)
	if err != nil {
		return refusal(err)
	}
	failed := r.update(func(tx *store.Tx) *wire.Error {
		l := txLister{tx, r.domain.name}
		if _, exists := l.definitions(kind)[r.name]; exists && create {
			return wire.IllegalArgument("%s [%s] already exists", strings.ReplaceAll(kind, "_", " "), r.name)
		}
		if err := t.check(l, kind); err != nil {
			return err
		}
		tx.Define(r.domain.name, kind, r.name, v.Raw)
		return nil
	})
	if failed != nil {
		return *failed
	}
	return acknowledged()
}

// check finds what only the other templates show: components that are not there, and a second template that would
// have to decide about the same names with the same priority.
func (t *template) check(d definer, kind string) *wire.Error {
	if kind != indexTemplates {
		return nil
	}
	var missing []string
	content := content{settings: store.Settings{}, aliases: store.Aliases{}}
	for _, name := range t.composedOf {
		body, there := d.definitions(componentTemplates)[name]
		if !there {
			missing = append(missing, name)
			continue
		}
		component, err := parseTemplate(componentTemplates, name, storedObject(body))
		if err != nil {
			return err
		}
		content.add(component.content)
	}
	if len(missing) > 0 {
		return wire.Errorf("invalid_index_template_exception", "index_template [%s] invalid, cause [index template [%s] specifies component templates [%s] that do not exist]",
			t.name, t.name, strings.Join(missing, ", "))
	}
	content.add(t.content)
	if _, err := mapping.Parse(object(content.mappings)); err != nil {
		return invalidComposition(t.name, err)
	}
	for _, other := range templates(d, indexTemplates) {
		if other.name == t.name || other.order != t.order || !overlap(other.patterns, t.patterns) {
			continue
		}
		theirs := strings.Join(other.patterns, ", ")
		return wire.IllegalArgument("index template [%s] has index patterns [%s] matching patterns from existing templates [%s] with patterns (%s => [%s]) that have the same priority [%d], "+
			"multiple index templates may not match during index creation, please use a different priority", t.name, strings.Join(t.patterns, ", "), other.name, other.name, theirs, t.order)
	}
	return nil
}

func invalidComposition(name string, cause *wire.Error) *wire.Error {
	inner := wire.IllegalArgument("invalid composite mappings for [%s]", name)
	inner.CausedBy = cause
	e := wire.IllegalArgument("composable template [%s] template after composition is invalid", name)
	e.CausedBy = inner
	return e
}

// overlap reports whether there can be a name that both lists match.
func overlap(a, b []string) bool {
	for _, one := range a {
		for _, other := range b {
			if meet(one, other) {
				return true
			}
		}
	}
	return false
}

// meet reports whether two patterns with asterisks have a name in common. below[j] tells it of what is behind the place
// in a and behind j in b.
func meet(a, b string) bool {
	below := make([]bool, len(b)+1)
	for i := len(a); i >= 0; i-- {
		here := make([]bool, len(b)+1)
		for j := len(b); j >= 0; j-- {
			switch {
			case i == len(a) && j == len(b):
				here[j] = true
			case i < len(a) && a[i] == '*':
				here[j] = below[j] || j < len(b) && here[j+1]
			case j < len(b) && b[j] == '*':
				here[j] = here[j+1] || i < len(a) && below[j]
			case i < len(a) && j < len(b):
				here[j] = a[i] == b[j] && below[j+1]
			}
		}
		below = here
	}
	return below[0]
}

func getLegacyTemplate(r *request) answer {
	o := wire.Object{}
	failed := r.eachTemplate(legacyTemplates, func(t *template) {
		shown := append(wire.Object{{Name: "order", Value: t.order}}, t.members(false)...)
		o = append(o, wire.Member{Name: t.name, Value: shown})
	})
	switch {
	case failed != nil:
		return *failed
	case len(o) == 0 && r.name != "" && !strings.Contains(r.name, "*"):
		return answer{status: http.StatusNotFound, object: o}
	}
	return answer{object: o}
}

func getIndexTemplate(r *request) answer     { return r.listTemplates(indexTemplates) }
func getComponentTemplate(r *request) answer { return r.listTemplates(componentTemplates) }

func (r *request) listTemplates(kind string) answer {
	list := []any{}
	failed := r.eachTemplate(kind, func(t *template) {
		list = append(list, wire.Object{{Name: "name", Value: t.name}, {Name: kind, Value: t.members(true)}})
	})
	switch {
	case failed != nil:
		return *failed
	case len(list) == 0 && r.name != "" && !strings.Contains(r.name, "*"):
		e := wire.Errorf("resource_not_found_exception", "%s matching [%s] not found", strings.ReplaceAll(kind, "_", " "), r.name)
		e.Status = http.StatusNotFound
		return refusal(e)
	}
	return answer{object: wire.Object{{Name: kind + "s", Value: list}}}
}

func (r *request) eachTemplate(kind string, show func(*template)) *answer {
	err := r.domain.index.store.View(r.domain.name, func(v *store.View) error {
		for _, t := range templates(viewLister{v}, kind) {
			if r.name == "" || slices.ContainsFunc(strings.Split(r.name, ","), func(p string) bool { return like(p, t.name) }) {
				show(t)
			}
		}
		return nil
	})
	if err != nil {
		a := failure(err)
		return &a
	}
	return nil
}

// members are those of a template as answers show them; with inner, its content is a member of its own.
func (t *template) members(inner bool) (o wire.Object) {
	if t.patterns != nil {
		o = append(o, wire.Member{Name: "index_patterns", Value: t.patterns})
	}
	if !inner {
		return append(append(o, t.content.members(true)...), t.keptMembers()...)
	}
	if c := t.content.members(false); len(c) > 0 || t.patterns == nil {
		o = append(o, wire.Member{Name: "template", Value: c})
	}
	if t.patterns != nil {
		composed := t.composedOf
		if composed == nil {
			composed = []string{}
		}
		o = append(o, wire.Member{Name: "composed_of", Value: composed})
	}
	if t.hasOrder {
		o = append(o, wire.Member{Name: "priority", Value: t.order})
	}
	return append(o, t.keptMembers()...)
}

func (t *template) keptMembers() (o wire.Object) {
	for _, m := range t.kept {
		o = append(o, wire.Member{Name: m.Name, Value: json.RawMessage(m.Value.Raw)})
	}
	return o
}

// members are settings, mappings and aliases; with all, empty ones too.
func (c *content) members(all bool) wire.Object {
	o := wire.Object{}
	if len(c.settings) > 0 || all {
		flat := wire.Object{}
		for _, name := range slices.Sorted(maps.Keys(c.settings)) {
			flat = nest(flat, strings.Split("index."+name, "."), c.settings[name])
		}
		o = append(o, wire.Member{Name: "settings", Value: flat})
	}
	if c.mappings.Kind == jsontree.Object || all {
		m, err := mapping.Parse(object(c.mappings))
		if err != nil {
			panic("BUG: kept mapping: " + err.Error())
		}
		shown := m.Object()
		if shown == nil {
			shown = wire.Object{}
		}
		o = append(o, wire.Member{Name: "mappings", Value: shown})
	}
	if len(c.aliases) > 0 || all {
		o = append(o, wire.Member{Name: "aliases", Value: aliasesObject(c.aliases)})
	}
	return o
}

// nest puts a value under a path of names.
func nest(o wire.Object, path []string, value string) wire.Object {
	if len(path) == 1 {
		return append(o, wire.Member{Name: path[0], Value: value})
	}
	i := slices.IndexFunc(o, func(m wire.Member) bool { return m.Name == path[0] })
	if i < 0 {
		return append(o, wire.Member{Name: path[0], Value: nest(wire.Object{}, path[1:], value)})
	}
	inner, _ := o[i].Value.(wire.Object)
	o[i].Value = nest(inner, path[1:], value)
	return o
}

func deleteLegacyTemplate(r *request) answer    { return r.deleteTemplate(legacyTemplates) }
func deleteIndexTemplate(r *request) answer     { return r.deleteTemplate(indexTemplates) }
func deleteComponentTemplate(r *request) answer { return r.deleteTemplate(componentTemplates) }

func (r *request) deleteTemplate(kind string) answer {
	failed := r.update(func(tx *store.Tx) *wire.Error {
		l := txLister{tx, r.domain.name}
		found := false
		for _, name := range slices.Sorted(maps.Keys(l.definitions(kind))) {
			if !like(r.name, name) {
				continue
			}
			for _, t := range templates(l, indexTemplates) {
				if kind == componentTemplates && slices.Contains(t.composedOf, name) {
					return wire.IllegalArgument("component templates [%s] cannot be removed as they are still in use by index templates [%s]", name, t.name)
				}
			}
			found = true
			tx.Undefine(r.domain.name, kind, name)
		}
		if !found && r.name != "*" {
			e := wire.Errorf("index_template_missing_exception", "index_template [%s] missing", r.name)
			e.Status = http.StatusNotFound
			return e
		}
		return nil
	})
	if failed != nil {
		return *failed
	}
	return acknowledged()
}
