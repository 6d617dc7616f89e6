package opensearch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// document is one record on its way, with what became of its last attempt.
type document struct {
	record record.Record
	id     string // empty with NoDocumentID
	index  string
	lines  []byte // its two lines of a _bulk request

	attempts    int
	attemptedAt int64
	code        string
	message     string
}

// DocumentID is the id that Firehose gives the document of a record that came
// as it is: its 56 digits and ".0".
func DocumentID(stream record.StreamID, seq record.Sequence) string {
	return record.DeliveredID(stream, seq, 0)
}

// prepare makes the documents of a batch, and refuses records that are none.
func (d *Destination) prepare(b *destination.Batch) (docs []*document, refused []destination.Refusal) {
	for _, r := range b.Records {
		doc := &document{record: r, index: d.opts.Rotation.Index(d.opts.IndexName, r.Arrival)}
		if !d.opts.NoDocumentID {
			doc.id = record.DeliveredID(b.Stream, r.Sequence, r.Sub)
		}
		source, err := oneObject(r.Data)
		if err != nil {
			doc.fail("400", errorJSON("mapper_parsing_exception", "failed to parse record: "+err.Error()))
			refused = append(refused, d.refusal(doc))
			continue
		}
		doc.lines = d.lines(doc, source)
		docs = append(docs, doc)
	}
	return docs, refused
}

// oneObject returns the record as one line of JSON. Firehose asks for one object a record; white space around it and
// line breaks inside do not matter.
func oneObject(data []byte) ([]byte, error) {
	source := bytes.TrimSpace(data)
	switch {
	case len(source) == 0:
		return nil, fmt.Errorf("it is empty")
	case source[0] != '{':
		return nil, fmt.Errorf("it is not a JSON object")
	case !json.Valid(source):
		var v any
		return nil, fmt.Errorf("it is not one JSON object: %w", json.Unmarshal(source, &v))
	case bytes.IndexByte(source, '\n') >= 0 || bytes.IndexByte(source, '\r') >= 0:
		var line bytes.Buffer
		if err := json.Compact(&line, source); err != nil {
			return nil, fmt.Errorf("it is not one JSON object: %w", err)
		}
		return line.Bytes(), nil
	}
	return source, nil
}

func (d *Destination) lines(doc *document, source []byte) []byte {
	out := make([]byte, 0, len(doc.index)+len(doc.id)+len(source)+40)
	out = append(out, `{"index":{"_index":`...)
	out = appendString(out, doc.index)
	if d.opts.TypeName != "" {
		out = append(out, `,"_type":`...)
		out = appendString(out, d.opts.TypeName)
	}
	if doc.id != "" {
		out = append(out, `,"_id":`...)
		out = appendString(out, doc.id)
	}
	out = append(out, "}}\n"...)
	out = append(out, source...)
	return append(out, '\n')
}

func appendString(dst []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic("BUG: a string that JSON cannot write: " + err.Error())
	}
	return append(dst, quoted...)
}

// fail notes an attempt that did not bring the document in.
func (doc *document) fail(code, message string) {
	doc.attempts++
	doc.attemptedAt = time.Now().UnixMilli()
	doc.code, doc.message = code, message
}

func errorJSON(kind, reason string) string {
	b, err := json.Marshal(struct {
		Type   string `json:"type"`
		Reason string `json:"reason"`
	}{kind, reason})
	if err != nil {
		panic("BUG: an error that JSON cannot write: " + err.Error())
	}
	return string(b)
}
