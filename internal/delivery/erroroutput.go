package delivery

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/millrace/millrace/internal/delivery/objectkey"
	"github.com/millrace/millrace/internal/destination"
)

// ObjectWriter writes one object durably; destination/s3 is one.
type ObjectWriter interface {
	PutObject(ctx context.Context, key string, body []byte) error
}

// ErrorObjects writes refused records as Firehose does: an object a batch, a
// line of JSON a record. They are written at once and not buffered by the
// bucket's hints, because the cursor waits for them.
type ErrorObjects struct {
	Objects ObjectWriter
	Key     objectkey.Namer
	// Type is the folder: "elasticsearch-failed", "AmazonOpenSearchService-failed".
	Type string
}

// errorLine has the members of AWS's error objects, times in ms.
type errorLine struct {
	AttemptsMade           int    `json:"attemptsMade"`
	ArrivalTimestamp       int64  `json:"arrivalTimestamp"`
	ErrorCode              string `json:"errorCode"`
	ErrorMessage           string `json:"errorMessage"`
	AttemptEndingTimestamp int64  `json:"attemptEndingTimestamp"`
	*searchLine
	RawData []byte `json:"rawData"`
}

// searchLine is what refusals of search destinations say besides.
type searchLine struct {
	DocumentID string `json:"esDocumentId"`
	IndexName  string `json:"esIndexName"`
	TypeName   string `json:"esTypeName"`
}

// Write implements ErrorOutput. The object's id comes from the batch's and its
// time is that of the batch's oldest record, so that a batch that comes again
// writes the same object again.
func (e *ErrorObjects) Write(ctx context.Context, b *destination.Batch, refused []destination.Refusal) error {
	var body bytes.Buffer
	lines := json.NewEncoder(&body)
	lines.SetEscapeHTML(false)
	for _, r := range refused {
		if err := lines.Encode(line(r)); err != nil {
			return fmt.Errorf("render error object: %w", err)
		}
	}
	id, err := uuid.Parse(b.ID)
	if err != nil {
		return fmt.Errorf("name error object of batch %q: %w", b.ID, err)
	}
	id = uuid.NewSHA1(id, []byte(e.Type))
	return e.Objects.PutObject(ctx, e.Key.ErrorKey(e.Type, b.Version, b.Records[0].Arrival, id), body.Bytes())
}

func line(r destination.Refusal) errorLine {
	l := errorLine{
		AttemptsMade: r.Attempts, ArrivalTimestamp: r.Record.Arrival,
		ErrorCode: r.Code, ErrorMessage: r.Message, AttemptEndingTimestamp: r.AttemptedAt,
		RawData: r.Record.Data,
	}
	if l.RawData == nil {
		l.RawData = []byte{} // "", not null
	}
	if r.IndexName != "" {
		l.searchLine = &searchLine{r.DocumentID, r.IndexName, r.TypeName}
	}
	return l
}
