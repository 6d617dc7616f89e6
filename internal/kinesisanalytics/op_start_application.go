package kinesisanalytics

import (
	"context"
	"slices"

	"github.com/millrace/millrace/internal/application"
)

func (s *Service) startApplicationV1(ctx context.Context, r request, in *startApplicationV1Input) (*empty, error) {
	_, err := s.startApplication(ctx, r, *in.ApplicationName, in.InputConfigurations)
	return &empty{}, err
}

func (s *Service) startApplicationV2(ctx context.Context, r request, in *startApplicationV2Input) (*operationOutput, error) {
	var inputs []inputConfiguration
	if in.RunConfiguration != nil {
		for _, c := range in.RunConfiguration.SqlRunConfigurations {
			inputs = append(inputs, inputConfiguration{c.InputId, c.InputStartingPositionConfiguration})
		}
	}
	id, err := s.startApplication(ctx, r, *in.ApplicationName, inputs)
	if err != nil {
		return nil, err
	}
	return &operationOutput{id}, nil
}

// startApplication checks the application and begins to run it. It is RUNNING
// once it has caught up with its state.
func (s *Service) startApplication(ctx context.Context, r request, name string, inputs []inputConfiguration) (id string, err error) {
	a, release, err := s.claim(ctx, r, name)
	if err != nil {
		return "", err
	}
	defer release()
	if a.Status != statusReady || s.closed {
		return "", errStatus(a, r.Operation)
	}
	position, err := a.position(inputs)
	if err != nil {
		return "", err
	}
	rested := a.stored
	rested.Started++
	var run *application.Application
	err = s.aside(func() (err error) {
		run, err = s.startFrom(ctx, &rested, position)
		return err
	})
	if err != nil {
		return "", runError(err)
	}
	if s.closed {
		run.Stop(ctx)
		return "", errStatus(a, r.Operation)
	}
	next, id := a.begin(operation{Name: r.Operation, Start: s.now()})
	next.Status, next.Started = statusStarting, rested.Started
	next.Config.Inputs = slices.Clone(next.Config.Inputs)
	next.Config.Inputs[0].InputStartingPositionConfiguration = &startingPosition{&position}
	if err := s.save(a, next); err != nil {
		run.Stop(ctx)
		return "", err
	}
	s.run(a, run)
	return id, nil
}

// startFrom checks the application and runs it from a position.
func (s *Service) startFrom(ctx context.Context, a *stored, position string) (*application.Application, error) {
	if err := s.check(ctx, a); err != nil {
		return nil, err
	}
	config, err := a.applicationConfig()
	if err != nil {
		return nil, err
	}
	from := application.LastStoppedPoint
	if position == "NOW" {
		from = application.Now
	}
	return application.Start(ctx, s.opts, config, from)
}

// position is where the input begins: NOW unless the request says otherwise.
func (a *stored) position(inputs []inputConfiguration) (string, error) {
	position := "NOW"
	for _, c := range inputs {
		if _, err := a.Config.input(*c.Id); err != nil {
			return "", err
		}
		if p := c.InputStartingPositionConfiguration.InputStartingPosition; p != nil {
			position = *p
		}
	}
	if position == "TRIM_HORIZON" {
		return "", errHorizon()
	}
	return position, nil
}

func errHorizon() error {
	return errArgument("InputStartingPosition TRIM_HORIZON is not supported for a Kinesis Firehose input; use NOW or LAST_STOPPED_POINT")
}
