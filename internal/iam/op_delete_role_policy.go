package iam

import (
	"context"
	"slices"

	"github.com/millrace/millrace/internal/aws/call"
)

type deleteRolePolicyInput struct {
	RoleName   string
	PolicyName string
}

func (s *Service) deleteRolePolicy(ctx context.Context, c *call.Call, in *deleteRolePolicyInput) (*struct{}, error) {
	if err := checkName("policyName", in.PolicyName, maxPolicyName); err != nil {
		return nil, err
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	r, err := s.find(ctx, c, in.RoleName)
	if err != nil {
		return nil, err
	}
	i, found := r.policy(in.PolicyName)
	if !found {
		return nil, errNoRolePolicy(in.PolicyName)
	}
	changed := *r
	changed.Policies = slices.Delete(slices.Clone(r.Policies), i, i+1)
	return nil, s.put(&changed)
}
