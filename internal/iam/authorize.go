package iam

import (
	"context"
	"fmt"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/policy"
)

var _ call.Authorizer = (*Service)(nil)

// vocabulary is what policies may speak of: the condition keys that a request
// has by its role alone, and the services that ask for permission.
func vocabulary() policy.Vocabulary {
	return policy.Vocabulary{
		Keys:     []string{"aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalType"},
		Services: []string{"cloudformation", "es", "firehose", "iam", "kinesisanalytics", "lambda", "s3"},
	}
}

// Authorize implements call.Authorizer. The account itself may do everything.
func (s *Service) Authorize(_ context.Context, who call.Identity, action, resource string) error {
	if who.RoleARN == "" {
		return nil
	}
	name := who.ARN
	if name == "" {
		name = who.RoleARN
	}
	return s.decide(name, who.RoleARN, action, resource)
}

// AuthorizeRole implements call.Authorizer.
func (s *Service) AuthorizeRole(_ context.Context, roleARN, action, resource string) error {
	return s.decide(roleARN, roleARN, action, resource)
}

// decide holds an action against the policies of a role. The error's cause,
// for the log alone, says what decided.
func (s *Service) decide(who, roleARN, action, resource string) error {
	r := s.roles.Load().byARN[roleARN]
	if r == nil {
		return s.decideUnknown(who, roleARN, action, resource)
	}
	d := policy.Decide(r.compiled, policy.Request{Action: action, Resource: resource, Keys: r.keys})
	switch d.Effect {
	case policy.Allow:
		return nil
	case policy.Deny:
		err := awserr.New("AccessDeniedException", "User: %s is not authorized to perform: %s on resource: %s with an explicit deny in an identity-based policy",
			who, action, resource)
		err.Cause = fmt.Errorf("denied by statement %s of policy %q of role %s", d.Statement, r.Policies[d.Policy].Name, r.Name)
		return err
	}
	return call.Denied(who, action, resource)
}

func (s *Service) decideUnknown(who, roleARN, action, resource string) error {
	if s.opts.Strict {
		err := call.Denied(who, action, resource)
		err.Cause = fmt.Errorf("role %s does not exist, and the server is strict", roleARN)
		return err
	}
	s.warned.Lock()
	defer s.warned.Unlock()
	if !s.unknown[roleARN] {
		s.unknown[roleARN] = true
		s.opts.Logger.Warn("role does not exist and may do everything; strict: true would refuse it", "role_arn", roleARN, "action", action, "resource", resource)
	}
	return nil
}

// forgetWarning lets a role that is gone be warned of again.
func (s *Service) forgetWarning(roleARN string) {
	s.warned.Lock()
	defer s.warned.Unlock()
	delete(s.unknown, roleARN)
}
