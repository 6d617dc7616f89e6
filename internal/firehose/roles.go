package firehose

import (
	"context"
	"errors"
	"slices"
)

// roles are those that a stream's configuration names, each once.
func (c *config) roles() (roles []string) {
	add := func(role *string) {
		if role != nil && *role != "" && !slices.Contains(roles, *role) {
			roles = append(roles, *role)
		}
	}
	add(c.bucket().RoleARN)
	if b := c.backup(); b != nil {
		add(b.RoleARN)
	}
	if search := c.search(); search != nil {
		add(search.RoleARN)
	}
	if c.HTTP != nil {
		add(c.HTTP.RoleARN)
	}
	if x := c.ExtendedS3; x != nil && x.converted() {
		add(x.DataFormatConversionConfiguration.SchemaConfiguration.RoleARN)
	}
	if p := c.processing(); p != nil && isOn(p.Enabled) {
		for i := range p.Processors {
			if role, there := p.Processors[i].parameter("RoleArn"); there {
				add(&role)
			}
		}
	}
	return roles
}

// checkRoles refuses roles that Firehose may not assume, as AWS does when a
// stream is created or changed.
func (s *Service) checkRoles(c *config) error {
	for _, role := range c.roles() {
		if err := s.assume(c.ARN, role); err != nil {
			s.opts.Logger.Warn("role cannot be assumed", "delivery_stream", c.Name, "role_arn", role, "error", errors.Unwrap(err))
			return err
		}
	}
	return nil
}

func (s *Service) assume(streamARN, role string) error {
	if s.opts.Assume == nil {
		return nil
	}
	if err := s.opts.Assume(role, streamARN); err != nil {
		return errRole(role, err)
	}
	return nil
}

// authorizeRole asks whether a stream may do something as a role: whether it may
// assume the role, and the role do that.
func (s *Service) authorizeRole(ctx context.Context, streamARN, role, action, resource string) error {
	if err := s.assume(streamARN, role); err != nil {
		return err
	}
	return s.opts.Authorizer.AuthorizeRole(ctx, role, action, resource)
}
