package searchindex

import (
	"maps"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// Kinds of what access control keeps, as definitions are kept and as the REST interface names them.
const (
	internalUsers = "internalusers"
	securityRoles = "roles"
	roleMappings  = "rolesmapping"
	actionGroups  = "actiongroups"
)

// role is what its holder may do: patterns of actions about the whole domain, and about indices.
type role struct {
	cluster []string
	indices []indexPermission
}

type indexPermission struct{ patterns, actions []string }

// builtIn are the definitions that every domain has and that cannot be changed.
func builtIn(kind string) map[string]string {
	switch kind {
	case securityRoles:
		return map[string]string{
			"all_access":               `{"description":"Allow full access to all indices and all cluster APIs","cluster_permissions":["*"],"index_permissions":[{"index_patterns":["*"],"allowed_actions":["*"]}]}`,
			"readall":                  `{"cluster_permissions":["cluster_composite_ops_ro"],"index_permissions":[{"index_patterns":["*"],"allowed_actions":["read"]}]}`,
			"readall_and_monitor":      `{"cluster_permissions":["cluster_monitor","cluster_composite_ops_ro"],"index_permissions":[{"index_patterns":["*"],"allowed_actions":["read"]}]}`,
			"security_manager":         `{"description":"May use the security REST interface"}`,
			"security_rest_api_access": `{"description":"May use the security REST interface"}`,
			"own_index":                `{"description":"Allow all for indices named like the current user","cluster_permissions":["cluster_composite_ops"],"index_permissions":[{"index_patterns":["${user_name}"],"allowed_actions":["indices_all"]}]}`,
			"logstash":                 `{"cluster_permissions":["cluster_monitor","cluster_composite_ops","indices:admin/template/get","indices:admin/template/put"],"index_permissions":[{"index_patterns":["logstash-*","*beat*"],"allowed_actions":["crud","create_index"]}]}`,
		}
	case roleMappings:
		return nil // all_access is mapped at first, and can be changed
	case actionGroups:
		return map[string]string{
			"unlimited": `["*"]`, "cluster_all": `["cluster:*"]`, "indices_all": `["indices:*"]`,
			"cluster_monitor":          `["cluster:monitor/*"]`,
			"cluster_composite_ops_ro": `["indices:data/read/mget","indices:data/read/msearch","indices:data/read/mtv","indices:admin/aliases/exists*","indices:admin/aliases/get*","indices:data/read/scroll","indices:admin/resolve/index"]`,
			"cluster_composite_ops":    `["indices:data/write/bulk","indices:admin/aliases*","indices:data/write/reindex","cluster_composite_ops_ro"]`,
			"manage_cluster_template":  `["indices:admin/template/*","indices:admin/index_template/*","cluster:admin/component_template/*"]`,
			"create_index":             `["indices:admin/create","indices:admin/mapping/put"]`,
			"crud":                     `["read","write"]`,
			"read":                     `["indices:data/read*","indices:admin/mappings/fields/get*","indices:admin/resolve/index"]`,
			"write":                    `["indices:data/write*","indices:admin/mapping/put"]`,
			"index":                    `["indices:data/write/index*","indices:data/write/update*","indices:admin/mapping/put","indices:data/write/bulk*"]`,
			"delete":                   `["indices:data/write/delete*"]`,
			"data_access":              `["indices:data/*","crud"]`,
			"get":                      `["indices:data/read/get*","indices:data/read/mget*"]`,
			"search":                   `["indices:data/read/search*","indices:data/read/msearch*"]`,
			"manage":                   `["indices:monitor/*","indices:admin/*"]`,
			"manage_aliases":           `["indices:admin/aliases*"]`,
			"indices_monitor":          `["indices:monitor/*"]`,
		}
	}
	return nil
}

// defined are the definitions of a kind: built in, then the domain's own. all_access belongs to the backend role admin
// until its mapping is changed.
func defined(d definer, kind string) map[string]jsontree.Value {
	out := map[string]jsontree.Value{}
	for name, body := range builtIn(kind) {
		out[name] = storedObject(body)
	}
	if kind == roleMappings {
		out["all_access"] = storedObject(`{"backend_roles":["admin"]}`)
	}
	for name, body := range d.definitions(kind) {
		if body == removedDefinition {
			delete(out, name)
			continue
		}
		out[name] = storedObject(body)
	}
	return out
}

// removedDefinition stands for a definition that would be there by itself and was deleted.
const removedDefinition = "null"

func rolesOf(d definer) map[string]jsontree.Value    { return defined(d, securityRoles) }
func mappingsOf(d definer) map[string]jsontree.Value { return defined(d, roleMappings) }

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func parseRole(v jsontree.Value, d definer) role {
	groups := defined(d, actionGroups)
	cluster, _ := v.Get("cluster_permissions")
	r := role{cluster: expand(texts(cluster), groups, 0)}
	indices, _ := v.Get("index_permissions")
	for _, e := range indices.Elems {
		patterns, _ := e.Get("index_patterns")
		actions, _ := e.Get("allowed_actions")
		r.indices = append(r.indices, indexPermission{texts(patterns), expand(texts(actions), groups, 0)})
	}
	return r
}

// expand replaces the names of action groups by their actions.
func expand(actions []string, groups map[string]jsontree.Value, depth int) (out []string) {
	const deepest = 8 // groups in groups; one that holds itself ends here
	for _, action := range actions {
		group, known := groups[action]
		if !known || depth > deepest {
			out = append(out, action)
			continue
		}
		if allowed, ok := group.Get("allowed_actions"); ok {
			group = allowed
		}
		out = append(out, expand(texts(group), groups, depth+1)...)
	}
	return out
}

// clusterActions are judged by what a role may do in the whole domain, whatever indices the request names.
func isClusterAction(action string) bool {
	for _, prefix := range []string{"cluster:", "indices:admin/template/", "indices:admin/index_template/"} {
		if strings.HasPrefix(action, prefix) {
			return true
		}
	}
	return slices.Contains([]string{"indices:data/write/bulk", "indices:data/read/mget", "indices:data/read/msearch"}, action)
}

func (c *caller) mayCluster(action string) bool {
	return c.everything || slices.ContainsFunc(c.access, func(r role) bool {
		return slices.ContainsFunc(r.cluster, func(pattern string) bool { return like(pattern, action) })
	})
}

func (c *caller) mayIndex(index, action string) bool {
	return c.everything || slices.ContainsFunc(c.access, func(r role) bool {
		return slices.ContainsFunc(r.indices, func(p indexPermission) bool {
			return slices.ContainsFunc(p.actions, func(pattern string) bool { return like(pattern, action) }) &&
				slices.ContainsFunc(p.patterns, func(pattern string) bool {
					return like(strings.NewReplacer("${user_name}", c.name, "${user.name}", c.name).Replace(pattern), index)
				})
		})
	})
}

// permitCluster judges requests about the whole domain before they run.
func (r *request) permitCluster() *wire.Error {
	if r.action == "" || !isClusterAction(r.action) || r.caller.mayCluster(r.action) {
		return nil
	}
	return forbidden(&r.caller, r.action)
}

// permit judges the request for one index.
func (r *request) permit(index string) *wire.Error { return r.permitAction(index, r.action) }

func (r *request) permitAction(index, action string) *wire.Error {
	if isClusterAction(action) || r.caller.mayIndex(index, action) {
		return nil
	}
	return forbidden(&r.caller, action)
}

// permitWrite judges one operation of a bulk, or a document on its own.
func (r *request) permitWrite(action, index string) *wire.Error {
	name := "indices:data/write/" + action
	if action == "create" {
		name = "indices:data/write/index"
	}
	switch {
	case r.caller.mayIndex(index, name):
		return nil
	case r.action == "indices:data/write/bulk":
		return forbidden(&r.caller, "indices:data/write/bulk[s]", name)
	}
	return forbidden(&r.caller, name)
}
