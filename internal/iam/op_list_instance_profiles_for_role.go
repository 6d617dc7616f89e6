package iam

import (
	"context"

	"github.com/millrace/millrace/internal/aws/call"
)

type listInstanceProfilesForRoleInput struct {
	RoleName string
	Marker   string
	MaxItems *int64
}

type listInstanceProfilesForRoleOutput struct {
	InstanceProfiles []string
	IsTruncated      bool
	Marker           string
}

// listInstanceProfilesForRole answers an empty list: there are no instance
// profiles that a role could be in.
func (s *Service) listInstanceProfilesForRole(ctx context.Context, c *call.Call, in *listInstanceProfilesForRoleInput) (out *listInstanceProfilesForRoleOutput, err error) {
	if _, err := s.find(ctx, c, in.RoleName); err != nil {
		return nil, err
	}
	out = &listInstanceProfilesForRoleOutput{}
	out.InstanceProfiles, _, err = page(out.InstanceProfiles, func(name string) string { return name }, in.Marker, in.MaxItems)
	return out, err
}
