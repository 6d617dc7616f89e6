package iam

import (
	"context"
	"slices"

	"github.com/millrace/millrace/internal/aws/call"
)

type untagRoleInput struct {
	RoleName string
	TagKeys  []string
}

// untagRole takes tags away; keys that the role does not have are no mistake.
func (s *Service) untagRole(ctx context.Context, c *call.Call, in *untagRoleInput) (*struct{}, error) {
	if len(in.TagKeys) == 0 {
		return nil, errNull("tagKeys")
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	r, err := s.find(ctx, c, in.RoleName)
	if err != nil {
		return nil, err
	}
	changed := *r
	changed.Tags = slices.DeleteFunc(slices.Clone(r.Tags), func(t tag) bool { return slices.Contains(in.TagKeys, t.Key) })
	return nil, s.put(&changed)
}
