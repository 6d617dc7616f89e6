package logformat

import (
	"fmt"
	"time"
)

// AddMetadataSpec is what an ADDMETADATA option says.
type AddMetadataSpec struct {
	Metadata   []byte           // any JSON value; nil writes null
	Timestamp  bool             // the record begins with "ts", the time of processing
	Now        func() time.Time // the clock of "ts"; nil = time.Now
	JSONFormat string           // "" = COMPACT
}

// NewAddMetadata returns ADDMETADATA, which writes {"ts":…,"metadata":…,"data":…}. Data is the record's text without its newline; a record that is JSON is
// text like any other. Ts is UTC with milliseconds.
func NewAddMetadata(spec AddMetadataSpec) (Converter, error) {
	pretty, err := readJSONFormat(spec.JSONFormat)
	if err != nil {
		return nil, err
	}
	metadata := &jsonNode{kind: jsonLiteral, text: []byte("null")}
	if spec.Metadata != nil {
		var rest []byte
		if metadata, rest, err = parseJSON(spec.Metadata); err == nil && len(skipJSONSpace(rest)) > 0 {
			err = fmt.Errorf("surplus text after the value")
		}
		if err != nil {
			return nil, fmt.Errorf("metadata: %w", err)
		}
	}
	w := jsonWriter{pretty: pretty}
	c := &addMetadata{timestamp: spec.Timestamp, now: spec.Now}
	if c.now == nil {
		c.now = time.Now
	}
	if c.timestamp {
		c.head = append(w.key(c.head, true, 1, []byte("ts")), '"')
	}
	c.middle = w.key(c.middle, !c.timestamp, 1, []byte("metadata"))
	c.middle = w.value(c.middle, metadata, 1)
	c.middle = append(w.key(c.middle, false, 1, []byte("data")), '"')
	c.tail = append(w.end([]byte{'"'}, 0), '\n')
	return c, nil
}

type addMetadata struct {
	timestamp          bool
	now                func() time.Time
	head, middle, tail []byte // what stands around the time and the data
}

const metadataTime = "2006-01-02T15:04:05.000Z"

func (c *addMetadata) Convert(dst, record []byte) ([]byte, *Mismatch, error) {
	if c.timestamp {
		dst = append(dst, c.head...)
		dst = c.now().UTC().AppendFormat(dst, metadataTime)
		dst = append(dst, '"')
	}
	dst = append(dst, c.middle...)
	dst = appendText(dst, trimNewline(record))
	return append(dst, c.tail...), nil, nil
}
