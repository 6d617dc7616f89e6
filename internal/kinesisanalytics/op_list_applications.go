package kinesisanalytics

import (
	"context"
	"maps"
	"slices"
)

// maxListed is the largest page, and the one without Limit.
const maxListed = 50

func (s *Service) listApplicationsV1(ctx context.Context, r request, in *listApplicationsV1Input) (*listApplicationsV1Output, error) {
	page, more, err := s.page(ctx, r, text(in.ExclusiveStartApplicationName), limitOf(in.Limit))
	if err != nil {
		return nil, err
	}
	out := &listApplicationsV1Output{ApplicationSummaries: make([]summaryV1, len(page)), HasMoreApplications: more}
	for i := range page {
		out.ApplicationSummaries[i] = page[i].summaryV1()
	}
	return out, nil
}

// listApplicationsV2 gives the last name of a page as the token of the next.
func (s *Service) listApplicationsV2(ctx context.Context, r request, in *listApplicationsV2Input) (*listApplicationsV2Output, error) {
	page, more, err := s.page(ctx, r, text(in.NextToken), limitOf(in.Limit))
	if err != nil {
		return nil, err
	}
	out := &listApplicationsV2Output{ApplicationSummaries: make([]summaryV2, len(page))}
	for i := range page {
		out.ApplicationSummaries[i] = page[i].summaryV2()
	}
	if more {
		out.NextToken = page[len(page)-1].Name
	}
	return out, nil
}

func limitOf(n *int64) int {
	if n == nil {
		return maxListed
	}
	return int(*n)
}

// page lists by name, from the first one after a name.
func (s *Service) page(ctx context.Context, r request, after string, limit int) (page []stored, more bool, err error) {
	if err := s.allow(ctx, r, "*"); err != nil {
		return nil, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(s.apps)) {
		switch {
		case name <= after:
		case len(page) == limit:
			return page, true, nil
		default:
			page = append(page, s.apps[name].stored)
		}
	}
	return page, false, nil
}
