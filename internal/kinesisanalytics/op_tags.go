package kinesisanalytics

import (
	"context"
	"slices"
)

// tagResource sets tags; the values of keys that are there already change.
func (s *Service) tagResource(ctx context.Context, r request, in *tagResourceInput) (*empty, error) {
	err := s.changeTags(ctx, r, *in.ResourceARN, func(tags []tag) ([]tag, error) { return tagged(tags, in.Tags) })
	return &empty{}, err
}

// untagResource removes tags; keys that are not there are fine.
func (s *Service) untagResource(ctx context.Context, r request, in *untagResourceInput) (*empty, error) {
	err := s.changeTags(ctx, r, *in.ResourceARN, func(tags []tag) ([]tag, error) {
		return slices.DeleteFunc(slices.Clone(tags), func(t tag) bool { return slices.Contains(in.TagKeys, *t.Key) }), nil
	})
	return &empty{}, err
}

// listTagsForResource lists by key.
func (s *Service) listTagsForResource(ctx context.Context, r request, in *listTagsInput) (*listTagsOutput, error) {
	a, err := s.findARN(ctx, r, *in.ResourceARN)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return &listTagsOutput{append([]tag{}, a.Tags...)}, nil
}
