// Package s3 delivers batches as objects: the records' bytes one after the
// other, as they came, or what a Format makes of them, in one object whose key
// was chosen when the batch was sealed. A batch that comes again overwrites its
// own object with the same bytes.
package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
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
	// Format takes the place of concatenation and Delimiter; Compression is then
	// that of PutObject alone. nil for none.
	Format Format
	// KMSKeyARN is the key that S3 is asked to encrypt objects with. Empty asks
	// for nothing, so that the bucket's own default holds (NoEncryption).
	KMSKeyARN string
	// Delimiter goes between records, not after the last one: the processor
	// AppendDelimiterToRecord. Empty glues them together, as Firehose does.
	Delimiter string
	// Authorize says whether the stream's role may do the action on the
	// resource; nil allows it.
	Authorize func(ctx context.Context, action, resource string) error
}

// Destination implements destination.Destination.
type Destination struct {
	opts       Options
	compressor compressor
}

var _ destination.Destination = (*Destination)(nil)

// New returns the destination; it keeps nothing of a batch after it.
func New(opts Options) *Destination { return &Destination{opts: opts} }

// Extension is what the keys of its objects end in, unless the stream's
// FileExtension says otherwise.
func (d *Destination) Extension() string {
	if d.opts.Format != nil {
		return d.opts.Format.Extension()
	}
	return d.opts.Compression.Extension()
}

// Deliver writes the batch's object. S3 takes or refuses an object whole, so
// no record is refused alone unless the format refuses it; if it refuses all of
// them, no object is written.
func (d *Destination) Deliver(ctx context.Context, b *destination.Batch) ([]destination.Refusal, error) {
	body, refused, err := d.render(b)
	if err != nil {
		return nil, fmt.Errorf("render object s3://%s/%s: %w", d.opts.Bucket, b.Key, err)
	}
	encoding := d.opts.Compression.ContentEncoding()
	if d.opts.Format != nil {
		if body == nil {
			return refused, nil
		}
		encoding = d.opts.Format.ContentEncoding()
	}
	if err := d.opts.put(ctx, b.Key, body, encoding); err != nil {
		return nil, err
	}
	return refused, nil
}

// PutObject writes a body under a key as Deliver does, compressed and
// authorized alike: for the error objects beside a search destination.
func (d *Destination) PutObject(ctx context.Context, key string, body []byte) error {
	compressed, err := d.renderBody(key, body)
	if err != nil {
		return fmt.Errorf("render object s3://%s/%s: %w", d.opts.Bucket, key, err)
	}
	return d.opts.put(ctx, key, compressed, d.opts.Compression.ContentEncoding())
}

func (o Options) put(ctx context.Context, key string, body []byte, encoding string) error {
	if o.Authorize != nil {
		if err := o.Authorize(ctx, "s3:PutObject", "arn:aws:s3:::"+o.Bucket+"/"+key); err != nil {
			return fmt.Errorf("put object s3://%s/%s: %w", o.Bucket, key, denied(err))
		}
	}
	if err := o.Store.Put(ctx, o.Bucket, key, body, o.header(encoding)); err != nil {
		return fmt.Errorf("put object s3://%s/%s: %w", o.Bucket, key, err)
	}
	return nil
}

// denied is what S3 would have answered. Its cause is for the log alone.
func denied(err error) *record.Failure {
	f := &record.Failure{Kind: record.Permanent, Code: "S3.AccessDenied", Message: err.Error()}
	var told *awserr.Error
	if errors.As(err, &told) {
		f.Message, f.Cause = told.Message, told.Cause
	}
	return f
}

// header is what Firehose sends: the bucket's owner owns the object also in
// another account's bucket.
func (o Options) header(encoding string) http.Header {
	header := http.Header{"Content-Type": {ContentType}, "X-Amz-Acl": {"bucket-owner-full-control"}}
	if encoding != "" {
		header.Set("Content-Encoding", encoding)
	}
	if o.KMSKeyARN != "" {
		header.Set("X-Amz-Server-Side-Encryption", "aws:kms")
		header.Set("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", o.KMSKeyARN)
	}
	return header
}
