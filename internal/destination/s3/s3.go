// Package s3 delivers batches as objects: the records' bytes one after the
// other, as they came, in one object whose key was chosen when the batch was
// sealed. A batch that comes again overwrites its own object with the same
// bytes.
package s3

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/millrace/millrace/internal/destination"
)

// ContentType of every object that a delivery stream writes.
const ContentType = "application/octet-stream"

// Store is where objects go: the embedded archive or any S3. Put returns once
// the object is durable. The header is that of the S3 request: Content-Type,
// Content-Encoding, x-amz-server-side-encryption. Errors that are
// *record.Failure keep their code.
type Store interface {
	Put(ctx context.Context, bucket, key string, body []byte, header http.Header) error
}

// Options of New.
type Options struct {
	Store       Store
	Bucket      string
	Compression Compression
	// Delimiter goes between records, not after the last one: the processor
	// AppendDelimiterToRecord. Empty glues them together, as Firehose does.
	Delimiter string
	// Authorize says whether the stream's role may do the action on the
	// resource; nil allows it.
	Authorize func(ctx context.Context, action, resource string) error
}

// Destination implements destination.Destination.
type Destination struct{ opts Options }

var _ destination.Destination = (*Destination)(nil)

// New returns the destination; it keeps nothing between batches.
func New(opts Options) *Destination { return &Destination{opts} }

// Deliver writes the batch's object. S3 takes or refuses an object whole, so
// no record is ever refused alone.
func (d *Destination) Deliver(ctx context.Context, b *destination.Batch) ([]destination.Refusal, error) {
	body, err := d.render(b)
	if err != nil {
		return nil, err
	}
	return nil, d.opts.put(ctx, b.Key, body)
}

func (o Options) header() http.Header {
	header := http.Header{"Content-Type": {ContentType}}
	if encoding := o.Compression.ContentEncoding(); encoding != "" {
		header.Set("Content-Encoding", encoding)
	}
	return header
}

func (o Options) put(ctx context.Context, key string, body []byte) error {
	if o.Authorize != nil {
		if err := o.Authorize(ctx, "s3:PutObject", "arn:aws:s3:::"+o.Bucket+"/"+key); err != nil {
			return fmt.Errorf("put object s3://%s/%s: %w", o.Bucket, key, err)
		}
	}
	if err := o.Store.Put(ctx, o.Bucket, key, body, o.header()); err != nil {
		return fmt.Errorf("put object s3://%s/%s: %w", o.Bucket, key, err)
	}
	return nil
}

// PutObject writes a body under a key as Deliver does, compressed and
// authorized alike: for the error objects beside a search destination.
func (d *Destination) PutObject(ctx context.Context, key string, body []byte) error {
	compressed, err := d.opts.Compression.compress(len(body), func(w io.Writer) error {
		_, err := w.Write(body)
		return err
	})
	if err != nil {
		return err
	}
	return d.opts.put(ctx, key, compressed)
}
