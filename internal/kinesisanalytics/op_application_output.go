package kinesisanalytics

import "context"

// addApplicationOutput adds an output. A running application takes it up at
// once: it is stopped and goes on where it was.
func (s *Service) addApplicationOutput(ctx context.Context, r request, in *addOutputInput) (*addOutputOutput, error) {
	a, _, err := s.reconfigure(ctx, r, *in.ApplicationName, at{version: in.CurrentApplicationVersionId}, func(c *configuration) error {
		return c.addOutput(in.Output, 1)
	})
	if err != nil {
		return nil, err
	}
	return &addOutputOutput{a.ARN, a.Config.ID, a.Config.Outputs}, nil
}

func (s *Service) deleteApplicationOutput(ctx context.Context, r request, in *deleteOutputInput) (*deletedOutput, error) {
	a, _, err := s.reconfigure(ctx, r, *in.ApplicationName, at{version: in.CurrentApplicationVersionId}, func(c *configuration) error {
		i, err := c.output(*in.OutputId)
		if err != nil {
			return err
		}
		c.Outputs = without(c.Outputs, i)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &deletedOutput{a.ARN, a.Config.ID}, nil
}
