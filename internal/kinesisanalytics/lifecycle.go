package kinesisanalytics

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/application"
	"github.com/millrace/millrace/internal/journal"
)

// How long to wait before an application that ended by an error is run again,
// and how long stopping may take before work is left for the next start.
const (
	firstRestart = time.Second
	lastRestart  = time.Minute
	stopTimeout  = 20 * time.Second
)

// runner keeps an application running until it is stopped, whatever happens to
// single runs of it.
type runner struct {
	stopped chan struct{} // closed by stop
	// starting ends when the runner is stopped: a run that has not begun by then
	// need not.
	starting context.Context
	cancel   context.CancelFunc
	ended    chan struct{} // closed when no run is left
	once     sync.Once

	mu      sync.Mutex
	current *application.Application
	err     error // why there is no run now
}

// stop ends the run and waits for its end. It may be called more than once.
func (r *runner) stop(ctx context.Context) {
	r.once.Do(func() {
		close(r.stopped)
		r.cancel()
	})
	if a := r.application(); a != nil {
		a.Stop(ctx)
	}
	<-r.ended
}

func (r *runner) application() *application.Application {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.current
}

func (r *runner) set(a *application.Application, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
	if a != nil {
		r.current = a
	}
}

func (r *runner) isStopped() bool {
	select {
	case <-r.stopped:
		return true
	default:
		return false
	}
}

// run lets a runner run the application; first is a run that has been started
// already. mu is held.
func (s *Service) run(a *app, first *application.Application) {
	r := &runner{stopped: make(chan struct{}), ended: make(chan struct{}), current: first}
	r.starting, r.cancel = context.WithCancel(s.ctx)
	a.runner = r
	s.working.Go(func() {
		defer close(r.ended)
		defer r.cancel()
		s.keepRunning(a, r, first)
	})
}

func (s *Service) keepRunning(a *app, r *runner, run *application.Application) {
	wait := firstRestart
	for !r.isStopped() {
		if run == nil {
			var err error
			if run, err = s.start(a, r); err != nil && r.isStopped() {
				return
			}
			if err != nil {
				s.log.Error("application cannot run", "application", a.Name, "error", err)
				r.set(nil, err)
				s.hasFailed(a, r, err)
				if !r.sleep(&wait) {
					return
				}
				continue
			}
		}
		select {
		case <-run.Ready():
			wait = firstRestart
			s.isRunning(a, r)
			<-run.Done()
		case <-run.Done():
		}
		err := run.Err()
		if err == nil || errors.Is(err, journal.ErrClosed) {
			return // stopped
		}
		r.set(nil, err)
		run = nil
		if !r.sleep(&wait) {
			return
		}
	}
	if run != nil { // stopped before it was waited for
		<-run.Done()
	}
}

// start begins a run where the last one ended.
func (s *Service) start(a *app, r *runner) (*application.Application, error) {
	s.mu.Lock()
	config, err := a.applicationConfig()
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	run, err := application.Start(r.starting, s.opts, config, application.LastStoppedPoint)
	if err != nil {
		return nil, runError(err)
	}
	r.set(run, nil)
	if r.isStopped() { // stop may not have seen it
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		defer cancel()
		run.Stop(ctx)
	}
	return run, nil
}

// sleep waits longer each time. It is false when the runner was stopped.
func (r *runner) sleep(wait *time.Duration) bool {
	select {
	case <-time.After(*wait):
		*wait = min(2**wait, lastRestart)
		return true
	case <-r.stopped:
		return false
	}
}

// isRunning notes that an application has caught up.
func (s *Service) isRunning(a *app, r *runner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.runner != r || a.Status != statusStarting && a.Status != statusUpdating {
		return
	}
	if err := s.save(a, a.over(statusRunning, s.now())); err != nil {
		s.log.Error("status of application not written", "application", a.Name, "error", err)
		return
	}
	s.log.Info("application runs", "application", a.Name, "version", a.Config.ID)
}

// hasFailed notes in the history that what was to make the application run did
// not. It is tried again and again all the same.
func (s *Service) hasFailed(a *app, r *runner, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	underWay := slices.ContainsFunc(a.Operations, func(o operation) bool { return o.Status == inProgress })
	if a.runner != r || !underWay || s.closed {
		return
	}
	if err := s.save(a, a.failed(cause, s.now())); err != nil {
		s.log.Error("status of application not written", "application", a.Name, "error", err)
	}
}

// stopThen stops the application in the background and then lets next decide
// what becomes of it. mu is held, also while next runs. When another stopThen
// comes before that, the later one decides.
func (s *Service) stopThen(a *app, next func() error) {
	r := a.runner
	a.turn++
	turn := a.turn
	s.working.Go(func() {
		if r != nil {
			ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
			defer cancel()
			r.stop(ctx)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed || a.turn != turn {
			return // the next Open sees the status and goes on
		}
		a.runner = nil
		if err := next(); err != nil {
			s.log.Error("application not brought to rest", "application", a.Name, "error", err)
		}
	})
}

// restart runs a changed application from where it is. mu is held.
func (s *Service) restart(a *app) {
	s.stopThen(a, func() error {
		s.run(a, nil)
		return nil
	})
}

// remove deletes the application, its state and its versions. mu is held.
func (s *Service) remove(a *app) error {
	if err := application.Forget(s.opts.Journal, a.Name); err != nil {
		return err
	}
	b := &journal.Batch{}
	b.Delete(keyPrefix + a.Name)
	for e, err := range s.opts.Journal.Scan(versionPrefix + a.Name + "/") {
		if err != nil {
			return err
		}
		b.Delete(e.Key)
	}
	if _, err := journal.Put(s.opts.Journal, b); err != nil {
		return err
	}
	delete(s.apps, a.Name)
	s.log.Info("application deleted", "application", a.Name)
	return nil
}
