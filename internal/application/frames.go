package application

import (
	"github.com/millrace/millrace/internal/application/input"
	"github.com/millrace/millrace/internal/record"
	"github.com/millrace/millrace/internal/sql/types"
)

// batchRows may gather before they are pushed, where frames are small.
const batchRows = 2048

// frames makes rows of an input's frames.
type frames struct {
	reader  *input.Reader
	records int64
	arrival int64 // of the newest frame
}

func newFrames(p *plan, push func(stream string, b *types.Batch), fail func(types.ErrorRow)) *frames {
	name := p.inputs[0].Name
	return &frames{reader: input.NewReader(p.layout, p.program.Needed(name), func(b *types.Batch) { push(name, b) }, fail)}
}

// read reads the records of a frame from sequence from on. Rows may stay in the
// reader, pointing into the frame, until flush.
func (r *frames) read(f *record.Frame, from record.Sequence) {
	data, start := f.Data(), 0
	r.arrival = f.Arrival
	metadata := input.Metadata{Arrival: f.Arrival}
	for i := range f.Count() {
		end := f.End(i)
		if f.First+record.Sequence(i) >= from {
			r.reader.Part(data, start, end, f.Arrival, &metadata)
			r.records++
		}
		start = end
	}
}

func (r *frames) flush() { r.reader.Flush() }

// pending is how many rows wait for flush.
func (r *frames) pending() int { return r.reader.Pending() }
