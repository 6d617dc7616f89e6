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
	kind   string // its type, of Elasticsearch 6 and older
	source []byte // one line of JSON; nil if it has none

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
		doc := &document{record: r, index: d.opts.Rotation.Index(d.opts.IndexName, r.Arrival), kind: d.opts.TypeName}
		if !d.opts.NoDocumentID {
			doc.id = record.DeliveredID(b.Stream, r.Sequence, r.Sub)
		}
		source, err := oneObject(r.Data)
		if err != nil {
			doc.fail("400", errorJSON("mapper_parsing_exception", "failed to parse record: "+err.Error()))
			refused = append(refused, doc.refusal())
			continue
		}
		doc.source = source
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

// size is about what appendLines appends.
func (doc *document) size() int {
	return len(`{"index":{"_index":"","_type":"","_id":""}}`) + len("\n\n") + len(doc.index) + len(doc.kind) + len(doc.id) + len(doc.source)
}

// appendLines appends the document's two lines of a _bulk request. They are made anew for each request, so that a batch is
// not held twice.
func (doc *document) appendLines(out []byte) []byte {
	out = append(out, `{"index":{"_index":`...)
	out = appendString(out, doc.index)
	if doc.kind != "" {
		out = append(out, `,"_type":`...)
		out = appendString(out, doc.kind)
	}
	if doc.id != "" {
		out = append(out, `,"_id":`...)
		out = appendString(out, doc.id)
	}
	out = append(out, "}}\n"...)
	out = append(out, doc.source...)
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

// refusal gives the document up.
func (doc *document) refusal() destination.Refusal {
	return destination.Refusal{
		Record: doc.record, Attempts: doc.attempts, Code: doc.code, Message: doc.message, AttemptedAt: doc.attemptedAt,
		DocumentID: doc.id, IndexName: doc.index, TypeName: doc.kind,
	}
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
