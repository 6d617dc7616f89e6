package kinesisanalytics

import (
	"context"

	"github.com/millrace/millrace/internal/aws/call"
)

type describeApplicationInput struct {
	ApplicationName *string
}

type describeApplicationOutput struct {
	ApplicationDetail ApplicationDetail
}

func (s *Service) describeApplication(ctx context.Context, c *call.Call, in *describeApplicationInput) (*describeApplicationOutput, error) {
	var v violations
	v.required(in.ApplicationName, "applicationName", s.limits.name)
	if err := v.err(); err != nil {
		return nil, err
	}
	a, err := s.find(ctx, c, *in.ApplicationName)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return &describeApplicationOutput{a.Detail}, nil
}
