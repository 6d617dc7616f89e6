package kinesisanalytics

import "context"

// addApplicationReferenceDataSource makes a table of an S3 object. It is read
// when the application starts, and when it is updated.
func (s *Service) addApplicationReferenceDataSource(ctx context.Context, r request, in *addReferenceInput) (*addReferenceOutput, error) {
	a, _, err := s.reconfigure(ctx, r, *in.ApplicationName, at{version: in.CurrentApplicationVersionId}, func(c *configuration) error {
		return c.addReference(in.ReferenceDataSource, 1)
	})
	if err != nil {
		return nil, err
	}
	return &addReferenceOutput{a.ARN, a.Config.ID, a.Config.References}, nil
}

func (s *Service) deleteApplicationReferenceDataSource(ctx context.Context, r request, in *deleteReferenceInput) (*deletedOutput, error) {
	a, _, err := s.reconfigure(ctx, r, *in.ApplicationName, at{version: in.CurrentApplicationVersionId}, func(c *configuration) error {
		i, err := c.reference(*in.ReferenceId)
		if err != nil {
			return err
		}
		c.References = without(c.References, i)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &deletedOutput{a.ARN, a.Config.ID}, nil
}
