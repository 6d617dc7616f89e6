package kinesisanalytics

import (
	"context"
	"slices"
)

// addApplicationInputProcessingConfiguration lets a function change the records
// of an input before SQL sees them.
func (s *Service) addApplicationInputProcessingConfiguration(ctx context.Context, r request, in *addProcessingInput) (*addProcessingOutput, error) {
	described := describeProcessing(in.InputProcessingConfiguration)
	a, err := s.changeProcessing(ctx, r, *in.ApplicationName, *in.InputId, in.CurrentApplicationVersionId, func(d *inputDescription) error {
		if d.InputProcessingConfigurationDescription != nil {
			return errArgument("The input %s has an InputProcessingConfiguration already", d.InputId)
		}
		d.InputProcessingConfigurationDescription = described
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &addProcessingOutput{a.ARN, a.Config.ID, *in.InputId, described}, nil
}

func (s *Service) deleteApplicationInputProcessingConfiguration(ctx context.Context, r request, in *deleteProcessingInput) (*deletedOutput, error) {
	a, err := s.changeProcessing(ctx, r, *in.ApplicationName, *in.InputId, in.CurrentApplicationVersionId, func(d *inputDescription) error {
		if d.InputProcessingConfigurationDescription == nil {
			return errArgument("The input %s has no InputProcessingConfiguration", d.InputId)
		}
		d.InputProcessingConfigurationDescription = nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &deletedOutput{a.ARN, a.Config.ID}, nil
}

func (s *Service) changeProcessing(ctx context.Context, r request, name, id string, version *int64, change func(d *inputDescription) error) (stored, error) {
	a, _, err := s.reconfigure(ctx, r, name, at{version: version}, func(c *configuration) error {
		i, err := c.input(id)
		if err != nil {
			return err
		}
		c.Inputs = slices.Clone(c.Inputs)
		return change(&c.Inputs[i])
	})
	return a, err
}
