package iam

import (
	"context"

	"github.com/millrace/millrace/internal/aws/call"
)

type updateAssumeRolePolicyInput struct {
	RoleName       string
	PolicyDocument string
}

func (s *Service) updateAssumeRolePolicy(ctx context.Context, c *call.Call, in *updateAssumeRolePolicyInput) (*struct{}, error) {
	s.changing.Lock()
	defer s.changing.Unlock()
	r, err := s.find(ctx, c, in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := checkTrust("policyDocument", in.PolicyDocument); err != nil {
		return nil, err
	}
	changed := *r
	changed.Trust = in.PolicyDocument
	return nil, s.put(&changed)
}
