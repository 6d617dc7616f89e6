package agent

import (
	"time"

	"github.com/emmansun/base64"

	"github.com/millrace/millrace/internal/record"
)

// batch is the body of one PutRecordBatch, written while lines are read:
//
//	{"DeliveryStreamName":"web","Records":[{"Data":"base64"},{"Data":"base64"}]}
//	 └──────────── head ────────────────┘ └─── entry ────┘
//
// All its records are of one file incarnation.
type batch struct {
	incarnation *incarnation
	span        *span
	created     time.Time

	head      int // where the first entry begins
	body      []byte
	entries   []entry
	origin    record.Origin
	dataBytes int // of the records before base64
}

type entry struct{ start, end int }

const (
	entryHead = `{"Data":"`
	entryTail = `"}`
	bodyTail  = `]}`
)

// begin makes the batch an empty one for a stream, whose name comes as JSON. The slices of its last use are used again.
func (b *batch) begin(quoted []byte, i *incarnation, now time.Time) {
	b.incarnation, b.span, b.created = i, i.open(), now
	b.body = append(b.body[:0], `{"DeliveryStreamName":`...)
	b.body = append(b.body, quoted...)
	b.body = append(b.body, `,"Records":[`...)
	b.head = len(b.body)
	b.entries, b.origin.Ranges, b.dataBytes = b.entries[:0], b.origin.Ranges[:0], 0
	b.origin.ID = i.file.ID
}

// add appends a record that came from the bytes [start, end) of the file.
func (b *batch) add(data []byte, start, end uint64) {
	if len(b.entries) > 0 {
		b.body = append(b.body, ',')
	}
	from := len(b.body)
	b.body = append(b.body, entryHead...)
	b.body = base64.StdEncoding.AppendEncode(b.body, data)
	b.body = append(b.body, entryTail...)
	b.entries = append(b.entries, entry{from, len(b.body)})
	b.origin.Ranges = append(b.origin.Ranges, record.Range{Start: start, End: end})
	b.dataBytes += len(data)
	b.span.end = end
}

// keep removes the records for which failed is false, in place.
func (b *batch) keep(failed func(i int) bool) {
	at, n := b.head, 0
	for i, e := range b.entries {
		if !failed(i) {
			continue
		}
		if n > 0 {
			b.body[at] = ','
			at++
		}
		copied := copy(b.body[at:], b.body[e.start:e.end])
		b.entries[n] = entry{at, at + copied}
		b.origin.Ranges[n] = b.origin.Ranges[i]
		at += copied
		n++
	}
	b.body, b.entries, b.origin.Ranges = b.body[:at], b.entries[:n], b.origin.Ranges[:n]
}

// payload is the request's body; it is valid until the batch changes.
func (b *batch) payload() []byte {
	b.body = append(b.body, bodyTail...)
	payload := b.body
	b.body = b.body[:len(b.body)-len(bodyTail)]
	return payload
}
