package grant

import (
	"context"
	"net/http"
	"slices"
)

// What a deliverer needs of the cluster is _bulk itself, and health for who looks whether the server is there.
func openSearchShape() shape {
	return shape{
		cluster: "cluster_permissions", indices: "index_permissions", patterns: "index_patterns", actions: "allowed_actions",
		onCluster: []string{"cluster_composite_ops", "cluster_monitor"}, onIndex: []string{"crud", "create_index", "manage"},
		readOnly: []string{"reserved", "hidden", "static"},
	}
}

// openSearchMapping says who has a role. A mapping is written whole, so it is read first.
type openSearchMapping struct {
	BackendRoles    []string `json:"backend_roles"`
	Hosts           []string `json:"hosts"`
	Users           []string `json:"users"`
	AndBackendRoles []string `json:"and_backend_roles,omitempty"`
	Description     string   `json:"description,omitempty"`
}

func (g *Grant) openSearch(ctx context.Context, api string, r Request) error {
	name := r.Role
	if r.AllAccess {
		name = AllAccess
	} else if err := g.role(ctx, api+"/roles/", r, openSearchShape()); err != nil {
		return err
	}
	var m openSearchMapping
	if _, err := g.read(ctx, api+"/rolesmapping/", name, &m); err != nil {
		return err
	}
	list := &m.Users
	if r.isRole() {
		list = &m.BackendRoles
	}
	if slices.Contains(*list, r.Principal) {
		return nil
	}
	*list = append(*list, r.Principal)
	for _, list := range []*[]string{&m.BackendRoles, &m.Hosts, &m.Users} {
		if *list == nil {
			*list = []string{}
		}
	}
	g.add(http.MethodPut, api+"/rolesmapping/"+name, m)
	return nil
}
