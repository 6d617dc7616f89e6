package kinesisanalytics

import (
	"context"
	"maps"
	"slices"

	"github.com/millrace/millrace/internal/aws/call"
)

type listApplicationsInput struct {
	Limit                         *int64
	ExclusiveStartApplicationName *string
}

type listApplicationsOutput struct {
	ApplicationSummaries []ApplicationSummary
	HasMoreApplications  bool
}

// maxListed is the largest page, and the one without Limit.
const maxListed = 50

// listApplications lists by name.
func (s *Service) listApplications(ctx context.Context, c *call.Call, in *listApplicationsInput) (*listApplicationsOutput, error) {
	var v violations
	v.optional(in.ExclusiveStartApplicationName, "exclusiveStartApplicationName", s.limits.name)
	limit := int64(maxListed)
	if in.Limit != nil {
		if limit = *in.Limit; limit < 1 {
			v.add(limit, "limit", "have value greater than or equal to 1")
		} else if limit > maxListed {
			v.add(limit, "limit", "have value less than or equal to %d", maxListed)
		}
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	if err := s.allow(ctx, c, "*"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &listApplicationsOutput{ApplicationSummaries: []ApplicationSummary{}}
	for _, name := range slices.Sorted(maps.Keys(s.apps)) {
		if name <= value(in.ExclusiveStartApplicationName) {
			continue
		}
		if int64(len(out.ApplicationSummaries)) == limit {
			out.HasMoreApplications = true
			break
		}
		out.ApplicationSummaries = append(out.ApplicationSummaries, s.apps[name].summary())
	}
	return out, nil
}
