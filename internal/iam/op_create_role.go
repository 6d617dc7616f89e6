package iam

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/policy"
)

type createRoleInput struct {
	RoleName                 string
	AssumeRolePolicyDocument string
	Path                     *string
	Description              string
	MaxSessionDuration       *int64
	Tags                     []tag
}

type createRoleOutput struct{ Role *roleShape }

func (s *Service) createRole(ctx context.Context, c *call.Call, in *createRoleInput) (*createRoleOutput, error) {
	r, err := newRole(in)
	if err != nil {
		return nil, err
	}
	if err := s.permit(ctx, c, r.ARN); err != nil {
		return nil, err
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	existing := s.roles.Load()
	if existing.byName[strings.ToLower(r.Name)] != nil {
		return nil, errRoleExists(r.Name)
	}
	if len(existing.byName) >= maxRoles {
		return nil, errQuota("Cannot exceed quota for RolesPerAccount: %d", maxRoles)
	}
	r.ID, r.Created = newID(), s.opts.Now().UTC().Truncate(time.Second)
	if err := s.put(r); err != nil {
		return nil, err
	}
	return &createRoleOutput{r.shape()}, nil
}

func newRole(in *createRoleInput) (*role, error) {
	r := &role{Name: in.RoleName, Path: "/", Description: in.Description, Trust: in.AssumeRolePolicyDocument, MaxSession: minSession, Tags: slices.Clone(in.Tags)}
	if in.Path != nil {
		r.Path = *in.Path
	}
	if in.MaxSessionDuration != nil {
		r.MaxSession = *in.MaxSessionDuration
	}
	r.ARN = roleARN(r.Path, r.Name)
	if err := checkName("roleName", r.Name, maxRoleName); err != nil {
		return nil, err
	}
	if err := checkPath(r.Path); err != nil {
		return nil, err
	}
	if len([]rune(r.Description)) > maxDescription {
		return nil, errLong("description", maxDescription)
	}
	if err := checkSession(r.MaxSession); err != nil {
		return nil, err
	}
	if err := checkTags(r.Tags); err != nil {
		return nil, err
	}
	return r, checkTrust("assumeRolePolicyDocument", r.Trust)
}

func checkTrust(member, document string) error {
	if err := checkLength(member, document, maxDocument); err != nil {
		return err
	}
	if size(document) > maxTrustSize {
		return errQuota("Cannot exceed quota for ACLSizePerRole: %d", maxTrustSize)
	}
	_, err := policy.ParseTrust(document, trustVocabulary())
	return malformed(err)
}
