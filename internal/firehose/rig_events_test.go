package firehose

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"regexp"
	"sync"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/snappy/xerial"

	"github.com/millrace/millrace/internal/delivery/processing"
)

// events sees what a function is called with.
type events struct {
	processing.Invoker
	mu   sync.Mutex
	last []byte
}

// Invoke implements processing.Invoker.
func (e *events) Invoke(ctx context.Context, arn string, payload []byte) ([]byte, error) {
	e.mu.Lock()
	e.last = bytes.Clone(payload)
	e.mu.Unlock()
	return e.Invoker.Invoke(ctx, arn, payload)
}

var longDigits = regexp.MustCompile(`"recordId": "\d{20,}"`)

// show writes the last event, without what differs from run to run.
func (e *events) show(t *testing.T) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	text := mask(indented(t, e.last))
	return annotated(longDigits.ReplaceAllString(text, `"recordId": "<digits>"`))
}

// decoded reads an object as the world does.
func decoded(t *testing.T, encoding string, body []byte) []byte {
	t.Helper()
	var data []byte
	var err error
	switch encoding {
	case "":
		return body
	case "gzip":
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(body)); err == nil {
			data, err = io.ReadAll(z)
		}
	case "zip":
		data, err = unzipped(body)
	case "snappy-java":
		if !bytes.HasPrefix(body, []byte("\x82SNAPPY\x00")) {
			t.Fatalf("object %x is not in the framing of snappy-java", body)
		}
		data, err = xerial.Decode(body)
	case "hadoop-snappy":
		data, err = hadoopDecoded(body)
	default:
		err = fmt.Errorf("unknown encoding")
	}
	if err != nil {
		t.Fatalf("decode %s: %v", encoding, err)
	}
	return data
}

func unzipped(body []byte) ([]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil || len(z.File) != 1 {
		return nil, fmt.Errorf("want one entry: %w", err)
	}
	entry, err := z.File[0].Open()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(entry)
}

// hadoopDecoded reads one block of one chunk: the length of the data, of the
// chunk, and the chunk. Objects of cases are no larger.
func hadoopDecoded(body []byte) ([]byte, error) {
	if len(body) < 8 || int(binary.BigEndian.Uint32(body[4:])) != len(body)-8 {
		return nil, io.ErrUnexpectedEOF
	}
	data, err := snappy.Decode(nil, body[8:])
	if err == nil && len(data) != int(binary.BigEndian.Uint32(body)) {
		err = fmt.Errorf("%d bytes in a block of %d", len(data), binary.BigEndian.Uint32(body))
	}
	return data, err
}
