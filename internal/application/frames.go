package application

import (
	"fmt"

	"github.com/millrace/millrace/internal/application/input"
	"github.com/millrace/millrace/internal/record"
	"github.com/millrace/millrace/internal/sql/types"
)

// batchRows may gather before they are pushed, where frames are small.
const batchRows = 2048

// errorProcessingFailed names the error rows of records for which the
// pre-processing function answered ProcessingFailed.
const errorProcessingFailed = "PROCESSING_FAILED"

// frames makes rows of the input's frames, or of what a function made of them.
//
// Each record goes to one of the input's in-application streams, by its
// sequence: every replay spreads them alike. A source with shards would spread
// those instead.
type frames struct {
	readers   []*input.Reader // by stream
	processed bool
	function  string
	metadata  input.Metadata // of the record being read
	mark      func(time int64)
	fail      func(types.ErrorRow)

	records, bytes int64
	arrival        int64           // of the newest record
	next           record.Sequence // of the input, after it
}

// newFrames gives rows to push by the number of their stream, and the times of
// marks to mark, after all rows before them.
func newFrames(p *plan, push func(in int, b *types.Batch), mark func(int64), fail func(types.ErrorRow)) *frames {
	r := &frames{mark: mark, fail: fail}
	if p.Input.Processor != nil {
		r.processed, r.function = true, p.Input.Processor.ARN
	}
	for i, in := range p.inputs {
		r.readers = append(r.readers, input.NewReader(p.layout, p.program.Needed(in.Name), func(b *types.Batch) { push(i, b) }, fail))
	}
	return r
}

// read reads the records of a frame from sequence from on. Rows may stay in the
// readers, pointing into the frame, until flush.
func (r *frames) read(f *record.Frame, from record.Sequence) {
	data, start := f.Data(), 0
	r.metadata.Arrival = f.Arrival
	for i := range f.Count() {
		end := f.End(i)
		switch seq := f.First + record.Sequence(i); {
		case seq < from:
		case r.processed:
			r.part(data, start, end)
		default:
			r.reader(seq).Part(data, start, end, f.Arrival, &r.metadata)
			r.count(end-start, f.Arrival, seq)
		}
		start = end
	}
	if len(r.readers) > 1 {
		r.flush() // the next frame's ROWTIME may be another
	}
}

func (r *frames) reader(seq record.Sequence) *input.Reader {
	return r.readers[(uint64(seq)-1)%uint64(len(r.readers))]
}

func (r *frames) count(bytes int, arrival int64, seq record.Sequence) {
	r.records++
	r.bytes += int64(bytes)
	r.arrival, r.next = arrival, seq+1
}

// part reads the processed record data[start:end].
func (r *frames) part(data []byte, start, end int) {
	p := parseProcessed(data[start:end])
	start += processedHeaderBytes
	if len(r.readers) > 1 && p.arrival != r.arrival {
		r.flush() // rows go in by ROWTIME, then stream
	}
	switch p.kind {
	case processedOk:
		r.metadata.Arrival = p.arrival
		r.reader(p.sequence).Part(data, start, end, p.arrival, &r.metadata)
		r.count(end-start, p.arrival, p.sequence)
	case processedFailed:
		r.flush()
		r.fail(types.ErrorRow{
			Time: p.arrival, Name: errorProcessingFailed, Message: fmt.Sprintf("function %s answered ProcessingFailed", r.function),
			DataRowtime: p.arrival, DataRow: data[start:end], Pump: input.NoPump,
		})
		r.count(end-start, p.arrival, p.sequence)
	case processedMark:
		r.flush()
		r.mark(p.arrival)
		r.arrival, r.next = p.arrival, p.sequence
	default:
		panic(fmt.Sprintf("BUG: a processed record of kind %q", p.kind))
	}
}

func (r *frames) flush() {
	for _, in := range r.readers {
		in.Flush()
	}
}

// pending is how many rows wait for flush.
func (r *frames) pending() (n int) {
	for _, in := range r.readers {
		n += in.Pending()
	}
	return n
}
