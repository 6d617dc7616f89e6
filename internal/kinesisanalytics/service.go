// Package kinesisanalytics serves the Kinesis Analytics API of 2015-08-14 (v1):
// it keeps applications and their life cycle; package application runs them.
//
//	CreateApplication ─▶ READY ─ StartApplication ─▶ STARTING ─▶ RUNNING ─ StopApplication ─▶ STOPPING ─▶ READY
//
// Each change is in the journal before it is answered. An application that was
// STARTING or RUNNING when the server ended runs again when it is back.
package kinesisanalytics

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/application"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/jsonrpc"
	"github.com/millrace/millrace/internal/journal"
)

// Options of Open. Application carries journal, delivery streams, authorizer,
// logger and clock for the service as well as for the applications it runs.
type Options struct {
	Application application.Options
}

// Service keeps the applications.
type Service struct {
	opts    application.Options
	log     *slog.Logger
	limits  *constraints
	ctx     context.Context // of everything under way; ended by Close
	cancel  context.CancelFunc
	working sync.WaitGroup

	mu     sync.Mutex
	apps   map[string]*app
	closed bool
}

// app is one application. Service.mu guards it.
type app struct {
	stored
	runner *runner // while STARTING, RUNNING, UPDATING or STOPPING
}

// stored is what the journal keeps of an application, as JSON.
type stored struct {
	Version int               `json:"version"`
	Detail  ApplicationDetail `json:"detail"`
	Tags    []Tag             `json:"tags,omitempty"`
}

const (
	storedVersion = 1
	keyPrefix     = "kinesisanalytics/application/"
)

// The statuses of an application.
const (
	statusReady    = "READY"
	statusStarting = "STARTING"
	statusRunning  = "RUNNING"
	statusUpdating = "UPDATING"
	statusStopping = "STOPPING"
	statusDeleting = "DELETING"
)

// Open restores the applications from the journal and goes on with whatever
// was under way.
func Open(opts Options) (*Service, error) {
	s := &Service{opts: opts.Application, log: opts.Application.Logger, limits: newConstraints(), apps: map[string]*app{}}
	if s.opts.Now == nil {
		s.opts.Now = time.Now
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	for e, err := range s.opts.Journal.Scan(keyPrefix) {
		if err != nil {
			return nil, fmt.Errorf("read applications: %w", err)
		}
		a := &app{}
		if err := json.Unmarshal(e.Value, &a.stored); err != nil {
			return nil, fmt.Errorf("read application %q: %w", e.Key, err)
		}
		if a.Version != storedVersion {
			return nil, fmt.Errorf("read application %q: version %d, this program reads %d", e.Key, a.Version, storedVersion)
		}
		s.apps[a.Detail.ApplicationName] = a
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.apps {
		if err := s.resume(a); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// resume goes on where the last server ended.
func (s *Service) resume(a *app) error {
	switch a.Detail.ApplicationStatus {
	case statusStarting, statusRunning, statusUpdating:
		a.Detail.ApplicationStatus = statusStarting
		s.run(a, nil)
	case statusStopping:
		return s.save(a, statusReady)
	case statusDeleting:
		return s.remove(a)
	}
	return nil
}

// API is the service's table of operations.
func (s *Service) API() *jsonrpc.Service {
	return &jsonrpc.Service{Name: "kinesisanalytics", Prefix: "KinesisAnalytics_20150814", Logger: s.log, Operations: []jsonrpc.Operation{
		jsonrpc.Typed("CreateApplication", s.createApplication),
		jsonrpc.Typed("DescribeApplication", s.describeApplication),
		jsonrpc.Typed("ListApplications", s.listApplications),
		jsonrpc.Typed("StartApplication", s.startApplication),
		jsonrpc.Typed("StopApplication", s.stopApplication),
		jsonrpc.Typed("DeleteApplication", s.deleteApplication),
		jsonrpc.Typed("AddApplicationInput", s.addApplicationInput),
		jsonrpc.Typed("AddApplicationOutput", s.addApplicationOutput),
		jsonrpc.Typed("DeleteApplicationOutput", s.deleteApplicationOutput),
	}}
}

// Close stops the applications and keeps their statuses, so that the next Open
// goes on with them. What cannot be committed until ctx ends is repeated then.
func (s *Service) Close(ctx context.Context) {
	s.mu.Lock()
	s.closed = true
	var runners []*runner
	for _, a := range s.apps {
		if a.runner != nil {
			runners = append(runners, a.runner)
		}
	}
	s.mu.Unlock()
	s.cancel()
	var all sync.WaitGroup
	for _, r := range runners {
		all.Go(func() { r.stop(ctx) })
	}
	all.Wait()
	s.working.Wait()
}

// arn is an application's name in the world.
func arn(region, name string) string {
	if region == "" {
		region = "us-east-1"
	}
	return fmt.Sprintf("arn:aws:kinesisanalytics:%s:%s:application/%s", region, call.AccountID, name)
}

// find checks the caller's right to an operation on an application and returns
// it with mu held, to be unlocked by the caller. An application that is there
// has the ARN of its own region: a caller allowed in another one gets no further
// by signing for that.
func (s *Service) find(ctx context.Context, c *call.Call, name string) (*app, error) {
	resource := arn(c.Region, name)
	s.mu.Lock()
	if a := s.apps[name]; a != nil {
		resource = a.Detail.ApplicationARN
	}
	s.mu.Unlock()
	if err := s.allow(ctx, c, resource); err != nil {
		return nil, err
	}
	s.mu.Lock()
	if a := s.apps[name]; a != nil {
		return a, nil
	}
	s.mu.Unlock()
	return nil, errNotFound(name)
}

func (s *Service) allow(ctx context.Context, c *call.Call, resource string) error {
	return s.opts.Authorizer.Authorize(ctx, c.Identity, "kinesisanalytics:"+c.Operation, resource)
}

// save gives the application a status and makes it durable. mu is held.
func (s *Service) save(a *app, status string) error {
	changed := a.stored
	changed.Version, changed.Detail.ApplicationStatus = storedVersion, status
	value, err := json.Marshal(changed)
	if err != nil {
		return fmt.Errorf("write application %q: %w", a.Detail.ApplicationName, err)
	}
	b := &journal.Batch{}
	b.Set(keyPrefix+a.Detail.ApplicationName, value)
	if _, err := journal.Put(s.opts.Journal, b); err != nil {
		return fmt.Errorf("write application %q: %w", a.Detail.ApplicationName, err)
	}
	a.stored = changed
	return nil
}

// change makes the next version of the application from a copy of it. mu is
// held. The copy shares slices: change must replace them, not their elements.
func (s *Service) change(a *app, change func(d *ApplicationDetail)) error {
	changed := *a
	change(&changed.Detail)
	changed.Detail.ApplicationVersionId++
	changed.Detail.LastUpdateTimestamp = s.now()
	if err := s.save(&changed, changed.Detail.ApplicationStatus); err != nil {
		return err
	}
	a.stored = changed.stored
	return nil
}

// now is the present as the API writes it: seconds, to the millisecond.
func (s *Service) now() float64 { return float64(s.opts.Now().UnixMilli()) / 1000 }
