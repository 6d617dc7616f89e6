package iam

import (
	"context"
	"strings"

	"github.com/millrace/millrace/internal/aws/call"
)

type listRolesInput struct {
	PathPrefix *string
	Marker     string
	MaxItems   *int64
}

type listRolesOutput struct {
	Roles       []*roleShape
	IsTruncated bool
	Marker      string
}

// listRoles shows roles without their tags, as AWS does.
func (s *Service) listRoles(ctx context.Context, c *call.Call, in *listRolesInput) (*listRolesOutput, error) {
	prefix := "/"
	if in.PathPrefix != nil {
		prefix = *in.PathPrefix
	}
	if err := checkPathPrefix(prefix); err != nil {
		return nil, err
	}
	if err := s.permit(ctx, c, roleARN(prefix, "")); err != nil {
		return nil, err
	}
	var found []*role
	for _, r := range s.roles.Load().sorted() {
		if strings.HasPrefix(r.Path, prefix) {
			found = append(found, r)
		}
	}
	found, next, err := page(found, func(r *role) string { return r.Name }, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &listRolesOutput{Roles: []*roleShape{}, IsTruncated: next != "", Marker: next}
	for _, r := range found {
		shape := r.shape()
		shape.Tags = nil
		out.Roles = append(out.Roles, shape)
	}
	return out, nil
}
