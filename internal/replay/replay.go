// Package replay delivers error objects again: what a delivery stream could not deliver lies in its error bucket, a line
// of JSON a record, and goes out once more when the cause is mended.
//
//	s3://bucket/errors/AmazonOpenSearchService-failed/2026/11/22/13/web-1-2026-11-22-13-05-09-<uuid>
//	   │ a line with esIndexName     ──▶ _bulk of the stream's search domain, under the id and index that the line names
//	   │ any other kind of line      ──▶ PutRecordBatch to the delivery stream: through its processing once more
//	   ▼
//	replay-failed/errors/…    the lines that were refused again, in their own shape
//	errors/….replayed         the marker: this object is done
//
// The marker is written last. A run that is killed before it repeats the object, which changes nothing: documents have
// ids, and puts name the bytes of the object that they come from (record.OriginHeader), by which millrace's delivery
// streams tell repeats for a day. AWS ignores that header, so there a killed run's puts can be delivered twice.
package replay

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Options of New.
type Options struct {
	Store   Store
	Streams Streams
	// Stream takes the place of the delivery stream that an object's key names.
	Stream string
	// DryRun reads and counts, and neither delivers nor writes.
	DryRun bool
	// Progress hears of each object that was looked at; nil for nobody.
	Progress func(Report)
}

// Report says what became of one error object.
type Report struct {
	Object    string `json:"object"` // s3://bucket/key
	Stream    string `json:"stream,omitempty"`
	Lines     int    `json:"lines"`
	Delivered int    `json:"delivered"`
	// Refused lines lie in the object RefusedTo.
	Refused   int    `json:"refused"`
	RefusedTo string `json:"refused_to,omitempty"`
	// Done says that an earlier run has replayed the object; the counts are that run's.
	Done  bool   `json:"already_replayed,omitempty"`
	Error string `json:"error,omitempty"`
}

// Summary adds the objects of a run up.
type Summary struct {
	Objects   int `json:"objects"`
	Lines     int `json:"lines"`
	Delivered int `json:"delivered"`
	Refused   int `json:"refused"`
	Done      int `json:"already_replayed"` // objects
	Skipped   int `json:"skipped"`          // objects that are no error objects, or of another generation
	Failed    int `json:"failed"`           // objects that were not replayed, by an error
}

// Replay delivers error objects again.
type Replay struct {
	opts    Options
	targets map[string]Target
}

// New returns a Replay; it keeps what it learns of delivery streams.
func New(opts Options) *Replay {
	if opts.Progress == nil {
		opts.Progress = func(Report) {}
	}
	return &Replay{opts: opts, targets: map[string]Target{}}
}

// Run replays the error objects whose keys begin with prefix, in the order of their keys. An object that cannot be read,
// or whose stream cannot take it, is reported and left for a later run, and the others go on. An error ends the run: the
// bucket cannot be listed or written, a target does not answer, ctx ended.
func (r *Replay) Run(ctx context.Context, bucket, prefix string) (Summary, error) {
	var sum Summary
	for object, err := range r.opts.Store.List(ctx, bucket, prefix) {
		if err != nil {
			return sum, fmt.Errorf("list s3://%s/%s: %w", bucket, prefix, err)
		}
		if !isErrorObject(object.Key) || generation(object.Key) != generation(prefix) {
			if !strings.HasSuffix(object.Key, markerSuffix) {
				sum.Skipped++
			}
			continue
		}
		report, err := r.object(ctx, bucket, object)
		if err != nil {
			report.Error = err.Error()
		}
		sum.add(report)
		r.opts.Progress(report)
		var stays *leftError
		if err != nil && !errors.As(err, &stays) {
			return sum, fmt.Errorf("replay %s: %w", report.Object, err)
		}
	}
	return sum, ctx.Err()
}

func (s *Summary) add(r Report) {
	s.Objects++
	switch {
	case r.Error != "":
		s.Failed++
		return
	case r.Done:
		s.Done++
		return
	}
	s.Lines += r.Lines
	s.Delivered += r.Delivered
	s.Refused += r.Refused
}

// leftError is trouble with one object, which is left as it is.
type leftError struct{ error }

func (e *leftError) Unwrap() error { return e.error }

func left(format string, values ...any) error { return &leftError{fmt.Errorf(format, values...)} }
