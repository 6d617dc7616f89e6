package delivery

import (
	"time"

	"github.com/millrace/millrace/internal/record"
)

const (
	// zeroInterval is "within a few seconds", what Firehose promises for an
	// interval of zero.
	zeroInterval = time.Second

	// maxRecords also makes a buffer full: a buffer of tiny records would
	// otherwise take far more memory than its bytes.
	maxRecords = 250_000

	// maxSpare bounds the memory of a finished batch that is kept for another.
	maxSpare = 1 << 14

	// recordBytes is what a record takes besides its data.
	recordBytes = 48
)

// buffer holds the records of the next batch, and the rest of the frame that
// did not fit. Records point into their frames. It belongs to Run's goroutine.
type buffer struct {
	records []record.Record
	bytes   int
	began   time.Time       // when the interval of the first record began
	next    record.Sequence // after the last record of records

	frame *record.Frame // not all of it is in records yet; nil if it is
}

func (b *buffer) first() record.Sequence { return b.records[0].Sequence }

// held is what the buffer takes of the budget.
func (b *buffer) held() int { return b.bytes + recordBytes*len(b.records) }

// due is when the buffer is sealed whatever it holds.
func (b *buffer) due(interval time.Duration) time.Time {
	return b.began.Add(max(interval, zeroInterval))
}

// fill moves records of the frame into the buffer until it is full. A record
// that crosses the size is still taken: one that is larger than the size
// over-fills a buffer, and none is ever split.
func (b *buffer) fill(bufferBytes int) {
	if b.frame == nil {
		return
	}
	for i := int(max(b.next, b.frame.First) - b.frame.First); i < b.frame.Count(); i++ {
		if b.full(bufferBytes) {
			return
		}
		b.add(record.Record{Sequence: b.frame.First + record.Sequence(i), Arrival: b.frame.Arrival, Data: b.frame.Record(i)})
	}
	b.frame = nil
}

func (b *buffer) full(bufferBytes int) bool {
	return len(b.records) > 0 && b.bytes >= bufferBytes || len(b.records) >= maxRecords
}

func (b *buffer) add(r record.Record) {
	if len(b.records) == 0 {
		b.began = began(time.Now(), r.Arrival)
	}
	b.records = append(b.records, r)
	b.bytes += len(r.Data)
	b.next = r.Sequence + 1
}

// began is when the interval of a record that arrived at arrival, ms, began. A
// clock that was set back cannot put it into the future.
func began(now time.Time, arrival int64) time.Time {
	return now.Add(-time.Duration(max(0, now.UnixMilli()-arrival)) * time.Millisecond)
}

// take empties the buffer: its records are the caller's. It goes on with the
// memory of a batch before, if there is any.
func (b *buffer) take(spare []record.Record) []record.Record {
	records := b.records
	if spare == nil && len(records) > maxSpare {
		spare = make([]record.Record, 0, len(records)) // it will be as large as this one
	}
	b.records, b.bytes = spare, 0
	return records
}
