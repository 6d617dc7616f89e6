package kinesisanalytics

import "context"

func (s *Service) updateApplicationV1(ctx context.Context, r request, in *updateApplicationV1Input) (*empty, error) {
	u := in.ApplicationUpdate
	_, _, err := s.reconfigure(ctx, r, *in.ApplicationName, at{version: in.CurrentApplicationVersionId}, func(c *configuration) error {
		return c.update(&update{code: u.ApplicationCodeUpdate, inputs: u.InputUpdates, outputs: u.OutputUpdates,
			references: u.ReferenceDataSourceUpdates, logging: u.CloudWatchLoggingOptionUpdates})
	})
	if err != nil {
		return nil, err
	}
	return &empty{}, nil
}

func (s *Service) updateApplicationV2(ctx context.Context, r request, in *updateApplicationV2Input) (*detailV2Output, error) {
	u := &update{role: in.ServiceExecutionRoleUpdate, logging: in.CloudWatchLoggingOptionUpdates}
	if c := in.ApplicationConfigurationUpdate; c != nil {
		if q := c.SqlApplicationConfigurationUpdate; q != nil {
			u.inputs, u.outputs, u.references = q.InputUpdates, q.OutputUpdates, q.ReferenceDataSourceUpdates
		}
		if code := c.ApplicationCodeConfigurationUpdate; code != nil && code.CodeContentUpdate != nil {
			u.code = code.CodeContentUpdate.TextContentUpdate
		}
	}
	a, id, err := s.reconfigure(ctx, r, *in.ApplicationName, at{in.CurrentApplicationVersionId, in.ConditionalToken}, func(c *configuration) error {
		return c.update(u)
	})
	if err != nil {
		return nil, err
	}
	return &detailV2Output{a.detailV2(&a.Config), id}, nil
}
