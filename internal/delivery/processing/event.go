package processing

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"github.com/millrace/millrace/internal/record"
)

// An event is what a function gets, in the shape of Firehose's data
// transformation events:
//
//	{"invocationId":"…","deliveryStreamArn":"…","region":"…","records":[
//	  {"recordId":"…","approximateArrivalTimestamp":1495072949453,"data":"aGVsbG8="}]}
//
// The invocation's id is another at each attempt; everything else stays.
const eventHead = `{"invocationId":"`

// eventEnvelope is room for everything in an event but its records and the
// stream's ARN; recordEnvelope, for everything in a record but its data.
const (
	eventEnvelope  = 200
	recordEnvelope = 160
)

// sequenceDigits are those of a record.SequenceNumber that tell the records of a
// stream apart.
const sequenceDigits = 20

// recordIDs writes the ids by which a function's answers are matched: stable
// across attempts, and not those that the producer got.
type recordIDs struct{ prefix string }

func newRecordIDs(stream record.StreamID) recordIDs {
	n := record.SequenceNumber(stream, 0)
	return recordIDs{n[:len(n)-sequenceDigits]}
}

// append writes the sequence number and six digits of the sub-record's number.
func (ids recordIDs) append(b []byte, it *item) []byte {
	b = appendDigits(append(b, ids.prefix...), uint64(it.Sequence), sequenceDigits)
	return appendDigits(b, uint64(it.Sub), 6)
}

// appendDigits pads n with zeros.
func appendDigits(b []byte, n uint64, width int) []byte {
	var digits [sequenceDigits]byte
	for i := width - 1; i >= 0; i-- {
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	return append(b, digits[:width]...)
}

// eventBytes is the most that the items' event can take.
func eventBytes(streamARN, region string, items []item) int {
	n := eventEnvelope + 2*len(streamARN) + 2*len(region)
	for i := range items {
		n += recordBytes(items[i].Data)
	}
	return n
}

// recordBytes is the most that a record can take in an event.
func recordBytes(data []byte) int { return base64.StdEncoding.EncodedLen(len(data)) + recordEnvelope }

// appendEvent leaves room for an invocation's id, which stamp fills.
func appendEvent(b []byte, streamARN, region string, ids recordIDs, items []item) []byte {
	b = append(b, eventHead...)
	b = append(b, uuid.Nil.String()...)
	b = append(b, `","deliveryStreamArn":`...)
	b = appendString(b, streamARN)
	b = append(b, `,"region":`...)
	b = appendString(b, region)
	b = append(b, `,"records":[`...)
	for i := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"recordId":"`...)
		b = ids.append(b, &items[i])
		b = append(b, `","approximateArrivalTimestamp":`...)
		b = strconv.AppendInt(b, items[i].Arrival, 10)
		b = append(b, `,"data":"`...)
		b = base64.StdEncoding.AppendEncode(b, items[i].Data)
		b = append(b, `"}`...)
	}
	return append(b, "]}"...)
}

func appendString(b []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic(fmt.Sprintf("BUG: string %q is not JSON: %v", s, err))
	}
	return append(b, text...)
}

// stamp gives the event a fresh invocation id.
func stamp(event []byte) {
	copy(event[len(eventHead):], uuid.NewString())
}
