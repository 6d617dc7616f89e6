package iam

import (
	"context"
	"slices"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/policy"
)

type putRolePolicyInput struct {
	RoleName       string
	PolicyName     string
	PolicyDocument string
}

// putRolePolicy adds an inline policy to a role or replaces the one of that
// name. It is in force when the answer is given.
func (s *Service) putRolePolicy(ctx context.Context, c *call.Call, in *putRolePolicyInput) (*struct{}, error) {
	if err := checkName("policyName", in.PolicyName, maxPolicyName); err != nil {
		return nil, err
	}
	if err := checkLength("policyDocument", in.PolicyDocument, maxDocument); err != nil {
		return nil, err
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	r, err := s.find(ctx, c, in.RoleName)
	if err != nil {
		return nil, err
	}
	changed := *r
	changed.Policies = slices.Clone(r.Policies)
	added := inlinePolicy{in.PolicyName, in.PolicyDocument}
	if i, found := r.policy(in.PolicyName); found {
		changed.Policies[i] = added
	} else {
		changed.Policies = slices.Insert(changed.Policies, i, added)
	}
	if changed.inlineSize() > maxInlineSize {
		return nil, errQuota("Maximum policy size of %d bytes exceeded for role %s", maxInlineSize, r.Name)
	}
	if _, err := policy.Parse(in.PolicyDocument, vocabulary()); err != nil {
		return nil, malformed(err)
	}
	return nil, s.put(&changed)
}

func (r *role) inlineSize() int {
	n := 0
	for _, p := range r.Policies {
		n += size(p.Document)
	}
	return n
}
