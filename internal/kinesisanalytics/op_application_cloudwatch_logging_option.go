package kinesisanalytics

import "context"

// addApplicationCloudWatchLoggingOption keeps a log stream's ARN. What happens to
// the application is written to the server's log and nowhere else.
func (s *Service) addApplicationCloudWatchLoggingOption(ctx context.Context, r request, in *addLoggingInput) (*loggingOutput, error) {
	a, id, err := s.reconfigure(ctx, r, *in.ApplicationName, at{in.CurrentApplicationVersionId, in.ConditionalToken}, func(c *configuration) error {
		return c.addLogging(in.CloudWatchLoggingOption, 1)
	})
	if err != nil {
		return nil, err
	}
	return &loggingOutput{a.ARN, a.Config.ID, a.Config.Logging, id}, nil
}

func (s *Service) deleteApplicationCloudWatchLoggingOption(ctx context.Context, r request, in *deleteLoggingInput) (*loggingOutput, error) {
	a, id, err := s.reconfigure(ctx, r, *in.ApplicationName, at{in.CurrentApplicationVersionId, in.ConditionalToken}, func(c *configuration) error {
		i, err := c.loggingOption(*in.CloudWatchLoggingOptionId)
		if err != nil {
			return err
		}
		c.Logging = without(c.Logging, i)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &loggingOutput{a.ARN, a.Config.ID, a.Config.Logging, id}, nil
}
