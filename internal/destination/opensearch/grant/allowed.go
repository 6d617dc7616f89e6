package grant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// ErrUnseen means that the server does not say who may write: it is Elasticsearch, or its roles are not shown to this
// user.
var ErrUnseen = errors.New("the server does not show who may write")

// Allowed tells whether the principal may make and write the request's indices on an OpenSearch server, by whatever role.
// The error is ErrNoSecurity if everybody may.
func Allowed(ctx context.Context, server Server, r Request) (bool, error) {
	api, err := security(ctx, server)
	switch {
	case err != nil:
		return false, err
	case api == "":
		return false, ErrUnseen
	}
	return allowed(ctx, server, api, r)
}

func allowed(ctx context.Context, server Server, api string, r Request) (bool, error) {
	var mappings map[string]openSearchMapping
	var roles map[string]struct {
		Indices []struct {
			Patterns []string `json:"index_patterns"`
			Actions  []string `json:"allowed_actions"`
		} `json:"index_permissions"`
	}
	for of, into := range map[string]any{"/rolesmapping": &mappings, "/roles": &roles} {
		status, answer, err := server.Do(ctx, http.MethodGet, api+of, nil)
		switch {
		case err != nil:
			return false, fmt.Errorf("read %s: %w", api+of, err)
		case status != http.StatusOK:
			return false, ErrUnseen
		}
		if err := json.Unmarshal(answer, into); err != nil {
			return false, fmt.Errorf("read %s: %w", api+of, err)
		}
	}
	open := slices.Clone(r.Indices) // not covered yet
	for name, m := range mappings {
		if !matchesAny(m.Users, r.Principal) && !(r.isRole() && matchesAny(m.BackendRoles, r.Principal)) {
			continue
		}
		if name == AllAccess {
			return true, nil
		}
		for _, permission := range roles[name].Indices {
			if writes(permission.Actions) {
				open = slices.DeleteFunc(open, func(index string) bool { return matchesAny(permission.Patterns, index) })
			}
		}
	}
	return len(open) == 0, nil
}

// writes tells whether the actions let somebody make an index and write it.
func writes(actions []string) bool {
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(actions, name) })
	}
	return has("*", "indices:*", "indices_all", "unlimited") ||
		has("crud", "write", "index", "indices:data/write/*") && has("create_index", "manage", "indices:admin/*", "indices:admin/create")
}

func matchesAny(patterns []string, text string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, text) })
}

// matches compares as OpenSearch does: an asterisk is any text, a question mark one character. The text may be a pattern
// itself, which the same one and a wider one match.
func matches(pattern, text string) bool {
	if pattern == "" {
		return text == ""
	}
	if pattern[0] == '*' {
		return matches(pattern[1:], text) || text != "" && matches(pattern, text[1:])
	}
	return text != "" && (pattern[0] == text[0] || pattern[0] == '?') && matches(pattern[1:], text[1:])
}
