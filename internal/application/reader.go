package application

import (
	"errors"

	"github.com/millrace/millrace/internal/application/jsonscan"
	"github.com/millrace/millrace/internal/record"
	"github.com/millrace/millrace/internal/sql/types"
)

// maxBatchRows bounds how many rows are pushed at once: enough to share the
// cost of a push, few enough to stay in the cache.
const maxBatchRows = 4096

// Names of the error rows that reading an input makes.
const (
	errorInvalidJSON  = "INVALID_JSON"
	errorInvalidValue = "INVALID_VALUE"
)

// inputPump is what AWS wrote as the pump of errors that no pump caused.
const inputPump = "null"

// reader makes batches of an input stream's frames. It reads the needed
// columns and no others; with none needed, rows are only counted.
type reader struct {
	scanner *jsonscan.Scanner
	columns []column
	values  []jsonscan.Value
	batch   *types.Batch
	records int64
	arrival int64 // of the newest frame

	// push takes the batch so far; it is valid during the call.
	push func(b *types.Batch)
	// fail takes an error row, after all rows before it have been pushed.
	fail func(e types.ErrorRow)
}

func newReader(p *plan, push func(*types.Batch), fail func(types.ErrorRow)) *reader {
	r := &reader{batch: types.NewBatch(p.columns), push: push, fail: fail}
	needed := p.program.Needed(p.Input.Stream)
	var paths []jsonscan.Path
	for i, c := range p.columns {
		if i >= len(needed) || !needed[i] {
			r.batch.Cols[i] = nil
			continue
		}
		r.columns = append(r.columns, column{c, r.batch.Cols[i]})
		paths = append(paths, p.paths[i])
	}
	r.scanner = jsonscan.New(paths)
	r.values = make([]jsonscan.Value, len(paths))
	return r
}

// frame reads the records of a frame from sequence from on. Rows may stay in
// the batch, pointing into the frame, until flush.
func (r *reader) frame(f *record.Frame, from record.Sequence) {
	data, start := f.Data(), 0
	r.arrival = f.Arrival
	for i := range f.Count() {
		end := f.End(i)
		if f.First+record.Sequence(i) >= from {
			r.record(data, start, end, f.Arrival)
			r.records++
		}
		start = end
	}
}

// record makes a row of each document of a record.
func (r *reader) record(data []byte, start, end int, arrival int64) {
	for at := start; ; {
		next, err := r.scanner.Scan(data, at, end, r.values)
		if err != nil {
			var syntax *jsonscan.SyntaxError
			if errors.As(err, &syntax) {
				syntax.Offset += at - start
			}
			r.refuse(errorInvalidJSON, "the record is no JSON: "+err.Error(), data[start:end], arrival)
			return
		}
		r.row(data[start:end], arrival)
		if next == end {
			return
		}
		at = next
	}
}

func (r *reader) row(raw []byte, arrival int64) {
	b := r.batch
	for i := range r.columns {
		if !r.columns[i].add(&r.values[i]) {
			message := r.columns[i].misfit(&r.values[i])
			for j := range i {
				r.columns[j].truncate(b.N)
			}
			r.refuse(errorInvalidValue, message, raw, arrival)
			return
		}
	}
	b.Rowtime = append(b.Rowtime, arrival)
	if b.N++; b.N == maxBatchRows {
		r.flush()
	}
}

// refuse reports a record. Rows before it go first, so that the order of error
// rows does not depend on how frames are batched.
func (r *reader) refuse(name, message string, raw []byte, arrival int64) {
	r.flush()
	r.fail(types.ErrorRow{Time: arrival, Name: name, Message: message, DataRowtime: arrival, DataRow: raw, Pump: inputPump})
}

// flush pushes the rows that are in the batch.
func (r *reader) flush() {
	if r.batch.N > 0 {
		r.push(r.batch)
		r.batch.Reset()
	}
	r.scanner.Reset()
}
