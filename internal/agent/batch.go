package agent

import (
	"time"
	"unsafe"

	"github.com/emmansun/base64"

	"github.com/millrace/millrace/internal/record"
)

// batch is the body of one request, written while lines are read:
//
//	{"DeliveryStreamName":"web","Records":[{"Data":"base64"},{"Data":"base64"}]}
//	 └──────────── head ────────────────┘ └─── entry ────┘
//
// All its records are of one file incarnation, in the order of the file, because the origin header speaks of one incarnation and of ascending ranges.
type batch struct {
	flow        *flow
	incarnation *incarnation
	span        *span // of the records that the reader adds
	created     time.Time
	reserved    int           // bytes counted in the flow's memory
	tries       int           // answers that accepted some records and not others
	emptied     chan struct{} // closed when another batch has taken all records
	isolated    bool          // refused as a whole once: other records stay out
	refusedAt   int64         // requests that the stream had accepted then
	refusal     error         // the last of them

	head      int // where the first entry begins
	body      []byte
	entries   []entry
	origin    record.Origin
	dataBytes int // as the service counts them
}

// entry is a record's place in the body.
type entry struct {
	start, end int
	size       int // as the service counts it
	span       *span
}

const (
	entryHead = `{"Data":"`
	entryTail = `"}`
	entryKey  = `","PartitionKey":"`
	bodyTail  = `]}`
)

// begin makes the batch an empty one. The slices of its last use are used again.
func (b *batch) begin(f *flow, i *incarnation, now time.Time) {
	b.flow, b.incarnation, b.created = f, i, now
	b.tries, b.emptied, b.isolated, b.refusedAt, b.refusal, b.reserved = 0, nil, false, 0, nil, 0
	b.body = append(b.body[:0], f.head...)
	b.head = len(b.body)
	b.entries, b.origin.Ranges, b.dataBytes = b.entries[:0], b.origin.Ranges[:0], 0
	b.origin.ID = i.file.ID
}

// held is the memory that the batch takes.
func (b *batch) held() int {
	return batchBytes + cap(b.body) + cap(b.entries)*int(unsafe.Sizeof(entry{})) + cap(b.origin.Ranges)*int(unsafe.Sizeof(record.Range{}))
}

// add appends a record that came from the bytes [start, end) of the file.
func (b *batch) add(data []byte, start, end uint64) {
	if len(b.entries) > 0 {
		b.body = append(b.body, ',')
	}
	from, size := len(b.body), len(data)
	b.body = append(b.body, entryHead...)
	b.body = base64.StdEncoding.AppendEncode(b.body, data)
	if b.flow.service.partitionKeys {
		b.body = append(b.body, entryKey...)
		at := len(b.body)
		b.body = partitionKey(b.body, data, b.flow.cfg.DeterministicKeys)
		size += len(b.body) - at
	}
	b.body = append(b.body, entryTail...)
	b.entries = append(b.entries, entry{from, len(b.body), size, b.span})
	b.origin.Ranges = append(b.origin.Ranges, record.Range{Start: start, End: end})
	b.dataBytes += size
	b.span.end = max(b.span.end, end)
	b.span.left++
}

// copyEntry appends entry n of another batch of the same incarnation.
func (b *batch) copyEntry(from *batch, n int) {
	if len(b.entries) > 0 {
		b.body = append(b.body, ',')
	}
	e := from.entries[n]
	at := len(b.body)
	b.body = append(b.body, from.body[e.start:e.end]...)
	b.entries = append(b.entries, entry{at, len(b.body), e.size, e.span})
	b.origin.Ranges = append(b.origin.Ranges, from.origin.Ranges[n])
	b.dataBytes += e.size
}

// keep removes the records for which kept is false, in place.
func (b *batch) keep(kept func(i int) bool) {
	at, n, dataBytes := b.head, 0, 0
	for i, e := range b.entries {
		if !kept(i) {
			continue
		}
		if n > 0 {
			b.body[at] = ','
			at++
		}
		copied := copy(b.body[at:], b.body[e.start:e.end])
		b.entries[n] = entry{at, at + copied, e.size, e.span}
		b.origin.Ranges[n] = b.origin.Ranges[i]
		at += copied
		dataBytes += e.size
		n++
	}
	b.body, b.entries, b.origin.Ranges, b.dataBytes = b.body[:at], b.entries[:n], b.origin.Ranges[:n], dataBytes
}

// merge makes b hold its own records and the first ones of donor, in the order of the file, as far as both fit together. It returns how many it took.
func (b *batch) merge(donor *batch, maxRecords, maxBytes int) int {
	n, bytes := 0, b.dataBytes
	for ; n < len(donor.entries) && len(b.entries)+n < maxRecords && bytes+donor.entries[n].size <= maxBytes; n++ {
		bytes += donor.entries[n].size
	}
	if n == 0 {
		return 0
	}
	old := batch{body: append([]byte{}, b.body...), entries: append([]entry{}, b.entries...)}
	old.origin.Ranges = append(old.origin.Ranges, b.origin.Ranges...)
	b.body, b.entries, b.origin.Ranges, b.dataBytes = b.body[:b.head], b.entries[:0], b.origin.Ranges[:0], 0
	mine, theirs := 0, 0
	for mine < len(old.entries) || theirs < n {
		if theirs == n || mine < len(old.entries) && old.origin.Ranges[mine].Start < donor.origin.Ranges[theirs].Start {
			b.copyEntry(&old, mine)
			mine++
		} else {
			b.copyEntry(donor, theirs)
			theirs++
		}
	}
	donor.keep(func(i int) bool { return i >= n })
	return n
}

// split moves the second half of the records to other, which is an empty batch.
func (b *batch) split(other *batch) {
	half := len(b.entries) / 2
	for n := half; n < len(b.entries); n++ {
		other.copyEntry(b, n)
	}
	b.keep(func(i int) bool { return i < half })
}

// payload is the request's body; it is valid until the batch changes.
func (b *batch) payload() []byte {
	b.body = append(b.body, bodyTail...)
	payload := b.body
	b.body = b.body[:len(b.body)-len(bodyTail)]
	return payload
}
