package kinesisanalytics

import "context"

func (s *Service) stopApplicationV1(ctx context.Context, r request, in *stopApplicationV1Input) (*empty, error) {
	_, err := s.stopApplication(ctx, r, *in.ApplicationName)
	return &empty{}, err
}

func (s *Service) stopApplicationV2(ctx context.Context, r request, in *stopApplicationV2Input) (*operationOutput, error) {
	id, err := s.stopApplication(ctx, r, *in.ApplicationName)
	if err != nil {
		return nil, err
	}
	return &operationOutput{id}, nil
}

// stopApplication brings the application back to READY; its position and state
// stay. One that is starting or taking up a change can be stopped as well: what
// keeps it from running may not go away by itself.
func (s *Service) stopApplication(ctx context.Context, r request, name string) (id string, err error) {
	a, release, err := s.claim(ctx, r, name)
	if err != nil {
		return "", err
	}
	defer release()
	switch a.Status {
	case statusRunning, statusStarting, statusUpdating:
	default:
		return "", errStatus(a, r.Operation)
	}
	next, id := a.begin(operation{Name: r.Operation, Start: s.now()})
	next.Status = statusStopping
	if err := s.save(a, next); err != nil {
		return "", err
	}
	s.stopThen(a, func() error {
		s.log.Info("application stopped", "application", a.Name)
		return s.save(a, a.over(statusReady, s.now()))
	})
	return id, nil
}
