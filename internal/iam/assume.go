package iam

import (
	"fmt"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/policy"
)

// trustVocabulary is what trust policies may say about the services that assume
// roles here.
func trustVocabulary() policy.Vocabulary {
	return policy.Vocabulary{
		Keys:     []string{"sts:ExternalId", "aws:SourceAccount", "aws:SourceArn"},
		Services: []string{"firehose.amazonaws.com", "kinesisanalytics.amazonaws.com"},
	}
}

// Assume tells whether a service ("firehose.amazonaws.com") may assume a role
// for a resource of its own, such as a delivery stream: nil, or the reason why
// not, which is for the log. A role that does not exist is assumed by
// everybody, unless the server is strict.
func (s *Service) Assume(service, roleARN, sourceARN string) error {
	r := s.roles.Load().byARN[roleARN]
	switch {
	case r == nil && s.opts.Strict:
		return fmt.Errorf("role %s does not exist, and the server is strict", roleARN)
	case r == nil:
		return nil // AuthorizeRole warns
	case r.trust == nil:
		return fmt.Errorf("the trust policy of role %s cannot be evaluated: %w", r.Name, r.trustError)
	}
	d := r.trust.Decide(service, map[string]string{
		"sts:externalid": call.AccountID, "aws:sourceaccount": call.AccountID, "aws:sourcearn": sourceARN,
	})
	switch d.Effect {
	case policy.Allow:
		return nil
	case policy.Deny:
		return fmt.Errorf("statement %s of the trust policy of role %s denies it to %s", d.Statement, r.Name, service)
	}
	return fmt.Errorf("the trust policy of role %s does not allow it to %s for %s", r.Name, service, sourceARN)
}
