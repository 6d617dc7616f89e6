package kinesisanalytics

import "context"

// deleteApplication stops the application if it runs and forgets it. The
// timestamp guards against deleting one that was created anew under the name;
// clients send it to the second.
func (s *Service) deleteApplication(ctx context.Context, r request, in *deleteApplicationInput) (*empty, error) {
	a, release, err := s.claim(ctx, r, *in.ApplicationName)
	if err != nil {
		return nil, err
	}
	defer release()
	if *in.CreateTimestamp/1000 != a.Created/1000 {
		return nil, errArgument("CreateTimestamp does not match that of the application %s", a.Name)
	}
	switch a.Status {
	case statusReady, statusStarting, statusRunning, statusUpdating:
	default:
		return nil, errStatus(a, r.Operation)
	}
	if err := s.save(a, a.with(statusDeleting)); err != nil {
		return nil, err
	}
	s.stopThen(a, func() error { return s.remove(a) })
	return &empty{}, nil
}
