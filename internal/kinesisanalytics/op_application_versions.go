package kinesisanalytics

import (
	"context"
	"strconv"
)

// listApplicationVersions lists the versions that are kept, the newest first.
// AWS has them for Flink applications alone.
func (s *Service) listApplicationVersions(ctx context.Context, r request, in *listVersionsInput) (*listVersionsOutput, error) {
	a, err := s.find(ctx, r, *in.ApplicationName)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	id := a.Config.ID
	if in.NextToken != nil {
		if id, err = strconv.ParseInt(*in.NextToken, 10, 64); err != nil || id < 1 || id > a.Config.ID {
			return nil, errArgument("NextToken %s is not one of ListApplicationVersions", *in.NextToken)
		}
	}
	out := &listVersionsOutput{ApplicationVersionSummaries: []versionSummary{}}
	for ; id > 0; id-- {
		c, err := s.version(&a.stored, id)
		if err != nil {
			return nil, err
		}
		switch {
		case c == nil:
			return out, nil
		case len(out.ApplicationVersionSummaries) == limitOf(in.Limit):
			out.NextToken = strconv.FormatInt(id, 10)
			return out, nil
		}
		out.ApplicationVersionSummaries = append(out.ApplicationVersionSummaries, versionSummary{id, c.Status})
	}
	return out, nil
}

func (s *Service) describeApplicationVersion(ctx context.Context, r request, in *describeVersionInput) (*describeVersionOutput, error) {
	a, err := s.find(ctx, r, *in.ApplicationName)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	c, err := s.version(&a.stored, *in.ApplicationVersionId)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, errResourceNotFound("version " + strconv.FormatInt(*in.ApplicationVersionId, 10) + " of application " + a.Name)
	}
	return &describeVersionOutput{a.detailV2(c)}, nil
}
