package application

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// A record of the processed stream is, integers little-endian:
//
//	kind:1 arrival:8 sequence:8 data
//
// Arrival and sequence are the input record's, which becomes the row's ROWTIME:
// windows do not depend on how long a function took.
const processedHeaderBytes = 17

// Kinds of processed records.
const (
	// processedOk: data is what the function made of the record.
	processedOk = 'o'
	// processedFailed: the function answered ProcessingFailed; data is the record.
	processedFailed = 'f'
	// processedMark ends a batch: everything before the sequence was processed,
	// and later records arrived at arrival or after it. It closes windows also
	// where the function drops every record.
	processedMark = 'm'
)

// processedRecord is one of them.
type processedRecord struct {
	kind     byte
	arrival  int64
	sequence record.Sequence
}

func (p processedRecord) append(b *record.Builder, data []byte) {
	b.Data = append(b.Data, p.kind)
	b.Data = binary.LittleEndian.AppendUint64(b.Data, uint64(p.arrival))
	b.Data = binary.LittleEndian.AppendUint64(b.Data, uint64(p.sequence))
	b.Data = append(b.Data, data...)
	b.End()
}

// parseProcessed reads the header of data; the rest is the record's.
func parseProcessed(data []byte) processedRecord {
	if len(data) < processedHeaderBytes {
		panic(fmt.Sprintf("BUG: a processed record of %d bytes", len(data)))
	}
	return processedRecord{
		kind: data[0], arrival: int64(binary.LittleEndian.Uint64(data[1:])), sequence: record.Sequence(binary.LittleEndian.Uint64(data[9:])),
	}
}

// unread is the input's sequence of the first processed record that the engine
// has not read, from a place of the processed stream on; false if it has read
// them all.
func unread(j journal.Journal, id record.StreamID, next record.Sequence) (record.Sequence, bool, error) {
	if next >= j.Extent(id).Next {
		return 0, false, nil
	}
	f, err := readFrame(j, id, next)
	if err != nil {
		return 0, false, err
	}
	for r := range f.All(next) {
		return parseProcessed(r.Data).sequence, true, nil
	}
	return 0, false, nil
}

// readFrame reads the frame that holds a durable record.
func readFrame(j journal.Journal, id record.StreamID, sequence record.Sequence) (*record.Frame, error) {
	r := j.Read(id, sequence)
	defer r.Close()
	return r.Next(context.Background())
}
