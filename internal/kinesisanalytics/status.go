package kinesisanalytics

import (
	"fmt"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/application"
)

// Status is a picture of an application for people.
type Status struct {
	Name, ARN, Status, Code string
	Version                 int64
	InputID, InputARN       string
	InputStreams            []string // in-application streams that the input fills
	Outputs                 []OutputStatus
	// Run is what the run has counted; zero while there is none.
	Run application.Status
	// LastError is why it does not run, or the run's own trouble.
	LastError string
}

// OutputStatus is where an in-application stream goes.
type OutputStatus struct {
	ID, Stream string
	ARN        string // of a delivery stream or a function
}

// Applications returns the statuses of all applications by name.
func (s *Service) Applications() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Status, 0, len(s.apps))
	for _, a := range s.apps {
		list = append(list, a.status())
	}
	slices.SortFunc(list, func(a, b Status) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func (a *app) status() Status {
	c := &a.Config
	st := Status{Name: a.Name, ARN: a.ARN, Status: a.stored.Status, Code: c.Code, Version: c.ID}
	if len(c.Inputs) > 0 {
		in := &c.Inputs[0]
		st.InputID, st.InputARN, st.InputStreams = in.InputId, text(in.KinesisFirehoseInputDescription.ResourceARN), in.InAppStreamNames
	}
	for i := range c.Outputs {
		o := &c.Outputs[i]
		st.Outputs = append(st.Outputs, OutputStatus{ID: o.OutputId, Stream: o.Name, ARN: text(o.destination().ResourceARN)})
	}
	if a.runner == nil {
		return st
	}
	a.runner.mu.Lock()
	run, err := a.runner.current, a.runner.err
	a.runner.mu.Unlock()
	if run != nil {
		st.Run = run.Status()
		st.LastError = st.Run.LastError
	}
	if err != nil {
		st.LastError = err.Error()
	}
	return st
}

// Watch shows the rows of an in-application stream of a running application.
func (s *Service) Watch(name, stream string) (*application.Watch, error) {
	s.mu.Lock()
	a := s.apps[name]
	var run *application.Application
	if a != nil && a.runner != nil {
		run = a.runner.application()
	}
	s.mu.Unlock()
	if run == nil {
		return nil, fmt.Errorf("application %q does not run", name)
	}
	return run.Watch(stream)
}
