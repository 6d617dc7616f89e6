package local

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"github.com/millrace/millrace/internal/application/input"
	"github.com/millrace/millrace/internal/sql/types"
)

// Names of the error rows of records that never reach the engine.
const (
	ErrorInvalidLine    = "INVALID_LINE"    // a line of a log has not the format
	ErrorInvalidRowtime = "INVALID_ROWTIME" // the record's column has no time
)

// block is some records of a file: first as they were read, then as a worker
// makes of them.
type block struct {
	raw   []byte
	spans []span // of raw; then of data
	// lineCount of a log's block, for places in messages.
	lineCount int64
	err       error // reading ended with it

	data     []byte // what spans are in
	times    []int64
	least    int64
	greatest int64
	order    []int32 // of the records by time; nil: they are in it
	next     int     // in order, or in spans: not yet released
	bad      []badRecord
	seq      int64
}

// badRecord is one that has become an error row and has no place among the
// records of its block: it stood before the record at. line counts from 0.
type badRecord struct {
	at            int
	refused       bool // it was a record, for which there was no time
	line          int64
	column        int // where a line stopped having its format, from 1; 0: it has it
	name, message string
	raw           []byte
}

// lines makes records of the lines in raw.
func (b *block) lines() {
	for at := 0; at < len(b.raw); {
		end := bytes.IndexByte(b.raw[at:], '\n')
		if end < 0 {
			end = len(b.raw) - at
		}
		b.spans = append(b.spans, span{at, at + end})
		at += end + 1
	}
	b.lineCount = int64(len(b.spans))
}

// worker reads the times of the records of blocks. It belongs to one goroutine.
type worker struct {
	format Format
	column string // that times are read from
	reader *input.Reader
	clock  clock
	now    *block
	kept   int // records of now that have a time
	seen   int // records that have been judged
	given  int // records that have been given to the reader
}

// newWorker reads times of a column of the schema, or of a field of the lines that
// the schema leaves out.
func newWorker(format Format, r records, rowtime string) (*worker, error) {
	s := r.schema
	s.Columns = slices.Clone(s.Columns)
	at := slices.IndexFunc(s.Columns, func(c input.Column) bool { return c.Name == rowtime })
	if s.Format == input.JSON {
		if at < 0 {
			s.Columns, at = append(s.Columns, input.Column{Name: rowtime, Mapping: "$." + rowtime}), len(s.Columns)
		}
		s.Columns, at = s.Columns[at:at+1], 0
	}
	s.Columns[at].SQLType = "VARCHAR"
	layout, err := s.Layout()
	if err != nil {
		return nil, err
	}
	w := &worker{format: format, column: rowtime}
	needed := make([]bool, at+1)
	needed[at] = true
	w.reader = input.NewReader(layout, needed, func(rows *types.Batch) { w.rows(rows, rows.Cols[at]) }, w.refused)
	return w, nil
}

// work makes the block ready: its records are in the order in which they came,
// and have times.
func (w *worker) work(b *block) {
	if w.format.log != nil {
		w.convert(b)
	} else {
		b.data = b.raw
	}
	w.now, w.kept, w.seen, w.given = b, 0, 0, 0
	if cap(b.times) < len(b.spans) {
		b.times = make([]int64, 0, len(b.spans))
	}
	b.times = b.times[:0]
	for _, s := range b.spans {
		w.given++
		w.reader.Part(b.data, s.start, s.end, 0, nil)
		if w.seen+w.reader.Pending() != w.given {
			w.settle()
		}
	}
	w.reader.Flush()
	b.spans = b.spans[:w.kept]
	b.placeBad()
	b.sort()
}

// placeBad puts bad records into the order in which they came. Their places were
// those among all records, of which the refused ones are gone now.
func (b *block) placeBad() {
	b.sortBad()
	refused := 0
	for i := range b.bad {
		b.bad[i].at -= refused
		if b.bad[i].refused {
			refused++
		}
	}
}

func (b *block) sortBad() {
	slices.SortStableFunc(b.bad, func(x, y badRecord) int { return x.at - y.at })
}

// convert makes JSON of lines.
func (w *worker) convert(b *block) {
	b.lines()
	b.data = b.data[:0]
	kept := b.spans[:0]
	for i, s := range b.spans {
		line := b.raw[s.start:s.end]
		from := len(b.data)
		out, mismatch := w.format.log.Append(b.data, line)
		switch {
		case mismatch == nil:
			b.data = out
			kept = append(kept, span{from, len(out)})
		case len(bytes.TrimSpace(line)) > 0:
			b.bad = append(b.bad, badRecord{at: len(kept), line: int64(i), column: mismatch.Pos + 1, name: ErrorInvalidLine,
				message: "the line does not have the format " + w.format.Name + ": " + mismatch.Error(), raw: bytes.Clone(line)})
		}
	}
	b.spans = kept
}

// settle judges the record that was given last, which is not one row: of several
// the first has its time, and without any it has none.
func (w *worker) settle() {
	w.reader.Flush()
	if w.seen < w.given {
		w.refuse("the record holds no row", ErrorInvalidRowtime)
	}
}

// rows takes the times of some records.
func (w *worker) rows(rows *types.Batch, texts *types.Vector) {
	for i := range min(rows.N, w.given-w.seen) {
		if texts.IsNull(i) {
			w.refuse(fmt.Sprintf("column %q is NULL, and ROWTIME is read from it", w.column), ErrorInvalidRowtime)
			continue
		}
		ms, ok := w.clock.read(texts.Str[i])
		if !ok {
			w.refuse(fmt.Sprintf("column %q holds %q, which is no time that can be read", w.column, types.Cut(texts.Str[i], 64)), ErrorInvalidRowtime)
			continue
		}
		w.now.spans[w.kept] = w.now.spans[w.seen]
		w.now.times = append(w.now.times, ms)
		w.kept++
		w.seen++
	}
}

// refused takes a record that the schema's format refuses. All rows before it
// have been taken.
func (w *worker) refused(e types.ErrorRow) {
	if w.seen < w.given {
		w.refuse(e.Message, e.Name)
	}
}

func (w *worker) refuse(message, name string) {
	at := w.seen
	s := w.now.spans[at]
	w.seen++
	w.now.bad = append(w.now.bad, badRecord{at: at, refused: true, name: name, message: message, raw: bytes.Clone(w.now.data[s.start:s.end])})
}

// sort finds the order of the records.
func (b *block) sort() {
	b.least, b.greatest, b.order = math.MaxInt64, math.MinInt64, nil
	sorted := true
	for _, t := range b.times {
		sorted = sorted && t >= b.greatest
		b.least, b.greatest = min(b.least, t), max(b.greatest, t)
	}
	if !sorted {
		b.reorder(nil)
	}
}

// reorder sorts all records but the left out ones; those of the same time stay
// as they came.
func (b *block) reorder(leftOut func(i int) bool) {
	b.order = make([]int32, 0, len(b.times))
	for i := range b.times {
		if leftOut == nil || !leftOut(i) {
			b.order = append(b.order, int32(i))
		}
	}
	slices.SortStableFunc(b.order, func(x, y int32) int {
		switch tx, ty := b.times[x], b.times[y]; {
		case tx < ty:
			return -1
		case tx > ty:
			return 1
		}
		return 0
	})
}

// head is the next record to be released; false at the end.
func (b *block) head() (i int, ok bool) {
	if b.order == nil {
		return b.next, b.next < len(b.times)
	}
	if b.next == len(b.order) {
		return 0, false
	}
	return int(b.order[b.next]), true
}
