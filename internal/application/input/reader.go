package input

import (
	"github.com/millrace/millrace/internal/sql/types"
)

// maxBatchRows bounds how many rows are pushed at once: enough to share the
// cost of a push, few enough to stay in the cache.
const maxBatchRows = 4096

// Names of the error rows that reading an input makes.
const (
	ErrorInvalidJSON  = "INVALID_JSON"
	ErrorInvalidCSV   = "INVALID_CSV"
	ErrorInvalidValue = "INVALID_VALUE"
)

// NoPump is what AWS wrote as the pump of errors that no pump caused.
const NoPump = "null"

// Reader makes batches of an input's records. It reads the needed columns and no
// others; with none needed, rows are only counted. It belongs to one goroutine.
type Reader struct {
	format   format
	columns  []column // of the schema, that are needed
	values   []value  // of the row being read, one for each of columns
	metadata []metadataColumn
	batch    *types.Batch

	push func(b *types.Batch)
	fail func(e types.ErrorRow)
	at   record // being read
}

// format reads the rows of a record or refuses them.
type format interface {
	read(r *Reader, data []byte, start, end int)
	// part reads the whole documents or rows at the beginning of an object's data,
	// a record each, and returns where the first that may not be whole begins.
	// final: the object ends with the data.
	part(r *Reader, data []byte, final bool) int
	// reset ends the life of all texts that the format has made.
	reset()
}

// record is the record that is being read.
type record struct {
	rowtime  int64
	metadata *Metadata
}

// NewReader reads the columns of the layout that are marked; those beyond the
// marks are not needed. push takes the rows so far, valid during the call; fail
// takes an error row, after all rows before it have been pushed.
func NewReader(l *Layout, needed []bool, push func(*types.Batch), fail func(types.ErrorRow)) *Reader {
	r := &Reader{batch: types.NewBatch(l.columns), push: push, fail: fail}
	var fields []int
	for i, c := range l.columns {
		switch {
		case i >= len(needed) || !needed[i]:
			r.batch.Cols[i] = nil
		case i < l.own:
			r.columns = append(r.columns, column{c, r.batch.Cols[i]})
			fields = append(fields, i)
		default:
			r.metadata = append(r.metadata, metadataColumn{column{c, r.batch.Cols[i]}, whichMetadata(c.Name)})
		}
	}
	r.values = make([]value, len(fields))
	if l.schema.Format == CSV {
		r.format = newCSVFormat(l, fields)
	} else {
		r.format = newJSONFormat(l, fields)
	}
	return r
}

func whichMetadata(name string) int {
	for i, c := range metadataColumns() {
		if c.Name == name {
			return i
		}
	}
	panic("BUG: no metadata column " + name)
}

// Record reads one record: one or more rows or error rows. Rows may stay in the
// batch, pointing into data, until Flush.
func (r *Reader) Record(data []byte, rowtime int64, m *Metadata) {
	r.Part(data, 0, len(data), rowtime, m)
}

// Part reads the record data[start:end]. It is faster than Record of that slice
// where other records follow in data.
func (r *Reader) Part(data []byte, start, end int, rowtime int64, m *Metadata) {
	r.at = record{rowtime, m}
	if r.batch.N == 0 {
		r.format.reset()
	}
	r.format.read(r, data, start, end)
	if r.batch.N >= maxBatchRows {
		r.Flush()
	}
}

// Pending is how many rows wait for Flush.
func (r *Reader) Pending() int { return r.batch.N }

// Flush pushes the rows that are in the batch.
func (r *Reader) Flush() {
	r.emit()
	r.format.reset()
}

// emit pushes the rows, while texts of the record being read stay valid.
func (r *Reader) emit() {
	if r.batch.N > 0 {
		r.push(r.batch)
		r.batch.Reset()
	}
}

// row makes a row of the values, or an error row of raw.
func (r *Reader) row(raw []byte) {
	if bad := r.fill(); bad >= 0 {
		r.misfit(bad, raw)
	}
}

// fill makes a row of the values. It returns the column whose value does not
// fit, and makes none, or -1.
func (r *Reader) fill() int {
	b := r.batch
	for i := range r.columns {
		if !r.columns[i].add(&r.values[i]) {
			for j := range i {
				r.columns[j].truncate(b.N)
			}
			return i
		}
	}
	for i := range r.metadata {
		r.metadata[i].add(r.at.metadata)
	}
	b.Rowtime = append(b.Rowtime, r.at.rowtime)
	if b.N++; b.N == maxBatchRows {
		r.emit()
	}
	return -1
}

// misfit reports the value of a column that fill refused.
func (r *Reader) misfit(column int, raw []byte) {
	r.refuse(ErrorInvalidValue, r.columns[column].misfit(&r.values[column]), raw)
}

// refuse reports what is no row. Rows before it go first, so that the order of
// error rows does not depend on how records are batched.
func (r *Reader) refuse(name, message string, raw []byte) {
	r.emit()
	t := r.at.rowtime
	r.fail(types.ErrorRow{Time: t, Name: name, Message: message, DataRowtime: t, DataRow: raw, Pump: NoPump})
}
