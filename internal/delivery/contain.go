package delivery

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/millrace/millrace/internal/record"
)

// Codes of failures that the engine itself sees.
const (
	timedOut = "DeliveryTimeout"
	panicked = "InternalError"
)

// within does a step of a delivery inside the time that one may take.
func (p *Pipeline) within(ctx context.Context, limit time.Duration, what string, do func(context.Context) error) error {
	if limit > 0 {
		var end context.CancelFunc
		ctx, end = context.WithTimeout(ctx, limit)
		defer end()
	}
	err := p.contain(what, func() error { return do(ctx) })
	if err != nil && limit > 0 && errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return &record.Failure{Kind: record.Retryable, Code: timedOut, Message: fmt.Sprintf("no answer within %v", limit), Cause: err}
	}
	return err
}

// contain makes a failure of a panic. Records are other people's data and go
// through many parsers; one that panics would otherwise end the server, and
// again after each restart. The batch waits for a person, the others go on.
func (p *Pipeline) contain(what string, do func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			p.log.Error("panic in a delivery", "step", what, "panic", v, "stack", string(debug.Stack()))
			err = &record.Failure{Kind: record.Permanent, Code: panicked, Message: fmt.Sprintf("%s: panic: %v", what, v)}
		}
	}()
	return do()
}
