package grant

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// shape is how a server writes a role that may write indices.
type shape struct {
	cluster, indices, patterns, actions string // the names of members
	onCluster, onIndex                  []string
	readOnly                            []string // members that are shown and must not be written
}

// fresh is a role with nothing but the rights to write the indices.
func (s shape) fresh(patterns []string) map[string]any {
	return map[string]any{s.cluster: s.onCluster, s.indices: []any{s.permission(patterns)}}
}

func (s shape) permission(patterns []string) map[string]any {
	return map[string]any{s.patterns: patterns, s.actions: s.onIndex}
}

// role makes the role, or adds what it lacks. Whatever else it has stays: what is written is what was read, as it was.
func (g *Grant) role(ctx context.Context, path string, r Request, s shape) error {
	role := map[string]json.RawMessage{}
	there, err := g.read(ctx, path, r.Role, &role)
	if err != nil {
		return err
	}
	if !there {
		g.add(http.MethodPut, path+r.Role, s.fresh(r.Indices))
		return nil
	}
	for _, name := range s.readOnly {
		delete(role, name)
	}
	cluster, errCluster := s.withCluster(role[s.cluster])
	indices, errIndices := s.withIndices(role[s.indices], r.Indices)
	if errCluster != nil || errIndices != nil {
		return fmt.Errorf("read %s: its members %s and %s are not those of a role", path+r.Role, s.cluster, s.indices)
	}
	if cluster == nil && indices == nil {
		return nil
	}
	if cluster != nil {
		role[s.cluster] = cluster
	}
	if indices != nil {
		role[s.indices] = indices
	}
	g.add(http.MethodPut, path+r.Role, role)
	return nil
}

// withCluster adds what is missing; nil if nothing is.
func (s shape) withCluster(text json.RawMessage) (json.RawMessage, error) {
	var have []string
	if err := json.Unmarshal(text, &have); err != nil {
		return nil, err
	}
	if holdsAll(have, s.onCluster) {
		return nil, nil
	}
	for _, permission := range s.onCluster {
		if !slices.Contains(have, permission) {
			have = append(have, permission)
		}
	}
	return json.Marshal(have)
}

// withIndices adds an entry for the patterns that no entry covers in every action; nil if all are covered.
func (s shape) withIndices(text json.RawMessage, patterns []string) (json.RawMessage, error) {
	var have []map[string]json.RawMessage
	if err := json.Unmarshal(text, &have); err != nil {
		return nil, err
	}
	var missing []string
	for _, pattern := range patterns {
		covered := false
		for _, entry := range have {
			var names, actions []string
			if json.Unmarshal(entry[s.patterns], &names) != nil || json.Unmarshal(entry[s.actions], &actions) != nil {
				continue
			}
			covered = covered || slices.Contains(names, pattern) && holdsAll(actions, s.onIndex)
		}
		if !covered {
			missing = append(missing, pattern)
		}
	}
	if missing == nil {
		return nil, nil
	}
	all := make([]any, 0, len(have)+1)
	for _, entry := range have {
		all = append(all, entry)
	}
	return json.Marshal(append(all, s.permission(missing)))
}

func holdsAll(have, want []string) bool {
	for _, one := range want {
		if !slices.Contains(have, one) {
			return false
		}
	}
	return true
}
