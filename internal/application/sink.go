package application

import (
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/application/input"
	"github.com/millrace/millrace/internal/record"
	"github.com/millrace/millrace/internal/sql/types"
)

// maxRowBytes is the largest record that a delivery stream takes; functions get
// none that is larger either.
const maxRowBytes = 1_000 << 10

// sink receives every row of every in-application stream: it observes them and
// gathers the rows of streams that outputs are bound to as records of the
// pending step.
type sink struct {
	streams map[string]*sinkStream
	pending []*pendingOutput // one for each output of the Config
	// replaying: the rows have been committed before; gather none.
	replaying bool
	rows      int64 // seen so far, of all streams

	errorColumns []types.Column

	mu     sync.Mutex
	errors map[string]int64 // by name
	last   string           // newest message
}

type sinkStream struct {
	watch   *streamWatch
	columns []types.Column
	outputs []*pendingOutput
}

// pendingOutput are the records that an output gets with the next step.
type pendingOutput struct {
	Output
	records *record.Builder
	counts  *outputCounts

	id       record.StreamID // private, of an output to a function
	function *functionOutput // that delivers from there
}

// outputCounts are those of one output's steps.
type outputCounts struct {
	mu     sync.Mutex
	counts OutputStatus
}

func (c *outputCounts) attempted(ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.Attempts++
	if ok {
		c.counts.Successes++
	}
}

func (c *outputCounts) committed(records, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.Records += int64(records)
	c.counts.Bytes += int64(bytes)
}

func (c *outputCounts) status() OutputStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts
}

func newSink(p *plan, now func() time.Time) *sink {
	s := &sink{streams: map[string]*sinkStream{}, errorColumns: types.ErrorStreamColumns(), errors: map[string]int64{}}
	for _, st := range p.streams {
		s.streams[st.Name] = &sinkStream{watch: newStreamWatch(st.Name, st.Columns, nil, now), columns: st.Columns}
	}
	for _, o := range p.Outputs {
		out := &pendingOutput{Output: o, records: &record.Builder{}, counts: &outputCounts{}}
		s.pending = append(s.pending, out)
		s.streams[o.Stream].outputs = append(s.streams[o.Stream].outputs, out)
	}
	return s
}

// Rows implements sql.Sink.
func (s *sink) Rows(stream string, b *types.Batch) {
	st := s.streams[stream]
	if st == nil {
		panic(fmt.Sprintf("BUG: rows of stream %q, which the program does not have", stream))
	}
	s.rows += int64(b.N)
	st.watch.observe(b)
	if s.replaying {
		return
	}
	for i, out := range st.outputs {
		s.gather(out, st.columns, b, i == 0)
	}
}

// gather makes a record of each row. A row too large for a record becomes an
// error row; first tells that no other output has said so.
func (s *sink) gather(out *pendingOutput, columns []types.Column, b *types.Batch, first bool) {
	for i := range b.N {
		record := len(out.records.Data)
		if out.Kind == ToFunction {
			out.records.Data = append(out.records.Data, firstDelivered[:]...)
		}
		start := len(out.records.Data)
		out.records.Data = out.Format.Append(out.records.Data, columns, b, i)
		if n := len(out.records.Data) - start; n > maxRowBytes {
			head := append([]byte(nil), out.records.Data[start:start+maxRowBytes/16]...)
			out.records.Data = out.records.Data[:record]
			if first {
				s.Error(types.ErrorRow{Time: b.Rowtime[i], Name: errorRowTooLarge, DataRowtime: b.Rowtime[i], DataRow: head, Pump: input.NoPump,
					Message: fmt.Sprintf("the row takes %d bytes as a record, at most %d", n, maxRowBytes)})
			}
			continue
		}
		out.records.End()
	}
}

const errorRowTooLarge = "ROW_TOO_LARGE"

// Error implements sql.Sink.
func (s *sink) Error(e types.ErrorRow) {
	s.note(e)
	b := types.NewBatch(s.errorColumns)
	types.AppendErrorRow(b, e)
	s.Rows(types.ErrorStream, b)
}

// note counts an error row.
func (s *sink) note(e types.ErrorRow) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errors[e.Name]++
	s.last = e.Message
}

// bytes is what the pending step takes, and whether it has any record.
func (s *sink) bytes() (n int, any bool) {
	for _, p := range s.pending {
		n += p.records.Bytes()
		any = any || p.records.Count() > 0
	}
	return n, any
}

// take hands over the pending records and begins anew.
func (s *sink) take() (outputs []*pendingOutput) {
	for i, p := range s.pending {
		if p.records.Count() == 0 {
			continue
		}
		taken := *p
		outputs = append(outputs, &taken)
		s.pending[i].records = &record.Builder{}
	}
	return outputs
}

// failures counts the error rows by name, and gives the newest message.
func (s *sink) failures() (map[string]int64, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.errors), s.last
}
