package kinesisanalytics

import (
	"context"

	"github.com/millrace/millrace/internal/aws/call"
)

type deleteApplicationInput struct {
	ApplicationName *string
	CreateTimestamp *float64
}

// deleteApplication stops the application if it runs and forgets it. The
// timestamp guards against deleting one that was created anew under the name;
// clients send it to the second.
func (s *Service) deleteApplication(ctx context.Context, c *call.Call, in *deleteApplicationInput) (*empty, error) {
	var v violations
	v.required(in.ApplicationName, "applicationName", s.limits.name)
	if in.CreateTimestamp == nil {
		v.add(nil, "createTimestamp", "not be null")
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	a, err := s.find(ctx, c, *in.ApplicationName)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	if int64(*in.CreateTimestamp) != int64(a.Detail.CreateTimestamp) {
		return nil, errArgument("CreateTimestamp does not match that of the application %s", a.Detail.ApplicationName)
	}
	switch a.Detail.ApplicationStatus {
	case statusReady, statusStarting, statusRunning:
	default:
		return nil, errStatus(a, "DeleteApplication")
	}
	if err := s.save(a, statusDeleting); err != nil {
		return nil, err
	}
	s.stopThen(a, func() error { return s.remove(a) })
	return &empty{}, nil
}
