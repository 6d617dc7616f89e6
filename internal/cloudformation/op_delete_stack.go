package cloudformation

import (
	"context"
	"errors"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/stack"
)

type deleteStackInput struct {
	StackName          string
	ClientRequestToken string
}

type nothing struct{}

// deleteStack succeeds for a stack that does not exist, as on AWS. The
// resources are deleted with the caller's rights.
func (s *Service) deleteStack(ctx context.Context, c *call.Call, in *deleteStackInput) (*nothing, error) {
	found, err := s.find(ctx, c, in.StackName)
	if errors.Is(err, stack.ErrNoStack) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := s.stacks.Delete(found.ID, c.Identity.RoleARN, in.ClientRequestToken); err != nil && !errors.Is(err, stack.ErrNoStack) {
		return nil, err
	}
	s.log.Info("stack is being deleted", "stack", found.Name, "request_id", c.RequestID)
	return nil, nil
}
