package kinesisanalytics

import (
	"context"
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/application"
)

// at is the version that a change was made for.
type at struct {
	version *int64
	token   *string // ConditionalToken
}

// check refuses a change that was made for another version.
func (v at) check(a *app) error {
	switch {
	case v.version == nil && v.token == nil:
		return errArgument("CurrentApplicationVersionId or ConditionalToken must be there")
	case v.version != nil && *v.version != a.Config.ID:
		return errVersion(a, *v.version)
	case v.token != nil && *v.token != a.conditionalToken():
		return errToken(a)
	}
	return nil
}

// reconfigure makes the next version of an application and returns it with the
// operation's id. One that runs must be able to run the new version: else it
// goes on with the old one. It is restarted with the new one from where it was.
func (s *Service) reconfigure(ctx context.Context, r request, name string, version at, change func(c *configuration) error) (stored, string, error) {
	a, release, err := s.claim(ctx, r, name)
	if err != nil {
		return stored{}, "", err
	}
	defer release()
	if err := version.check(a); err != nil {
		return stored{}, "", err
	}
	running := a.Status == statusRunning
	if !running && a.Status != statusReady || s.closed {
		return stored{}, "", errStatus(a, r.Operation)
	}
	now := s.now()
	config := a.Config
	config.ID, config.From, config.Created = a.Config.ID+1, a.Config.ID, now
	if err := change(&config); err != nil {
		return stored{}, "", err
	}
	o := operation{Name: r.Operation, Start: now, From: a.Config.ID, To: config.ID}
	if running {
		wanted := a.stored
		wanted.Config = config
		if err := s.aside(func() error { return s.check(ctx, &wanted) }); err != nil {
			return stored{}, "", changeError(err)
		}
		if s.closed {
			return stored{}, "", errStatus(a, r.Operation)
		}
	} else {
		o.Status, o.End = successful, now
	}
	next, id := a.begin(o)
	next.Config, next.Updated = config, now
	if running {
		next.Status = statusUpdating
	}
	superseded, err := a.supersede()
	if err != nil {
		return stored{}, "", err
	}
	if err := s.save(a, next, superseded...); err != nil {
		return stored{}, "", err
	}
	if running {
		s.restart(a)
	}
	return a.stored, id, nil
}

// check tells whether an application could run: its configuration and code, the
// delivery streams that it needs, its roles, the objects of its tables.
func (s *Service) check(ctx context.Context, a *stored) error {
	config, err := a.applicationConfig()
	if err != nil {
		return err
	}
	if err := application.Check(config); err != nil {
		return err
	}
	if _, err := s.opts.Streams.Stream(config.Input.ARN); err != nil {
		return err
	}
	for _, o := range config.Outputs {
		if o.Kind != application.ToDeliveryStream {
			continue
		}
		if _, err := s.opts.Streams.Stream(o.ARN); err != nil {
			return err
		}
	}
	if err := s.checkRoles(ctx, &config); err != nil {
		return err
	}
	return s.checkTables(ctx, &config)
}

// checkTables opens the objects that tables are read from, when the application
// starts: one that runs must not stop for an update and then not find them.
func (s *Service) checkTables(ctx context.Context, c *application.Config) error {
	for _, t := range c.Tables {
		bucket, ok := strings.CutPrefix(t.BucketARN, bucketPrefix)
		if !ok {
			return errArgument("BucketARN %s is not the ARN of a bucket", t.BucketARN)
		}
		body, err := s.object(ctx, bucket, t.Key)
		if err != nil {
			return err
		}
		if err := body.Close(); err != nil {
			return fmt.Errorf("close %s/%s: %w", t.BucketARN, t.Key, err)
		}
	}
	return nil
}
