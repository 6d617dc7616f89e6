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
)

// buffer holds the records of the next batch, and the rest of the frame that
// did not fit. Records point into their frames.
type buffer struct {
	records []record.Record
	bytes   int
	due     time.Time       // when the interval of the first record is over
	next    record.Sequence // after the last record of records

	frame    *record.Frame // not all of it is in records yet; nil if it is
	interval time.Duration
}

func (b *buffer) first() record.Sequence { return b.records[0].Sequence }

// take gives the buffer a frame; fill moves its records.
func (b *buffer) take(f *record.Frame, interval time.Duration) {
	b.frame, b.interval = f, max(interval, zeroInterval)
}

// fill moves records of the frame into the buffer and tells whether it is full.
// A record that crosses the size is still taken: one that is larger than the
// size over-fills a buffer, and none is ever split.
func (b *buffer) fill(bufferBytes int) (full bool) {
	if b.frame == nil {
		return b.full(bufferBytes)
	}
	for i := int(max(b.next, b.frame.First) - b.frame.First); i < b.frame.Count(); i++ {
		if b.full(bufferBytes) {
			return true
		}
		b.add(record.Record{Sequence: b.frame.First + record.Sequence(i), Arrival: b.frame.Arrival, Data: b.frame.Record(i)})
	}
	b.frame = nil
	return b.full(bufferBytes)
}

func (b *buffer) full(bufferBytes int) bool {
	return len(b.records) > 0 && b.bytes >= bufferBytes || len(b.records) >= maxRecords
}

func (b *buffer) add(r record.Record) {
	if len(b.records) == 0 {
		b.due = due(time.Now(), r.Arrival, b.interval)
	}
	b.records = append(b.records, r)
	b.bytes += len(r.Data)
	b.next = r.Sequence + 1
}

// due is the end of an interval that began at arrival, ms. A clock that was set
// back cannot make it longer than the interval from now.
func due(now time.Time, arrival int64, interval time.Duration) time.Time {
	age := time.Duration(max(0, now.UnixMilli()-arrival)) * time.Millisecond
	return now.Add(max(0, interval-age))
}

// reset empties the buffer after its records were delivered. The slice is given
// up when it is large: most buffers are small.
func (b *buffer) reset() {
	clear(b.records)
	b.records, b.bytes = b.records[:0], 0
	if cap(b.records) > 1<<14 {
		b.records = nil
	}
}
