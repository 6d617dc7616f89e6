package kinesisanalytics

import (
	"context"
	"fmt"

	"github.com/millrace/millrace/internal/aws/call"
)

type createApplicationInput struct {
	ApplicationName          *string
	ApplicationDescription   *string
	ApplicationCode          *string
	Inputs                   []Input
	Outputs                  []Output
	CloudWatchLoggingOptions []CloudWatchLoggingOption
	Tags                     []Tag
}

type createApplicationOutput struct {
	ApplicationSummary ApplicationSummary
}

func (in *createApplicationInput) validate(c *constraints) error {
	var v violations
	v.required(in.ApplicationName, "applicationName", c.name)
	v.optional(in.ApplicationDescription, "applicationDescription", c.description)
	v.optional(in.ApplicationCode, "applicationCode", c.code)
	for i := range in.Inputs {
		v.input(&in.Inputs[i], fmt.Sprintf("inputs.%d.member", i+1), c)
	}
	for i := range in.Outputs {
		v.output(&in.Outputs[i], fmt.Sprintf("outputs.%d.member", i+1), c)
	}
	if len(in.Tags) > maxTags {
		v.Add("", "tags", fmt.Sprintf("have length less than or equal to %d", maxTags))
		in.Tags = nil
	}
	for i, t := range in.Tags {
		v.required(t.Key, fmt.Sprintf("tags.%d.member.key", i+1), c.tagKey)
		v.optional(t.Value, fmt.Sprintf("tags.%d.member.value", i+1), c.tagValue)
	}
	return v.err()
}

// createApplication keeps an application. Its code is not compiled: AWS kept
// code that refers to what does not exist yet, and StartApplication checks it.
func (s *Service) createApplication(ctx context.Context, c *call.Call, in *createApplicationInput) (*createApplicationOutput, error) {
	if err := in.validate(s.limits); err != nil {
		return nil, err
	}
	name := *in.ApplicationName
	if err := s.allow(ctx, c, arn(c.Region, name)); err != nil {
		return nil, err
	}
	a, err := s.newApp(c.Region, in)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.apps[name] != nil {
		return nil, errExists(name)
	}
	if err := s.save(a, statusReady); err != nil {
		return nil, err
	}
	s.apps[name] = a
	return &createApplicationOutput{a.summary()}, nil
}

func (s *Service) newApp(region string, in *createApplicationInput) (*app, error) {
	now := s.now()
	d := ApplicationDetail{
		ApplicationName: *in.ApplicationName, ApplicationARN: arn(region, *in.ApplicationName), ApplicationStatus: statusReady,
		CreateTimestamp: now, LastUpdateTimestamp: now, ApplicationVersionId: 1,
		ApplicationDescription: value(in.ApplicationDescription), ApplicationCode: value(in.ApplicationCode),
	}
	switch {
	case len(in.CloudWatchLoggingOptions) > 0:
		return nil, errUnsupported("CloudWatchLoggingOptions are not supported")
	case len(in.Inputs) > maxInputs:
		return nil, errArgument("An application can have %d input, found %d", maxInputs, len(in.Inputs))
	case len(in.Outputs) > maxOutputs:
		return nil, errArgument("An application can have %d outputs, found %d", maxOutputs, len(in.Outputs))
	}
	for i := range in.Inputs {
		described, err := describeInput(&in.Inputs[i], subresourceID(1, i+1))
		if err != nil {
			return nil, err
		}
		d.InputDescriptions = append(d.InputDescriptions, described)
	}
	for i := range in.Outputs {
		described, err := describeOutput(&in.Outputs[i], subresourceID(1, i+1))
		if err != nil {
			return nil, err
		}
		d.OutputDescriptions = append(d.OutputDescriptions, described)
	}
	return &app{stored: stored{Detail: d, Tags: in.Tags}}, nil
}

func (a *app) summary() ApplicationSummary {
	return ApplicationSummary{a.Detail.ApplicationName, a.Detail.ApplicationARN, a.Detail.ApplicationStatus}
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
