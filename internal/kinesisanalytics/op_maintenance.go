package kinesisanalytics

import "context"

// updateApplicationMaintenanceConfiguration keeps when the maintenance window
// begins. Nothing is maintained in it.
func (s *Service) updateApplicationMaintenanceConfiguration(ctx context.Context, r request, in *updateMaintenanceInput) (*updateMaintenanceOutput, error) {
	a, err := s.find(ctx, r, *in.ApplicationName)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	if a.Status != statusReady && a.Status != statusRunning {
		return nil, errStatus(a, r.Operation)
	}
	next := a.stored
	next.Maintenance = *in.ApplicationMaintenanceConfigurationUpdate.ApplicationMaintenanceWindowStartTimeUpdate
	if err := s.save(a, next); err != nil {
		return nil, err
	}
	return &updateMaintenanceOutput{a.ARN, maintenanceWindow(a.Maintenance)}, nil
}
