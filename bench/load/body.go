// Package load puts records into a delivery stream as fast as a server takes
// them, or at a rate: PutRecordBatch calls, signed one by one, whose bodies were
// made beforehand, so that the driver takes little of the machine that it
// shares with the server.
package load

import (
	"encoding/base64"

	"github.com/millrace/millrace/internal/aws/sigv4"
)

// BatchRecords is what one call carries: the most that Firehose takes.
const BatchRecords = 500

// Batch is the body of a call, ready to be signed and sent.
type Batch struct {
	Bytes   []byte
	Hash    string // of Bytes, hex
	Records int
	One     bool // a PutRecord
}

func (b *Batch) operation() string {
	if b.One {
		return "PutRecord"
	}
	return "PutRecordBatch"
}

// Body makes the body of a PutRecordBatch.
func Body(stream string, records [][]byte) Batch {
	body := append([]byte(`{"DeliveryStreamName":"`), stream...)
	body = append(body, `","Records":[`...)
	for i, r := range records {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, `{"Data":"`...)
		body = base64.StdEncoding.AppendEncode(body, r)
		body = append(body, `"}`...)
	}
	body = append(body, "]}"...)
	return Batch{Bytes: body, Hash: sigv4.HashOf(body), Records: len(records)}
}

// OneBody makes the body of a PutRecord.
func OneBody(stream string, data []byte) Batch {
	body := append([]byte(`{"DeliveryStreamName":"`), stream...)
	body = append(body, `","Record":{"Data":"`...)
	body = base64.StdEncoding.AppendEncode(body, data)
	body = append(body, `"}}`...)
	return Batch{Bytes: body, Hash: sigv4.HashOf(body), Records: 1, One: true}
}
