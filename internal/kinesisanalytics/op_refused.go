package kinesisanalytics

import "context"

// The operations of Flink applications and notebooks. AWS refuses them for SQL
// applications, and there are no others here.

func (s *Service) rollbackApplication(ctx context.Context, r request, in *rollbackInput) (*empty, error) {
	return s.refuse(ctx, r, in.ApplicationName)
}

func (s *Service) createApplicationSnapshot(ctx context.Context, r request, in *snapshotInput) (*empty, error) {
	return s.refuse(ctx, r, in.ApplicationName)
}

func (s *Service) describeApplicationSnapshot(ctx context.Context, r request, in *snapshotInput) (*empty, error) {
	return s.refuse(ctx, r, in.ApplicationName)
}

func (s *Service) deleteApplicationSnapshot(ctx context.Context, r request, in *deleteSnapshotInput) (*empty, error) {
	return s.refuse(ctx, r, in.ApplicationName)
}

func (s *Service) listApplicationSnapshots(ctx context.Context, r request, in *listSnapshotsInput) (*empty, error) {
	return s.refuse(ctx, r, in.ApplicationName)
}

func (s *Service) addApplicationVPCConfiguration(ctx context.Context, r request, in *addVPCInput) (*empty, error) {
	return s.refuse(ctx, r, in.ApplicationName)
}

func (s *Service) deleteApplicationVPCConfiguration(ctx context.Context, r request, in *deleteVPCInput) (*empty, error) {
	return s.refuse(ctx, r, in.ApplicationName)
}

func (s *Service) createApplicationPresignedURL(ctx context.Context, r request, in *presignedURLInput) (*empty, error) {
	return s.refuse(ctx, r, in.ApplicationName)
}

func (s *Service) refuse(ctx context.Context, r request, name *string) (*empty, error) {
	if _, err := s.find(ctx, r, *name); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return nil, errUnsupported("%s is not supported for SQL applications", r.Operation)
}
