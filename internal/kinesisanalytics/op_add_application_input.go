package kinesisanalytics

import (
	"context"

	"github.com/millrace/millrace/internal/aws/call"
)

type addApplicationInputInput struct {
	ApplicationName             *string
	CurrentApplicationVersionId *int64
	Input                       *Input
}

// addApplicationInput gives an application without input its one.
func (s *Service) addApplicationInput(ctx context.Context, c *call.Call, in *addApplicationInputInput) (*empty, error) {
	var v violations
	v.required(in.ApplicationName, "applicationName", s.limits.name)
	v.version(in.CurrentApplicationVersionId, "currentApplicationVersionId")
	if in.Input == nil {
		v.add(nil, "input", "not be null")
	} else {
		v.input(in.Input, "input", s.limits)
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	return s.reconfigure(ctx, c, *in.ApplicationName, *in.CurrentApplicationVersionId, func(d *ApplicationDetail) error {
		if len(d.InputDescriptions) == maxInputs {
			return errArgument("An application can have %d input", maxInputs)
		}
		described, err := describeInput(in.Input, subresourceID(d.ApplicationVersionId+1, 1))
		d.InputDescriptions = []InputDescription{described}
		return err
	})
}
