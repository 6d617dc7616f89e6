package searchindex

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/store"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// Kinds of templates, as definitions are kept.
const (
	legacyTemplates    = "template"
	indexTemplates     = "index_template"
	componentTemplates = "component_template"
)

// template is what indices of certain names begin with. Of the composable ones the best applies, alone; legacy ones
// apply only when there is none, all that match, in their order.
type template struct {
	name       string
	patterns   []string
	order      int // of a legacy one; the priority of a composable one
	hasOrder   bool
	composedOf []string
	content    content
	kept       []jsontree.Member // version and _meta
}

// content is what a template or a request says an index shall be.
type content struct {
	mappings jsontree.Value // of kind Null when nothing is said
	settings store.Settings
	aliases  store.Aliases
}

// parseTemplate reads a template's body.
func parseTemplate(kind, name string, body jsontree.Value) (*template, *wire.Error) {
	t := &template{name: name, content: content{settings: store.Settings{}, aliases: store.Aliases{}}}
	for _, m := range body.Members {
		err := (*wire.Error)(nil)
		switch {
		case m.Name == "index_patterns" && kind != componentTemplates:
			t.patterns = texts(m.Value)
		case m.Name == "order" && kind == legacyTemplates, m.Name == "priority" && kind == indexTemplates:
			n, bad := strconv.Atoi(m.Value.Text)
			if bad != nil || n < 0 && kind == indexTemplates {
				err = wire.IllegalArgument("index template priority must be >= 0, found [%s]", m.Value.Text)
			}
			t.order, t.hasOrder = n, true
		case m.Name == "composed_of" && kind == indexTemplates:
			t.composedOf = texts(m.Value)
		case m.Name == "template" && kind != legacyTemplates:
			for _, inner := range m.Value.Members {
				if known, failed := t.content.take(inner); failed != nil {
					return nil, failed
				} else if !known {
					return nil, wire.Errorf("x_content_parse_exception", "[1:%d] [template] unknown field [%s]", inner.Offset+1, inner.Name)
				}
			}
		case m.Name == "version" || m.Name == "_meta" && kind != legacyTemplates:
			t.kept = append(t.kept, m)
		case m.Name == "data_stream":
			err = wire.Unsupported("template with [data_stream]")
		case kind == legacyTemplates:
			var known bool
			if known, err = t.content.take(m); err == nil && !known {
				err = wire.Errorf("parse_exception", "unknown key [%s] in the template ", m.Name)
			}
		default:
			err = wire.Errorf("x_content_parse_exception", "[1:%d] [%s] unknown field [%s]", m.Offset+1, kind, m.Name)
		}
		if err != nil {
			return nil, err
		}
	}
	if kind != componentTemplates && len(t.patterns) == 0 {
		return nil, wire.Errorf("action_request_validation_exception", "Validation Failed: 1: index patterns are missing;")
	}
	if kind == indexTemplates { // which is judged together with its components
		return t, nil
	}
	_, err := mapping.Parse(object(t.content.mappings))
	return t, err
}

// object is an empty object for no value.
func object(v jsontree.Value) jsontree.Value {
	if v.Kind == jsontree.Null {
		v.Kind = jsontree.Object
	}
	return v
}

// take reads settings, mappings or aliases; known is false for another member.
func (c *content) take(m jsontree.Member) (known bool, err *wire.Error) {
	switch m.Name {
	case "mappings":
		c.mappings = m.Value
	case "settings":
		var given store.Settings
		given, err = parseSettings(m.Value, true, nil)
		maps.Copy(c.settings, given)
	case "aliases":
		c.aliases, err = parseAliases(m.Value)
	default:
		return false, nil
	}
	return true, err
}

// add puts another content over this one.
func (c *content) add(over content) {
	c.mappings = mergeMappings(c.mappings, over.mappings)
	maps.Copy(c.settings, over.settings)
	maps.Copy(c.aliases, over.aliases)
}

// mergeMappings puts members over those of the same name; objects of fields are merged, a field is replaced whole.
func mergeMappings(under, over jsontree.Value) jsontree.Value {
	if under.Kind != jsontree.Object {
		return over
	}
	merged := jsontree.Value{Kind: jsontree.Object, Members: slices.Clone(under.Members)}
	for _, m := range over.Members {
		i := slices.IndexFunc(merged.Members, func(old jsontree.Member) bool { return old.Name == m.Name })
		switch {
		case i < 0:
			merged.Members = append(merged.Members, m)
		case m.Name == "properties" || hasProperties(m.Value) && hasProperties(merged.Members[i].Value):
			merged.Members[i].Value = mergeMappings(merged.Members[i].Value, m.Value)
		default:
			merged.Members[i] = m
		}
	}
	return merged
}

func hasProperties(v jsontree.Value) bool {
	_, has := v.Get("properties")
	return has
}

// definer gives the definitions of a namespace.
type definer interface {
	definitions(kind string) map[string]string
}

func (l viewLister) definitions(kind string) map[string]string { return l.Definitions(kind) }
func (l txLister) definitions(kind string) map[string]string {
	return l.Definitions(l.namespace, kind)
}

// templates reads the templates of a kind, by name.
func templates(d definer, kind string) []*template {
	var out []*template
	defined := d.definitions(kind)
	for _, name := range slices.Sorted(maps.Keys(defined)) {
		t, err := parseTemplate(kind, name, storedObject(defined[name]))
		if err != nil {
			panic("BUG: kept template [" + name + "]: " + err.Error())
		}
		out = append(out, t)
	}
	return out
}

// storedObject reads JSON that was checked before it was kept.
func storedObject(text string) jsontree.Value {
	v, err := jsontree.Parse(text)
	if err != nil {
		panic("BUG: kept definition is no JSON: " + err.Error())
	}
	return v
}

// planned is what an index of that name begins with by the templates.
func planned(d definer, name string) content {
	c := content{settings: defaultSettings(), aliases: store.Aliases{}}
	matching := func(kind string) []*template {
		return slices.DeleteFunc(templates(d, kind), func(t *template) bool {
			return !slices.ContainsFunc(t.patterns, func(pattern string) bool { return like(pattern, name) })
		})
	}
	if best := matching(indexTemplates); len(best) > 0 {
		t := slices.MaxFunc(best, func(a, b *template) int { return cmp.Compare(a.order, b.order) })
		components := map[string]*template{}
		for _, component := range templates(d, componentTemplates) {
			components[component.name] = component
		}
		for _, part := range t.composedOf {
			c.add(components[part].content)
		}
		c.add(t.content)
		return c
	}
	legacy := matching(legacyTemplates)
	slices.SortStableFunc(legacy, func(a, b *template) int { return cmp.Compare(a.order, b.order) })
	for _, t := range legacy {
		c.add(t.content)
	}
	return c
}

// create makes an index as the templates and the request, which may be empty, want it.
func (d *domain) create(tx *store.Tx, name string, asked content) (*store.Index, *wire.Error) {
	c := planned(txLister{tx, d.name}, name)
	c.add(asked)
	m, err := mapping.Parse(object(c.mappings))
	if err != nil {
		return nil, err
	}
	for alias := range c.aliases {
		if same := tx.Index(d.name, alias); same != nil {
			return nil, taken(same)
		}
	}
	x := tx.Create(d.name, name, m, c.settings)
	tx.SetAliases(x, c.aliases)
	return x, nil
}
