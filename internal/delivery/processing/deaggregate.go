package processing

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/millrace/millrace/internal/destination"
)

// Values of Deaggregation.SubRecordType.
const (
	SubRecordJSON      = "JSON"
	SubRecordDelimited = "DELIMITED"
)

// maxSubRecords of one record; one that has more is not split, as Firehose
// documents.
const maxSubRecords = 500

// deaggregationCode is ours: Firehose's is not known.
const deaggregationCode = "RecordDeAggregation.ParseError"

// Deaggregation is the processor RecordDeAggregation: a record is several, JSON
// objects one after the other with or without white space between them, or what
// a delimiter parts. Parts of no bytes are none. A record without any part, an
// empty one for example, goes on as it is.
type Deaggregation struct {
	SubRecordType string
	Delimiter     []byte // of SubRecordDelimited
}

func (d *Deaggregation) check() error {
	switch d.SubRecordType {
	case SubRecordJSON:
		return nil
	case SubRecordDelimited:
		if len(d.Delimiter) == 0 {
			return errors.New("RecordDeAggregation: SubRecordType DELIMITED needs a Delimiter")
		}
		return nil
	}
	return fmt.Errorf("RecordDeAggregation: SubRecordType %q: want JSON or DELIMITED", d.SubRecordType)
}

func (d *Deaggregation) run(ctx context.Context, _ *destination.Batch, items []item, out *destination.Processed) ([]item, error) {
	kept := make([]item, 0, len(items))
	var parts [][]byte
	for i := range items {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		it := &items[i]
		var err error
		if parts, err = d.split(parts[:0], it.Data); err != nil {
			out.Refusals = append(out.Refusals, it.refusal(processingFailed, failure{deaggregationCode, err.Error()}))
			continue
		}
		kept = appendParts(kept, it, parts)
	}
	return kept, nil
}

// appendParts numbers the parts of a record. Two or more stand for themselves in
// the error output.
func appendParts(kept []item, it *item, parts [][]byte) []item {
	switch len(parts) {
	case 0:
		return append(kept, *it)
	case 1:
		part := *it
		part.Data = parts[0]
		return append(kept, part)
	}
	for n, data := range parts {
		part := *it
		part.Data, part.raw, part.Sub = data, data, n
		kept = append(kept, part)
	}
	return kept
}

// split returns no parts of a record that has too many.
func (d *Deaggregation) split(parts [][]byte, data []byte) ([][]byte, error) {
	if d.SubRecordType == SubRecordJSON {
		return splitJSON(parts, data)
	}
	for len(data) > 0 {
		part, rest, _ := bytes.Cut(data, d.Delimiter)
		data = rest
		if len(part) == 0 {
			continue
		}
		if len(parts) == maxSubRecords {
			return parts[:0], nil
		}
		parts = append(parts, part[:len(part):len(part)])
	}
	return parts, nil
}

// splitJSON parts objects that follow each other:
//
//	record = { space } { object { space } } .
//
// Anything else, arrays and scalars at the top too, is an error with its offset.
func splitJSON(parts [][]byte, data []byte) ([][]byte, error) {
	for i := 0; ; {
		if i = skipSpace(data, i); i == len(data) {
			return parts, nil
		}
		if len(parts) == maxSubRecords {
			return parts[:0], nil
		}
		end := scanObject(data, i, 0, nil)
		if end < 0 {
			return nil, notObject(data[i:], i)
		}
		parts = append(parts, data[i:end:end])
		i = end
	}
}

// notObject says where the record stops to be JSON objects.
func notObject(rest []byte, offset int) error {
	var object map[string]json.RawMessage
	err := json.NewDecoder(bytes.NewReader(rest)).Decode(&object)
	var syntax *json.SyntaxError
	switch {
	case rest[0] != '{':
		return fmt.Errorf("record is not JSON objects one after the other: %q at offset %d", rest[0], offset)
	case errors.As(err, &syntax):
		return fmt.Errorf("record is not JSON objects one after the other: object at offset %d: %v", offset, syntax)
	}
	return fmt.Errorf("record is not JSON objects one after the other: object at offset %d has no end", offset)
}
