package kinesisanalytics

import (
	"context"
)

// What an account and an application may have, as AWS limits it.
const (
	maxApplications = 50 // of a region
	maxInputs       = 1
	maxOutputs      = 3
	maxReferences   = 1
	maxLogging      = 1
)

// draft is an application to be created.
type draft struct {
	name, description, code, role, mode *string
	inputs                              []input
	outputs                             []output
	references                          []referenceDataSource
	logging                             []loggingOption
	tags                                []tag
}

func (s *Service) createApplicationV1(ctx context.Context, r request, in *createApplicationV1Input) (*createApplicationV1Output, error) {
	a, err := s.createApplication(ctx, r, draft{
		name: in.ApplicationName, description: in.ApplicationDescription, code: in.ApplicationCode,
		inputs: in.Inputs, outputs: in.Outputs, logging: in.CloudWatchLoggingOptions, tags: in.Tags,
	})
	if err != nil {
		return nil, err
	}
	return &createApplicationV1Output{a.summaryV1()}, nil
}

func (s *Service) createApplicationV2(ctx context.Context, r request, in *createApplicationV2Input) (*detailV2Output, error) {
	d := draft{name: in.ApplicationName, description: in.ApplicationDescription, role: in.ServiceExecutionRole, mode: in.ApplicationMode,
		logging: in.CloudWatchLoggingOptions, tags: in.Tags}
	if c := in.ApplicationConfiguration; c != nil {
		if q := c.SqlApplicationConfiguration; q != nil {
			d.inputs, d.outputs, d.references = q.Inputs, q.Outputs, q.ReferenceDataSources
		}
		if code := c.ApplicationCodeConfiguration; code != nil && code.CodeContent != nil {
			d.code = code.CodeContent.TextContent
		}
	}
	a, err := s.createApplication(ctx, r, d)
	if err != nil {
		return nil, err
	}
	return &detailV2Output{ApplicationDetail: a.detailV2(&a.Config)}, nil
}

// createApplication keeps an application. Its code is not compiled: AWS kept
// code that refers to what does not exist yet, and StartApplication checks it.
func (s *Service) createApplication(ctx context.Context, r request, d draft) (stored, error) {
	name := *d.name
	if err := s.allow(ctx, r, arn(r.Region, name)); err != nil {
		return stored{}, err
	}
	a := &app{stored: stored{
		Name: name, ARN: arn(r.Region, name), Description: text(d.description), Status: statusReady, Created: s.now(), Updated: s.now(), Mode: text(d.mode),
	}}
	var err error
	if a.Config, err = d.configuration(s.now()); err != nil {
		return stored{}, err
	}
	if a.Tags, err = tagged(nil, d.tags); err != nil {
		return stored{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.apps[name] != nil {
		return stored{}, errExists(name)
	}
	if s.count(a.region()) >= maxApplications {
		return stored{}, errLimit("An account can have %d applications in a region", maxApplications)
	}
	if err := s.save(a, a.stored); err != nil {
		return stored{}, err
	}
	s.apps[name] = a
	return a.stored, nil
}

// count is how many applications a region has. mu is held.
func (s *Service) count(region string) int {
	n := 0
	for _, a := range s.apps {
		if a.region() == region {
			n++
		}
	}
	return n
}

// configuration is the first version.
func (d *draft) configuration(now epoch) (configuration, error) {
	c := configuration{ID: 1, Created: now, Role: text(d.role), Code: text(d.code)}
	for i := range d.inputs {
		if err := c.addInput(&d.inputs[i], i+1); err != nil {
			return c, err
		}
	}
	for i := range d.outputs {
		if err := c.addOutput(&d.outputs[i], i+1); err != nil {
			return c, err
		}
	}
	for i := range d.references {
		if err := c.addReference(&d.references[i], i+1); err != nil {
			return c, err
		}
	}
	for i := range d.logging {
		if err := c.addLogging(&d.logging[i], i+1); err != nil {
			return c, err
		}
	}
	return c, nil
}

// text is a text that may be missing.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
