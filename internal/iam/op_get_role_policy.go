package iam

import (
	"context"

	"github.com/millrace/millrace/internal/aws/call"
)

type getRolePolicyInput struct {
	RoleName   string
	PolicyName string
}

type getRolePolicyOutput struct {
	RoleName       string
	PolicyName     string
	PolicyDocument string
}

func (s *Service) getRolePolicy(ctx context.Context, c *call.Call, in *getRolePolicyInput) (*getRolePolicyOutput, error) {
	if err := checkName("policyName", in.PolicyName, maxPolicyName); err != nil {
		return nil, err
	}
	r, err := s.find(ctx, c, in.RoleName)
	if err != nil {
		return nil, err
	}
	i, found := r.policy(in.PolicyName)
	if !found {
		return nil, errNoRolePolicy(in.PolicyName)
	}
	return &getRolePolicyOutput{r.Name, in.PolicyName, escape(r.Policies[i].Document)}, nil
}
