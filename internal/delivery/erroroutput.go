package delivery

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/millrace/millrace/internal/delivery/objectkey"
	"github.com/millrace/millrace/internal/destination"
)

// ObjectWriter writes one object durably; destination/s3 is one.
type ObjectWriter interface {
	PutObject(ctx context.Context, key string, body []byte) error
}

// ErrorObjects writes refused records as Firehose does: an object a batch and
// kind, a line of JSON a record. They are written at once and not buffered by
// the bucket's hints, because the cursor waits for them.
type ErrorObjects struct {
	Objects ObjectWriter
	Key     objectkey.Namer
	// Type is the folder of what the destination refuses:
	// "elasticsearch-failed", "AmazonOpenSearchService-failed", "http-endpoint-failed".
	Type string
}

// Write implements ErrorOutput. An object's id comes from the batch's and its
// time is that of the batch's oldest record, so that a batch that comes again
// writes the same objects again.
func (e *ErrorObjects) Write(ctx context.Context, b *destination.Batch, refused []destination.Refusal) error {
	var types []string // in the order of their first refusals
	bodies := map[string]*bytes.Buffer{}
	for _, r := range refused {
		errorType := r.Type
		if errorType == "" {
			errorType = e.Type
		}
		body := bodies[errorType]
		if body == nil {
			body = new(bytes.Buffer)
			bodies[errorType] = body
			types = append(types, errorType)
		}
		lines := json.NewEncoder(body)
		lines.SetEscapeHTML(false)
		if err := lines.Encode(errorLine(errorType, b.Stream, r)); err != nil {
			return fmt.Errorf("render error object: %w", err)
		}
	}
	batch, err := uuid.Parse(b.ID)
	if err != nil {
		return fmt.Errorf("name error object of batch %q: %w", b.ID, err)
	}
	for _, errorType := range types {
		id := uuid.NewSHA1(batch, []byte(errorType))
		key := e.Key.ErrorKey(errorType, b.Version, b.Records[0].Arrival, id)
		if err := e.Objects.PutObject(ctx, key, bodies[errorType].Bytes()); err != nil {
			return err
		}
	}
	return nil
}
