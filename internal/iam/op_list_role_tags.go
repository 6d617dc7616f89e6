package iam

import (
	"context"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/aws/call"
)

type listRoleTagsInput struct {
	RoleName string
	Marker   string
	MaxItems *int64
}

type listRoleTagsOutput struct {
	Tags        []tagShape
	IsTruncated bool
	Marker      string
}

func (s *Service) listRoleTags(ctx context.Context, c *call.Call, in *listRoleTagsInput) (*listRoleTagsOutput, error) {
	r, err := s.find(ctx, c, in.RoleName)
	if err != nil {
		return nil, err
	}
	tags := slices.SortedFunc(slices.Values(r.Tags), func(a, b tag) int { return strings.Compare(a.Key, b.Key) })
	tags, next, err := page(tags, func(t tag) string { return t.Key }, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &listRoleTagsOutput{append([]tagShape{}, shapesOf(tags)...), next != "", next}, nil
}
