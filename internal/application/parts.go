package application

import (
	"context"
	"fmt"
	"runtime/debug"
)

// startParts starts what runs beside the engine.
func (a *Application) startParts(ctx context.Context) {
	r := a.opts.Journal.Read(a.source, a.next)
	a.work.Go(func() { feed(ctx, r, a.frames, &a.feedErr) })
	if a.processor != nil {
		a.part(ctx, a.processor.run)
	}
	for _, o := range a.functions {
		a.part(ctx, o.run)
	}
}

// part runs until ctx ends; when it fails before that, so does the application.
func (a *Application) part(ctx context.Context, run func(context.Context) error) {
	a.work.Go(func() {
		defer func() {
			if r := recover(); r != nil {
				a.log.Error("application panicked", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
				a.partFailed(fmt.Errorf("internal error: %v", r))
			}
		}()
		if err := run(ctx); ctx.Err() == nil {
			a.partFailed(err)
		}
	})
}

func (a *Application) partFailed(err error) {
	select {
	case a.failed <- err:
	default: // the run ends by an earlier one
	}
}

// ended is why there are no more frames.
func (a *Application) ended() error {
	return fmt.Errorf("read %s: %w", a.plan.Input.ARN, a.feedErr)
}
