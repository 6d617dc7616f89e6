package grant

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

const apiKeyPath = "/_security/api_key"

func elasticsearchShape() shape {
	return shape{
		cluster: "cluster", indices: "indices", patterns: "names", actions: "privileges",
		onCluster: []string{"monitor"}, onIndex: []string{"auto_configure", "create_index", "index", "view_index_metadata"},
		readOnly: []string{"transient_metadata"},
	}
}

// elasticsearchUser has the members that the write of a user keeps. Without a password in it the user keeps its own.
type elasticsearchUser struct {
	Roles    []string       `json:"roles"`
	FullName *string        `json:"full_name,omitempty"`
	Email    *string        `json:"email,omitempty"`
	Metadata map[string]any `json:"metadata,omitempty"`
	Enabled  *bool          `json:"enabled,omitempty"`
}

// elasticsearch knows no role of AWS: a deliverer that is one gets an API key with the role's rights, each time anew, as
// the key is shown once. A user gets the role.
func (g *Grant) elasticsearch(ctx context.Context, r Request) error {
	name, rights := r.Role, elasticsearchShape().fresh(r.Indices)
	if r.AllAccess {
		name = superuser
		rights = map[string]any{"cluster": []string{"all"}, "indices": []any{map[string]any{"names": []string{"*"}, "privileges": []string{"all"}}}}
	}
	if r.isRole() {
		g.add(http.MethodPost, apiKeyPath, map[string]any{"name": r.Principal, "role_descriptors": map[string]any{name: rights}})
		return nil
	}
	if !r.AllAccess {
		if err := g.role(ctx, "/_security/role/", r, elasticsearchShape()); err != nil {
			return err
		}
	}
	var user elasticsearchUser
	there, err := g.read(ctx, "/_security/user/", r.Principal, &user)
	switch {
	case err != nil:
		return err
	case !there:
		return fmt.Errorf("there is no user %q: make it first, with a password", r.Principal)
	case slices.Contains(user.Roles, name):
		return nil
	}
	user.Roles = append(user.Roles, name)
	g.add(http.MethodPut, "/_security/user/"+url.PathEscape(r.Principal), user)
	return nil
}
