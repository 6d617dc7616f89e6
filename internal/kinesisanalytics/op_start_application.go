package kinesisanalytics

import (
	"context"
	"fmt"
	"slices"

	"github.com/millrace/millrace/internal/application"
	"github.com/millrace/millrace/internal/aws/call"
)

type startApplicationInput struct {
	ApplicationName     *string
	InputConfigurations []InputConfiguration
}

// empty is the result of operations that answer nothing.
type empty struct{}

// startApplication checks the application and begins to run it. It is RUNNING
// once it has caught up with its state.
func (s *Service) startApplication(ctx context.Context, c *call.Call, in *startApplicationInput) (*empty, error) {
	if err := in.validate(s.limits); err != nil {
		return nil, err
	}
	a, err := s.find(ctx, c, *in.ApplicationName)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	if a.Detail.ApplicationStatus != statusReady || s.closed {
		return nil, errStatus(a, "StartApplication")
	}
	position, err := in.position(a)
	if err != nil {
		return nil, err
	}
	config, err := a.config()
	if err != nil {
		return nil, err
	}
	from := application.LastStoppedPoint
	if position == "NOW" {
		from = application.Now
	}
	run, err := application.Start(ctx, s.opts, config, from)
	if err != nil {
		return nil, startError(err)
	}
	inputs := slices.Clone(a.Detail.InputDescriptions)
	inputs[0].InputStartingPositionConfiguration = &StartingPosition{&position}
	a.Detail.InputDescriptions = inputs
	if err := s.save(a, statusStarting); err != nil {
		run.Stop(ctx)
		return nil, err
	}
	s.run(a, run)
	return &empty{}, nil
}

func (in *startApplicationInput) validate(c *constraints) error {
	var v violations
	v.required(in.ApplicationName, "applicationName", c.name)
	if in.InputConfigurations == nil {
		v.add(nil, "inputConfigurations", "not be null")
	}
	for i, ic := range in.InputConfigurations {
		path := fmt.Sprintf("inputConfigurations.%d.member", i+1)
		v.required(ic.Id, path+".id", c.id)
		if ic.InputStartingPositionConfiguration == nil {
			v.add(nil, path+".inputStartingPositionConfiguration", "not be null")
			continue
		}
		v.optional(ic.InputStartingPositionConfiguration.InputStartingPosition, path+".inputStartingPositionConfiguration.inputStartingPosition", c.position)
	}
	return v.err()
}

// position is where the input begins: NOW unless the request says otherwise.
func (in *startApplicationInput) position(a *app) (string, error) {
	position := "NOW"
	for _, ic := range in.InputConfigurations {
		if !slices.ContainsFunc(a.Detail.InputDescriptions, func(d InputDescription) bool { return d.InputId == *ic.Id }) {
			return "", errArgument("The application %s has no input with the id %s", a.Detail.ApplicationName, *ic.Id)
		}
		if p := ic.InputStartingPositionConfiguration.InputStartingPosition; p != nil {
			position = *p
		}
	}
	if position == "TRIM_HORIZON" {
		return "", errArgument("InputStartingPosition TRIM_HORIZON is not supported for a Kinesis Firehose input; use NOW or LAST_STOPPED_POINT")
	}
	return position, nil
}
