package kinesisanalytics

import "context"

// addApplicationInput gives an application its input.
func (s *Service) addApplicationInput(ctx context.Context, r request, in *addInputInput) (*addInputOutput, error) {
	a, _, err := s.reconfigure(ctx, r, *in.ApplicationName, at{version: in.CurrentApplicationVersionId}, func(c *configuration) error {
		return c.addInput(in.Input, 1)
	})
	if err != nil {
		return nil, err
	}
	return &addInputOutput{a.ARN, a.Config.ID, a.Config.Inputs}, nil
}
