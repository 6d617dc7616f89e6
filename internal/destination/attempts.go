package destination

import (
	"context"
	"math/rand/v2"
	"time"
)

// Attempts is how a destination that retries inside Deliver stays in touch with
// the engine: an outage is seen while it lasts, and a flush does not wait for
// the next attempt.
type Attempts struct {
	// Failed takes the error of an attempt that will be made again.
	Failed func(error)
	// Again ends a wait between two attempts.
	Again <-chan struct{}
}

type attemptsKey struct{}

// WithAttempts is the engine's: it returns the context for Deliver.
func WithAttempts(ctx context.Context, a Attempts) context.Context {
	return context.WithValue(ctx, attemptsKey{}, a)
}

// AttemptsOf is the destination's. Without an engine nobody is told, and nobody
// ends a wait.
func AttemptsOf(ctx context.Context) Attempts {
	a, _ := ctx.Value(attemptsKey{}).(Attempts)
	if a.Failed == nil {
		a.Failed = func(error) {}
	}
	return a
}

// Jitter spreads a wait between two attempts by 15 percent to both sides, so that
// those who failed together do not try together.
func Jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.85 + 0.3*rand.Float64()))
}
