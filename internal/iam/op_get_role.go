package iam

import (
	"context"

	"github.com/millrace/millrace/internal/aws/call"
)

type getRoleInput struct{ RoleName string }

type getRoleOutput struct{ Role *roleShape }

func (s *Service) getRole(ctx context.Context, c *call.Call, in *getRoleInput) (*getRoleOutput, error) {
	r, err := s.find(ctx, c, in.RoleName)
	if err != nil {
		return nil, err
	}
	return &getRoleOutput{r.shape()}, nil
}
