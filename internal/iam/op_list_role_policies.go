package iam

import (
	"context"

	"github.com/millrace/millrace/internal/aws/call"
)

type listRolePoliciesInput struct {
	RoleName string
	Marker   string
	MaxItems *int64
}

type listRolePoliciesOutput struct {
	PolicyNames []string
	IsTruncated bool
	Marker      string
}

func (s *Service) listRolePolicies(ctx context.Context, c *call.Call, in *listRolePoliciesInput) (*listRolePoliciesOutput, error) {
	r, err := s.find(ctx, c, in.RoleName)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(r.Policies))
	for i, p := range r.Policies {
		names[i] = p.Name
	}
	names, next, err := page(names, func(name string) string { return name }, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &listRolePoliciesOutput{names, next != "", next}, nil
}
