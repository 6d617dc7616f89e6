package application

import (
	"context"
	"fmt"

	"github.com/millrace/millrace/internal/record"
)

// processing is a batch of input records on its way through the function.
type processing struct {
	records []record.Record
	bytes   int
	parts   chan *processedPart // in order; closed when all are there or err is
	err     error
}

// processedPart is what one invocation answered, for records in a row.
type processedPart struct {
	records []record.Record
	answers []processingAnswer // one for each record
}

// end is the input's sequence after the part, and the arrival of its last record.
func (p *processedPart) end() (next record.Sequence, arrival int64) {
	last := p.records[len(p.records)-1]
	return last.Sequence + 1, last.Arrival
}

// gather waits for records, and takes as many as are there and fit.
func (p *processor) gather(ctx context.Context, b *processing) error {
	for {
		for p.rest != nil {
			if p.take(b); p.rest != nil {
				return nil // full
			}
		}
		if len(b.records) > 0 && p.a.opts.Journal.Extent(p.a.input).Next <= p.next {
			return nil
		}
		f, err := p.reader.Next(ctx)
		if err != nil {
			return fmt.Errorf("read %s: %w", p.a.plan.Input.ARN, err)
		}
		if f.First > p.next {
			p.a.givenUp(p.a.input, p.next, f.First)
		}
		p.rest = f
	}
}

// take adds the records of the frame that is begun, as far as they fit.
func (p *processor) take(b *processing) {
	for r := range p.rest.All(p.next) {
		if n := len(b.records); n == maxProcessingRecords || n > 0 && b.bytes+len(r.Data) > maxProcessingBytes {
			return
		}
		b.records = append(b.records, r)
		b.bytes += len(r.Data)
		p.next = r.Sequence + 1
	}
	p.next = max(p.next, p.rest.Next())
	p.rest = nil
}
