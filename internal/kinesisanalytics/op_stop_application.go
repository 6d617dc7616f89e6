package kinesisanalytics

import (
	"context"

	"github.com/millrace/millrace/internal/aws/call"
)

type stopApplicationInput struct {
	ApplicationName *string
}

// stopApplication brings the application back to READY; its position and state
// stay.
func (s *Service) stopApplication(ctx context.Context, c *call.Call, in *stopApplicationInput) (*empty, error) {
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
	if st := a.Detail.ApplicationStatus; st != statusRunning && st != statusStarting {
		return nil, errStatus(a, "StopApplication")
	}
	if err := s.save(a, statusStopping); err != nil {
		return nil, err
	}
	s.stopThen(a, func() error { return s.save(a, statusReady) })
	return &empty{}, nil
}
