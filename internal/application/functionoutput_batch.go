package application

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/millrace/millrace/internal/record"
)

// Bounds of an invocation of an output's function. Lambda takes events of 6 MiB.
const (
	maxDeliveryBytes   = 5 << 20 // of the event
	maxDeliveryRecords = 2000
)

// delivered is a record on its way to the function.
type delivered struct {
	id    record.Sequence // of the record when it was first appended
	tries int             // that failed
	alone bool            // the function threw at it: it goes without others
	data  []byte
	next  record.Sequence // the stream's after this record
}

// A record of an output's stream begins with two uvarints: the sequence under
// which it was first appended, or 0 for its own, and twice how often it failed,
// plus 1 if it goes alone.
func (d *delivered) append(b *record.Builder) {
	state := uint64(d.tries) << 1
	if d.alone {
		state++
	}
	b.Data = binary.AppendUvarint(b.Data, uint64(d.id))
	b.Data = binary.AppendUvarint(b.Data, state)
	b.Data = append(b.Data, d.data...)
	b.End()
}

func parseDelivered(r record.Record) delivered {
	id, n := binary.Uvarint(r.Data)
	state, m := binary.Uvarint(r.Data[max(n, 0):])
	if n <= 0 || m <= 0 {
		panic(fmt.Sprintf("BUG: record %d of an output's stream has no header", r.Sequence))
	}
	if id == 0 {
		id = uint64(r.Sequence)
	}
	return delivered{id: record.Sequence(id), tries: int(state >> 1), alone: state&1 == 1, data: r.Data[n+m:], next: r.Sequence + 1}
}

// firstDelivered is the header of a record that was never sent.
var firstDelivered = [2]byte{}

// gather waits for records, and then until it is time for an invocation or one
// is full.
func (o *functionOutput) gather(ctx context.Context) (batch []delivered, err error) {
	wait := o.due.Sub(o.a.opts.Now())
	timer := time.NewTimer(max(wait, 0))
	defer timer.Stop()
	due, bytes := false, 0
	for {
		for o.rest != nil {
			if batch, bytes = o.take(batch, bytes); o.rest != nil {
				return batch, nil // full
			}
		}
		if due && len(batch) > 0 {
			select { // what is there comes along
			case f, ok := <-o.frames:
				if !ok {
					return nil, o.ended()
				}
				o.rest = f
				continue
			default:
				return batch, nil
			}
		}
		select {
		case f, ok := <-o.frames:
			if !ok {
				return nil, o.ended()
			}
			o.rest = f
		case <-timer.C:
			due = true
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (o *functionOutput) ended() error {
	return fmt.Errorf("read the results for function %s: %w", o.output.ARN, o.feedErr)
}

// take adds the records of the frame that is begun, as far as they fit.
func (o *functionOutput) take(batch []delivered, bytes int) ([]delivered, int) {
	for r := range o.rest.All(o.next) {
		d := parseDelivered(r)
		n := base64.StdEncoding.EncodedLen(len(d.data)) + eventRecordBytes
		if len(batch) > 0 && (len(batch) >= o.limit || bytes+n > maxDeliveryBytes || d.alone || batch[0].alone) {
			return batch, bytes
		}
		batch, bytes, o.next = append(batch, d), bytes+n, d.next
	}
	o.next = max(o.next, o.rest.Next())
	o.rest = nil
	return batch, bytes
}
