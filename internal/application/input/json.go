package input

import (
	"errors"

	"github.com/millrace/millrace/internal/application/input/jsonscan"
)

// value is what a column is made of. CSV has strings alone.
type value = jsonscan.Value

// emptyArrayIsAllNull: a record whose array has no elements is one row, all of
// whose columns are NULL, those beside the array too. The page on JSONPath says
// "a single row with all null values"; the other reading would keep what is
// beside the array.
const emptyArrayIsAllNull = true

// jsonFormat reads a row of each document.
type jsonFormat struct{ scanner *jsonscan.Scanner }

// newJSONFormat reads the fields of the layout, in their order.
func newJSONFormat(l *Layout, fields []int) format {
	if l.fanOut {
		return newElementsFormat(l, fields)
	}
	paths := make([]jsonscan.Path, len(fields))
	for i, f := range fields {
		paths[i] = l.fields[f].path
	}
	return &jsonFormat{jsonscan.New(paths)}
}

func (f *jsonFormat) reset() { f.scanner.Reset() }

func (f *jsonFormat) read(r *Reader, data []byte, start, end int) {
	for at := start; ; {
		next, err := f.scanner.Scan(data, at, end, r.values)
		if err != nil {
			r.refuseJSON(data, start, at, end, err)
			return
		}
		r.row(data[at:next])
		if next == end {
			return
		}
		at = next
	}
}

// part implements format.
func (f *jsonFormat) part(r *Reader, data []byte, final bool) int {
	return eachDocument(data, final, func(start, end int) { f.read(r, data, start, end) })
}

// eachDocument reads the documents of an object, each as a record of its own, so
// that a fault refuses no more than one.
func eachDocument(data []byte, final bool, read func(start, end int)) int {
	for at := 0; ; {
		start, end, whole := jsonscan.Document(data, at)
		switch {
		case start == len(data):
			return start
		case !whole && !final:
			return start
		}
		read(start, end)
		at = end
	}
}

// refuseJSON reports the record data[start:end], whose document at another place
// is none.
func (r *Reader) refuseJSON(data []byte, start, at, end int, err error) {
	var syntax *jsonscan.SyntaxError
	if errors.As(err, &syntax) {
		syntax.Offset += at - start
	}
	r.refuse(ErrorInvalidJSON, "the record is no JSON: "+err.Error(), data[start:end])
}
