package iam

import (
	"context"

	"github.com/millrace/millrace/internal/aws/call"
)

type listAttachedRolePoliciesInput struct {
	RoleName   string
	PathPrefix *string
	Marker     string
	MaxItems   *int64
}

type listAttachedRolePoliciesOutput struct {
	AttachedPolicies []struct{ PolicyName, PolicyArn string }
	IsTruncated      bool
	Marker           string
}

// listAttachedRolePolicies answers an empty list: there are no managed policies
// that a role could have.
func (s *Service) listAttachedRolePolicies(ctx context.Context, c *call.Call, in *listAttachedRolePoliciesInput) (out *listAttachedRolePoliciesOutput, err error) {
	if _, err := s.find(ctx, c, in.RoleName); err != nil {
		return nil, err
	}
	if in.PathPrefix != nil {
		if err := checkPathPrefix(*in.PathPrefix); err != nil {
			return nil, err
		}
	}
	out = &listAttachedRolePoliciesOutput{}
	none := func(struct{ PolicyName, PolicyArn string }) string { return "" }
	out.AttachedPolicies, _, err = page(out.AttachedPolicies, none, in.Marker, in.MaxItems)
	return out, err
}
