package replay

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/millrace/millrace/internal/record"
)

// ErrNotFound is what a Store answers for an object that is not there.
var ErrNotFound = errors.New("no such object")

// Store is the S3 that the error objects lie in.
type Store interface {
	// List yields the objects whose keys have a prefix, ascending. An error ends it.
	List(ctx context.Context, bucket, prefix string) iter.Seq2[Object, error]
	// Get opens an object, which the caller closes.
	Get(ctx context.Context, bucket, key string) (io.ReadCloser, error)
	// Put returns once the object is durable.
	Put(ctx context.Context, bucket, key string, body []byte) error
	// Delete removes an object, if it is there.
	Delete(ctx context.Context, bucket, key string) error
}

// Object is an entry of a listing.
type Object struct {
	Key  string
	ETag string
}

// Streams finds delivery streams.
type Streams interface {
	// Target returns where records of a delivery stream go again. An error about the stream itself (it does not exist)
	// is a *NoTarget; any other ends the run.
	Target(ctx context.Context, stream string) (Target, error)
}

// NoTarget says why nothing can be delivered again to a stream.
type NoTarget struct{ Reason error }

func (e *NoTarget) Error() string { return e.Reason.Error() }
func (e *NoTarget) Unwrap() error { return e.Reason }

// Target is a delivery stream as replay sees it.
type Target struct {
	// Search is its search domain; nil without one.
	Search Search
	Puts   Puts
	// Transforms names the processing that changes records, empty if there is none: a record that was refused after it
	// must not go through it again.
	Transforms string
}

// Search indexes documents under their own ids.
type Search interface {
	// Index returns for each document why it is refused, nil for one that is in its index now. An error means that some
	// are neither; all of them may be sent again.
	Index(ctx context.Context, docs []Document) ([]*Refusal, error)
}

// Document is a document with its place.
type Document struct {
	ID, Index, Type string
	Source          []byte
}

// Puts puts records into a delivery stream.
type Puts interface {
	// Put returns for each record why it is refused, nil for one that is accepted. An error means that some are neither;
	// all of them may be put again with the same origin.
	Put(ctx context.Context, origin record.Origin, records [][]byte) ([]*Refusal, error)
}

// Refusal says why a line was refused again.
type Refusal struct {
	Code, Message string
	Attempts      int
	At            int64 // end of the last attempt, ms since the epoch
}
