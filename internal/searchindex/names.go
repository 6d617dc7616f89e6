package searchindex

import (
	"fmt"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/store"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

const maxNameBytes = 255

func invalidName(name, why string) *wire.Error {
	e := wire.Errorf("invalid_index_name_exception", "Invalid index name [%s], %s", name, why)
	e.Extra = wire.Object{{Name: "index", Value: name}, {Name: "index_uuid", Value: "_na_"}}
	return e
}

// checkName refuses what cannot be the name of an index.
func checkName(name string) *wire.Error {
	switch {
	case strings.ContainsAny(name, " \"*\\<|,>/?"):
		return invalidName(name, `must not contain the following characters [ , ", *, \, <, |, ,, >, /, ?]`)
	case name == "":
		return invalidName(name, "must not be empty")
	case strings.Contains(name, "#"):
		return invalidName(name, "must not contain '#'")
	case strings.Contains(name, ":"):
		return invalidName(name, "must not contain ':'")
	case strings.ContainsAny(name[:1], "_-+"):
		return invalidName(name, "must not start with '_', '-', or '+'")
	case len(name) > maxNameBytes:
		return invalidName(name, fmt.Sprintf("index name is too long, (%d > %d)", len(name), maxNameBytes))
	case name == "." || name == "..":
		return invalidName(name, "must not be '.' or '..'")
	case strings.ToLower(name) != name:
		return invalidName(name, "must be lowercase")
	}
	return nil
}

func notFound(name, resourceType string) *wire.Error {
	e := wire.Errorf("index_not_found_exception", "no such index [%s]", name)
	e.Extra = wire.Object{{Name: "index", Value: name}, {Name: "resource.id", Value: name}, {Name: "resource.type", Value: resourceType}, {Name: "index_uuid", Value: "_na_"}}
	e.Status = 404
	return e
}

// lister is a View or a Tx.
type lister interface {
	find(name string) *store.Index
	all() []*store.Index
}

type viewLister struct{ *store.View }

func (l viewLister) find(name string) *store.Index { return l.Index(name) }
func (l viewLister) all() []*store.Index           { return l.Indices() }

type txLister struct {
	*store.Tx
	namespace string
}

func (l txLister) find(name string) *store.Index { return l.Index(l.namespace, name) }
func (l txLister) all() []*store.Index           { return l.Indices(l.namespace) }

// resolve finds the indices that the path names: names, patterns and -patterns by comma; nothing, _all and * mean all.
// An alias stands for its indices. The caller must be allowed to do what it asks on each.
func (r *request) resolve(l lister) ([]*store.Index, *wire.Error) { return r.resolveAll(l, r.index) }

func (r *request) resolveAll(l lister, expression string) ([]*store.Index, *wire.Error) {
	found, err := r.named(l, expression)
	if err != nil {
		return nil, err
	}
	for _, x := range found {
		if err := r.permit(x.Name); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (r *request) named(l lister, expression string) ([]*store.Index, *wire.Error) {
	ignore, err := r.flag("ignore_unavailable", false)
	if err != nil {
		return nil, err
	}
	allowNone, err := r.flag("allow_no_indices", true)
	if err != nil {
		return nil, err
	}
	switch v := r.params.Get("expand_wildcards"); v {
	case "", "open", "all", "open,hidden", "hidden,open", "open,closed", "open,closed,hidden": // none is closed or hidden
	default:
		return nil, wire.Unsupported("[expand_wildcards=" + v + "]")
	}
	var found []*store.Index
	for _, part := range parts(expression) {
		switch {
		case part == "_all":
			found = append(found, l.all()...)
		case strings.HasPrefix(part, "-"):
			found = slices.DeleteFunc(found, func(x *store.Index) bool { return like(part[1:], x.Name) })
		case strings.Contains(part, "*"):
			for _, x := range l.all() {
				if like(part, x.Name) || r.aliasLike(part, x) {
					found = append(found, x)
				}
			}
		default:
			these, err := r.byName(l, part)
			if err != nil {
				return nil, err
			}
			if len(these) == 0 && !ignore {
				if err := r.permit(part); err != nil {
					return nil, err
				}
				return nil, notFound(part, "index_or_alias")
			}
			found = append(found, these...)
		}
	}
	if len(found) == 0 && !allowNone {
		return nil, notFound(expression, "index_or_alias")
	}
	slices.SortFunc(found, func(a, b *store.Index) int { return strings.Compare(a.Name, b.Name) })
	return slices.Compact(found), nil
}

// byName is the index of that name, or those of the alias.
func (r *request) byName(l lister, name string) (found []*store.Index, err *wire.Error) {
	if x := l.find(name); x != nil {
		return []*store.Index{x}, nil
	}
	for _, x := range l.all() {
		if _, has := x.Aliases[name]; has {
			found = append(found, x)
		}
	}
	if len(found) > 0 && r.concrete {
		return nil, wire.IllegalArgument("The provided expression [%s] matches an alias, specify the corresponding concrete indices instead.", name)
	}
	return found, nil
}

func (r *request) aliasLike(pattern string, x *store.Index) bool {
	for alias := range x.Aliases {
		if !r.concrete && like(pattern, alias) {
			return true
		}
	}
	return false
}

func parts(expression string) []string {
	out := slices.DeleteFunc(strings.Split(expression, ","), func(s string) bool { return s == "" })
	if len(out) == 0 {
		return []string{"_all"}
	}
	return out
}

// like matches a name with a pattern whose only wildcard is the asterisk.
func like(pattern, name string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == name
	}
	if !strings.HasPrefix(name, head) {
		return false
	}
	name = name[len(head):]
	parts := strings.Split(rest, "*")
	for _, part := range parts[:len(parts)-1] {
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name = name[i+len(part):]
	}
	return strings.HasSuffix(name, parts[len(parts)-1])
}

// block refuses a write to an index that is blocked.
func block(x *store.Index) *wire.Error {
	blocked := func(status int, what string) *wire.Error {
		e := wire.Errorf("cluster_block_exception", "index [%s] blocked by: [%s];", x.Name, what)
		e.Status = status
		return e
	}
	switch {
	case x.Settings["blocks.read_only"] == "true":
		return blocked(403, "FORBIDDEN/5/index read-only (api)")
	case x.Settings["blocks.write"] == "true":
		return blocked(403, "FORBIDDEN/8/index write (api)")
	case x.Settings["blocks.read_only_allow_delete"] == "true":
		return blocked(429, "TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block")
	}
	return nil
}

// metadataBlock refuses to change an index that is read-only. Its blocks can be lifted, one at a time.
func metadataBlock(x *store.Index) *wire.Error {
	if x.Settings["blocks.read_only"] == "true" || x.Settings["blocks.read_only_allow_delete"] == "true" {
		return block(x)
	}
	return nil
}

func readBlock(x *store.Index) *wire.Error {
	if x.Settings["blocks.read"] != "true" {
		return nil
	}
	e := wire.Errorf("cluster_block_exception", "index [%s] blocked by: [FORBIDDEN/7/index read (api)];", x.Name)
	e.Status = 403
	return e
}
