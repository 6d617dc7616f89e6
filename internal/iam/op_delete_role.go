package iam

import (
	"context"

	"github.com/millrace/millrace/internal/aws/call"
)

type deleteRoleInput struct{ RoleName string }

// deleteRole forgets a role without policies. Nobody is asked whether the role
// is in use; AWS does not ask either.
func (s *Service) deleteRole(ctx context.Context, c *call.Call, in *deleteRoleInput) (*struct{}, error) {
	s.changing.Lock()
	defer s.changing.Unlock()
	r, err := s.find(ctx, c, in.RoleName)
	if err != nil {
		return nil, err
	}
	if len(r.Policies) > 0 {
		return nil, errHasPolicies()
	}
	return nil, s.drop(r)
}
