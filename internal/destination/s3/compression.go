package s3

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zip"
)

// Compression of an object's body.
type Compression uint8

const (
	Uncompressed Compression = iota
	GZIP
	ZIP          // one deflated entry
	Snappy       // the stream of snappy-java, not Snappy's own framing
	HadoopSnappy // blocks as Hadoop's SnappyCodec reads them
)

// compressions in Firehose's words. Objects of HADOOP_SNAPPY end in .snappy,
// although the guide prints .hsnappy.
var compressions = [...]struct{ name, extension, contentEncoding string }{
	Uncompressed: {"UNCOMPRESSED", "", ""},
	GZIP:         {"GZIP", ".gz", "gzip"},
	ZIP:          {"ZIP", ".zip", "zip"},
	Snappy:       {"Snappy", ".snappy", "snappy-java"},
	HadoopSnappy: {"HADOOP_SNAPPY", ".snappy", "hadoop-snappy"},
}

// String is the value of CompressionFormat.
func (c Compression) String() string { return compressions[c].name }

// ParseCompression reads what String writes.
func ParseCompression(name string) (Compression, bool) {
	for c := range compressions {
		if compressions[c].name == name {
			return Compression(c), true
		}
	}
	return 0, false
}

// Extension is what the object's key ends in, as Firehose names it.
func (c Compression) Extension() string { return compressions[c].extension }

// ContentEncoding is the object's header of that name; empty for none.
func (c Compression) ContentEncoding() string { return compressions[c].contentEncoding }

// compressor makes bodies. It keeps the compressors' tables, which are larger
// than many an object. Level 1: higher levels cost more than the rest of the
// pipeline together. Nothing that it writes holds a time, so that the same
// records are the same bytes at every attempt.
type compressor struct{ gzips, deflaters sync.Pool }

// compress gathers what write writes. The name is that of a ZIP's entry.
func (z *compressor) compress(c Compression, name string, size int, write func(io.Writer) error) ([]byte, error) {
	out := &bytes.Buffer{}
	var body io.WriteCloser
	switch c {
	case GZIP:
		out.Grow(size/4 + 1<<10) // logs shrink to less
		body = z.gzip(out)
	case ZIP:
		out.Grow(size/4 + 1<<10)
		body = z.zip(out, name)
	case Snappy:
		out.Grow(size/2 + 1<<10)
		body = newXerialWriter(out)
	case HadoopSnappy:
		out.Grow(size/2 + 1<<10)
		body = newHadoopWriter(out)
	default:
		out.Grow(size)
		body = plain{out}
	}
	err := write(body)
	if err == nil {
		err = body.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("compress object: %w", err)
	}
	return out.Bytes(), nil
}

// plain is the body without a compression.
type plain struct{ *bytes.Buffer }

func (plain) Close() error { return nil }

// pooled gives a writer back once it is closed.
type pooled struct {
	io.WriteCloser
	pool *sync.Pool
}

func (p pooled) Close() error {
	err := p.WriteCloser.Close()
	p.pool.Put(p.WriteCloser)
	return err
}

func (z *compressor) gzip(out io.Writer) io.WriteCloser {
	w, kept := z.gzips.Get().(*gzip.Writer)
	if kept {
		w.Reset(out)
	} else {
		w, _ = gzip.NewWriterLevel(out, gzip.BestSpeed) // the level is one that there is
	}
	return pooled{w, &z.gzips}
}

func (z *compressor) deflate(out io.Writer) (io.WriteCloser, error) {
	w, kept := z.deflaters.Get().(*flate.Writer)
	if kept {
		w.Reset(out)
	} else {
		w, _ = flate.NewWriter(out, flate.BestSpeed) // as above
	}
	return pooled{w, &z.deflaters}, nil
}

// zip is an archive with one entry.
func (z *compressor) zip(out io.Writer, name string) io.WriteCloser {
	archive := zip.NewWriter(out)
	archive.RegisterCompressor(zip.Deflate, z.deflate)
	return &zipWriter{archive: archive, name: name}
}

type zipWriter struct {
	archive *zip.Writer
	name    string
	entry   io.Writer
}

func (w *zipWriter) Write(b []byte) (int, error) {
	if w.entry == nil {
		var err error
		if w.entry, err = w.archive.CreateHeader(&zip.FileHeader{Name: w.name, Method: zip.Deflate}); err != nil {
			return 0, err
		}
	}
	return w.entry.Write(b)
}

func (w *zipWriter) Close() error {
	if _, err := w.Write(nil); err != nil { // an entry, if only an empty one
		return err
	}
	return w.archive.Close()
}
