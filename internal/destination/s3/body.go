package s3

import (
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/millrace/millrace/internal/destination"
)

// Compression of an object's body.
type Compression uint8

const (
	Uncompressed Compression = iota
	GZIP
)

// Extension is what the object's key ends in, as Firehose names it.
func (c Compression) Extension() string {
	if c == GZIP {
		return ".gz"
	}
	return ""
}

// ContentEncoding is the object's header of that name; empty for none.
func (c Compression) ContentEncoding() string {
	if c == GZIP {
		return "gzip"
	}
	return ""
}

// compress gathers what write writes. Level 1: higher levels cost more than the
// rest of the pipeline together. The gzip header holds no time, so that the
// same records are the same bytes at every attempt.
func (c Compression) compress(size int, write func(io.Writer) error) ([]byte, error) {
	if c == Uncompressed {
		out := bytes.NewBuffer(make([]byte, 0, size))
		err := write(out)
		return out.Bytes(), err
	}
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("compress object: %w", err)
	}
	if err := write(z); err != nil {
		return nil, fmt.Errorf("compress object: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("compress object: %w", err)
	}
	return out.Bytes(), nil
}

func (d *Destination) render(b *destination.Batch) ([]byte, error) {
	delimiter := []byte(d.opts.Delimiter)
	size := b.Bytes() + (len(b.Records)-1)*len(delimiter)
	return d.opts.Compression.compress(size, func(w io.Writer) error {
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
}
