// Package kinesisanalytics serves the Kinesis Analytics API in both versions,
// 2015-08-14 (v1) and 2018-05-23 (v2), over the same SQL applications: it keeps
// them and their life cycle; package application runs them.
//
//	CreateApplication ─▶ READY ─ StartApplication ─▶ STARTING ─▶ RUNNING ─ StopApplication ─▶ STOPPING ─▶ READY
//	                                                  ▲            │ UpdateApplication, Add…, Delete…
//	                                                  └─ UPDATING ◀┘
//
// Each change is in the journal before it is answered. An application that was
// STARTING, RUNNING or UPDATING when the server ended runs again when it is back.
package kinesisanalytics

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/application"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/journal"
)

// Options of Open. Application carries journal, delivery streams, authorizer,
// logger and clock for the service as well as for the applications it runs.
type Options struct {
	Application application.Options
	// Assume tells whether the service may assume a role for an application: nil,
	// or the reason why not. All roles can be assumed if it is nil itself.
	Assume func(roleARN, applicationARN string) error
	// DiscoverTime is how long DiscoverInputSchema waits for records of a stream
	// that holds few; 2 s if 0.
	DiscoverTime time.Duration
}

// Service keeps the applications.
type Service struct {
	opts         application.Options
	assume       func(roleARN, applicationARN string) error
	discoverTime time.Duration
	log          *slog.Logger
	ctx          context.Context // of everything under way; ended by Close
	cancel       context.CancelFunc
	working      sync.WaitGroup

	mu     sync.Mutex
	apps   map[string]*app
	closed bool
}

// app is one application. Service.mu guards it.
type app struct {
	// admin is held, before mu, by the operation that starts, stops or changes
	// the application.
	admin sync.Mutex

	stored
	runner *runner // while STARTING, RUNNING, UPDATING or STOPPING
	turn   int     // of stopThen
}

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
	s := &Service{opts: opts.Application, assume: opts.Assume, discoverTime: opts.DiscoverTime, log: opts.Application.Logger, apps: map[string]*app{}}
	if s.opts.Now == nil {
		s.opts.Now = time.Now
	}
	if s.discoverTime == 0 {
		s.discoverTime = 2 * time.Second
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	for e, err := range s.opts.Journal.Scan(keyPrefix) {
		if err != nil {
			return nil, fmt.Errorf("read applications: %w", err)
		}
		a := &app{}
		if err := a.read(e.Value); err != nil {
			return nil, fmt.Errorf("read application %q: %w", e.Key, err)
		}
		s.apps[a.Name] = a
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
	switch a.Status {
	case statusStarting, statusRunning, statusUpdating:
		if a.Status == statusRunning {
			a.Status = statusStarting
		}
		s.run(a, nil)
	case statusStopping:
		return s.save(a, a.over(statusReady, s.now()))
	case statusDeleting:
		return s.remove(a)
	}
	return nil
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

const arnFormat = "arn:aws:kinesisanalytics:%s:%s:application/%s"

// arn is an application's name in the world.
func arn(region, name string) string {
	if region == "" {
		region = "us-east-1"
	}
	return fmt.Sprintf(arnFormat, region, call.AccountID, name)
}

// find checks the caller's right to an operation on an application and returns
// it with mu held, to be unlocked by the caller. An application that is there
// has the ARN of its own region: a caller allowed in another one gets no further
// by signing for that.
func (s *Service) find(ctx context.Context, r request, name string) (*app, error) {
	resource := arn(r.Region, name)
	s.mu.Lock()
	if a := s.apps[name]; a != nil {
		resource = a.ARN
	}
	s.mu.Unlock()
	if err := s.allow(ctx, r, resource); err != nil {
		return nil, err
	}
	s.mu.Lock()
	if a := s.apps[name]; a != nil {
		return a, nil
	}
	s.mu.Unlock()
	return nil, errNotFound(name)
}

// claim is find for operations that start, stop or change an application: one at
// a time. release gives it back.
func (s *Service) claim(ctx context.Context, r request, name string) (a *app, release func(), err error) {
	if a, err = s.find(ctx, r, name); err != nil {
		return nil, nil, err
	}
	s.mu.Unlock()
	a.admin.Lock()
	s.mu.Lock()
	release = func() {
		s.mu.Unlock()
		a.admin.Unlock()
	}
	if s.apps[name] != a { // it was deleted meanwhile
		release()
		return nil, nil, errNotFound(name)
	}
	return a, release, nil
}

// aside runs what takes its time without mu: others go on, but not with an
// application that is claimed.
func (s *Service) aside(f func() error) error {
	s.mu.Unlock()
	defer s.mu.Lock()
	return f()
}

// findARN is find by the application's ARN.
func (s *Service) findARN(ctx context.Context, r request, resource string) (*app, error) {
	if err := s.allow(ctx, r, resource); err != nil {
		return nil, err
	}
	_, name, _ := strings.Cut(resource, ":application/")
	s.mu.Lock()
	if a := s.apps[name]; a != nil && a.ARN == resource {
		return a, nil
	}
	s.mu.Unlock()
	return nil, errResourceNotFound(resource)
}

func (s *Service) allow(ctx context.Context, r request, resource string) error {
	return s.opts.Authorizer.Authorize(ctx, r.Identity, "kinesisanalytics:"+r.Operation, resource)
}

// save makes the next state of an application durable, with more changes if
// there are some, and then true. mu is held.
func (s *Service) save(a *app, next stored, more ...journal.Change) error {
	next.Version = storedVersion
	b := &journal.Batch{Changes: more}
	if err := next.put(b); err != nil {
		return err
	}
	if _, err := journal.Put(s.opts.Journal, b); err != nil {
		return fmt.Errorf("write application %q: %w", a.Name, err)
	}
	a.stored = next
	return nil
}

// with is a copy in another status.
func (a *stored) with(status string) stored {
	next := *a
	next.Status = status
	return next
}

func (s *Service) now() epoch { return epoch(s.opts.Now().UnixMilli()) }
