package application

import (
	"context"
	"errors"
	"time"
)

// Functions invokes Lambda functions by their ARN. Any error means that the
// function may be asked again.
type Functions interface {
	Invoke(ctx context.Context, functionARN string, payload []byte) ([]byte, error)
}

// maxFunctionWait is how many intervals an invocation that failed again and
// again waits at most.
const maxFunctionWait = 30

// invoker calls one function of an application.
type invoker struct {
	a        *Application
	function Function
	what     string // names it among what the application waits for
}

func (v *invoker) invoke(ctx context.Context, event []byte) ([]byte, error) {
	if v.a.opts.Functions == nil {
		return nil, errors.New("functions cannot be invoked here")
	}
	if err := v.a.opts.Authorizer.AuthorizeRole(ctx, v.function.RoleARN, "lambda:InvokeFunction", v.function.ARN); err != nil {
		return nil, err
	}
	return v.a.opts.Functions.Invoke(ctx, v.function.ARN, event)
}

// pause waits after the n-th failed attempt, counted from 1. Its error is ctx's.
func (v *invoker) pause(ctx context.Context, why error, n int) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !v.a.waits.set(v.what, "function "+v.function.ARN+": "+why.Error()) {
		v.a.log.Warn("function failed, and is invoked again until it answers", "function_arn", v.function.ARN, "error", why)
	}
	wait := v.a.opts.FunctionInterval
	for ; n > 1 && wait < maxFunctionWait*v.a.opts.FunctionInterval; n-- {
		wait *= 2
	}
	return sleep(ctx, min(wait, maxFunctionWait*v.a.opts.FunctionInterval))
}

func (v *invoker) succeeded() { v.a.waits.set(v.what, "") }

// sleep waits. Its error is ctx's.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
