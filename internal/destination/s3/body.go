package s3

import (
	"io"

	"github.com/google/uuid"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// Format makes an object of records in another way than one after the other:
// as Parquet. Its methods may be called at once.
type Format interface {
	// Extension is what the object's key ends in.
	Extension() string
	// ContentEncoding is the object's header of that name; empty for none.
	ContentEncoding() string
	// Encode returns the object's body, the same one for the same records, and
	// the records that do not fit into it. A body of nil is no object: every
	// record was refused. An error means that nothing is decided.
	Encode(records []record.Record) (body []byte, refused []destination.Refusal, err error)
}

// render makes a batch's body.
func (d *Destination) render(b *destination.Batch) ([]byte, []destination.Refusal, error) {
	if d.opts.Format != nil {
		return d.opts.Format.Encode(b.Records)
	}
	delimiter := []byte(d.opts.Delimiter)
	size := b.Bytes() + (len(b.Records)-1)*len(delimiter)
	body, err := d.compressor.compress(d.opts.Compression, b.ID, size, func(w io.Writer) error {
		for i, r := range b.Records {
			if i > 0 && len(delimiter) > 0 {
				if _, err := w.Write(delimiter); err != nil {
					return err
				}
			}
			if _, err := w.Write(r.Data); err != nil {
				return err
			}
		}
		return nil
	})
	return body, nil, err
}

// renderBody compresses a body that is made already.
func (d *Destination) renderBody(key string, body []byte) ([]byte, error) {
	if d.opts.Compression == Uncompressed {
		return body, nil
	}
	entry := uuid.NewSHA1(uuid.NameSpaceURL, []byte("s3://"+d.opts.Bucket+"/"+key)).String()
	return d.compressor.compress(d.opts.Compression, entry, len(body), func(w io.Writer) error {
		_, err := w.Write(body)
		return err
	})
}
