package application

import (
	"context"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// feed reads ahead, so that a lagging reader's disk and its consumer work at
// once. When it ends it sets why, and then closes frames.
func feed(ctx context.Context, r journal.Reader, frames chan<- *record.Frame, why *error) {
	defer r.Close()
	defer close(frames)
	for {
		f, err := r.Next(ctx)
		if err != nil {
			*why = err
			return
		}
		select {
		case frames <- f:
		case <-ctx.Done():
			*why = ctx.Err()
			return
		}
	}
}
