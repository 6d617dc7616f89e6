package kinesisanalytics

import (
	"context"
	"slices"

	"github.com/millrace/millrace/internal/application"
	"github.com/millrace/millrace/internal/aws/call"
)

type addApplicationOutputInput struct {
	ApplicationName             *string
	CurrentApplicationVersionId *int64
	Output                      *Output
}

// addApplicationOutput adds an output. A running application takes it up at
// once: it is stopped and goes on where it was.
func (s *Service) addApplicationOutput(ctx context.Context, c *call.Call, in *addApplicationOutputInput) (*empty, error) {
	var v violations
	v.required(in.ApplicationName, "applicationName", s.limits.name)
	v.version(in.CurrentApplicationVersionId, "currentApplicationVersionId")
	if in.Output == nil {
		v.add(nil, "output", "not be null")
	} else {
		v.output(in.Output, "output", s.limits)
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	return s.reconfigure(ctx, c, *in.ApplicationName, *in.CurrentApplicationVersionId, func(d *ApplicationDetail) error {
		if len(d.OutputDescriptions) == maxOutputs {
			return errArgument("An application can have %d outputs", maxOutputs)
		}
		described, err := describeOutput(in.Output, subresourceID(d.ApplicationVersionId+1, 1))
		d.OutputDescriptions = append(slices.Clone(d.OutputDescriptions), described)
		return err
	})
}

type deleteApplicationOutputInput struct {
	ApplicationName             *string
	CurrentApplicationVersionId *int64
	OutputId                    *string
}

func (s *Service) deleteApplicationOutput(ctx context.Context, c *call.Call, in *deleteApplicationOutputInput) (*empty, error) {
	var v violations
	v.required(in.ApplicationName, "applicationName", s.limits.name)
	v.version(in.CurrentApplicationVersionId, "currentApplicationVersionId")
	v.required(in.OutputId, "outputId", s.limits.id)
	if err := v.err(); err != nil {
		return nil, err
	}
	return s.reconfigure(ctx, c, *in.ApplicationName, *in.CurrentApplicationVersionId, func(d *ApplicationDetail) error {
		is := func(o OutputDescription) bool { return o.OutputId == *in.OutputId }
		if !slices.ContainsFunc(d.OutputDescriptions, is) {
			return errArgument("The application %s has no output with the id %s", d.ApplicationName, *in.OutputId)
		}
		d.OutputDescriptions = slices.DeleteFunc(slices.Clone(d.OutputDescriptions), is)
		return nil
	})
}

// reconfigure makes the next version of an application. One that runs must be
// able to run the new version, and is restarted with it.
func (s *Service) reconfigure(ctx context.Context, c *call.Call, name string, version int64, change func(d *ApplicationDetail) error) (*empty, error) {
	a, err := s.find(ctx, c, name)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	if version != a.Detail.ApplicationVersionId {
		return nil, errVersion(a, version)
	}
	switch a.Detail.ApplicationStatus {
	case statusReady, statusRunning:
	default:
		return nil, errStatus(a, c.Operation)
	}
	next := &app{stored: a.stored}
	if err := change(&next.Detail); err != nil {
		return nil, err
	}
	if a.Detail.ApplicationStatus == statusRunning {
		config, err := next.config()
		if err != nil {
			return nil, err
		}
		if err := application.Check(config); err != nil {
			return nil, errArgument("%v", err)
		}
	}
	if err := s.change(a, func(d *ApplicationDetail) { *d = next.Detail }); err != nil {
		return nil, err
	}
	return &empty{}, s.restart(a)
}
