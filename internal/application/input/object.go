package input

import (
	"errors"
	"fmt"
	"io"

	"github.com/millrace/millrace/internal/sql/types"
)

const (
	objectChunk = 1 << 20
	// maxObjectRow bounds one document or row of an object.
	maxObjectRow = 64 << 20
)

// ErrTooLarge says that a document or row of an object is larger than may be
// held.
var ErrTooLarge = errors.New("too large")

// Object reads the columns of the schema from an object that holds documents or
// rows. push takes rows, valid during the call; fail takes what is refused. Its
// errors are those of reading, and ErrTooLarge.
func Object(l *Layout, object io.Reader, push func(*types.Batch), fail func(types.ErrorRow)) error {
	return readObject(l, object, objectChunk, push, fail)
}

func readObject(l *Layout, object io.Reader, chunk int, push func(*types.Batch), fail func(types.ErrorRow)) error {
	needed := make([]bool, l.own)
	for i := range needed {
		needed[i] = true
	}
	r := NewReader(l, needed, func(b *types.Batch) {
		own := *b
		own.Cols = b.Cols[:l.own]
		push(&own)
	}, fail)
	data := make([]byte, 0, 2*chunk)
	for {
		if cap(data)-len(data) < chunk {
			data = append(make([]byte, 0, 2*cap(data)), data...)
		}
		n, err := io.ReadFull(object, data[len(data):cap(data)])
		data = data[:len(data)+n]
		final := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !final {
			return err
		}
		read := r.format.part(r, data, final)
		r.Flush()
		if final {
			return nil
		}
		if len(data)-read >= maxObjectRow {
			return fmt.Errorf("a document or row of %d bytes or more is %w", maxObjectRow, ErrTooLarge)
		}
		data = data[:copy(data, data[read:])]
	}
}
