package iam

import (
	"context"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/aws/call"
)

type tagRoleInput struct {
	RoleName string
	Tags     []tag
}

// tagRole adds tags and replaces those whose keys the role has, in any case.
func (s *Service) tagRole(ctx context.Context, c *call.Call, in *tagRoleInput) (*struct{}, error) {
	if len(in.Tags) == 0 {
		return nil, errNull("tags")
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	r, err := s.find(ctx, c, in.RoleName)
	if err != nil {
		return nil, err
	}
	changed := *r
	changed.Tags = slices.Clone(r.Tags)
	for _, t := range in.Tags {
		if i := slices.IndexFunc(changed.Tags, func(old tag) bool { return strings.EqualFold(old.Key, t.Key) }); i >= 0 {
			changed.Tags[i] = t
		} else {
			changed.Tags = append(changed.Tags, t)
		}
	}
	if err := checkTags(changed.Tags); err != nil {
		return nil, err
	}
	return nil, s.put(&changed)
}
