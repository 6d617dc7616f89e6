package main

import (
	"context"
	"fmt"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/console"
)

// flusher is console.Flusher.
type flusher struct{ s *server }

// Flush implements console.Flusher.
func (f flusher) Flush(ctx context.Context, stream string) error {
	err := f.s.firehose.Flush(ctx, stream)
	if awserr.Is(err, "ResourceNotFoundException") {
		return fmt.Errorf("delivery stream %q: %w", stream, console.ErrNotFound)
	}
	return err
}
