package applicationtest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/millrace/millrace/internal/aws/call"
)

// Event is what a function gets, as far as tests look at it.
type Event struct {
	InvocationID   string `json:"invocationId"`
	ApplicationARN string `json:"applicationArn"`
	StreamARN      string `json:"streamArn"`
	Records        []struct {
		RecordID string `json:"recordId"`
		Firehose *struct {
			Arrival int64 `json:"approximateArrivalTimestamp"`
		} `json:"kinesisFirehoseRecordMetadata"`
		Delivery *struct {
			RetryHint int `json:"retryHint"`
		} `json:"lambdaDeliveryRecordMetadata"`
		Data []byte `json:"data"`
	} `json:"records"`
}

// Answer is what it answers.
type Answer struct {
	Records []AnswerRecord `json:"records"`
}

// AnswerRecord is what became of one record.
type AnswerRecord struct {
	RecordID string `json:"recordId"`
	Result   string `json:"result"`
	Data     []byte `json:"data,omitempty"`
}

// Functions are Lambda functions in Go, by their ARN.
type Functions map[string]func(Event) (Answer, error)

// Invoke implements application.Functions.
func (f Functions) Invoke(ctx context.Context, arn string, payload []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	function := f[arn]
	if function == nil {
		return nil, fmt.Errorf("function %s is not known", arn)
	}
	var e Event
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, err
	}
	answer, err := function(e)
	if err != nil {
		return nil, err
	}
	return json.Marshal(answer)
}

// Ledger is a function that takes records for good. It holds each by its id, so
// that a record which comes again under it is seen as the one it is.
type Ledger struct {
	mu      sync.Mutex
	records map[string]string
	again   int
}

// Take takes a record; the same id with other data fails the test.
func (l *Ledger) Take(t testing.TB, id string, data []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.records == nil {
		l.records = map[string]string{}
	}
	old, ok := l.records[id]
	if ok {
		l.again++
	}
	if ok && old != string(data) {
		t.Errorf("record %s was %s and is now %s", id, old, data)
	}
	l.records[id] = string(data)
}

// Records are the data by id, and how often one came again.
func (l *Ledger) Records() (records map[string]string, again int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	records = map[string]string{}
	for id, data := range l.records {
		records[id] = data
	}
	return records, l.again
}

// Objects are S3 objects, by bucket/key.
type Objects struct {
	mu      sync.Mutex
	objects map[string]string
	opened  int
}

// Put writes an object.
func (o *Objects) Put(name, content string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.objects == nil {
		o.objects = map[string]string{}
	}
	o.objects[name] = content
}

// Opened is how often an object was opened.
func (o *Objects) Opened() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.opened
}

// Open implements application.Objects.
func (o *Objects) Open(_ context.Context, bucket, key string) (io.ReadCloser, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.opened++
	content, ok := o.objects[bucket+"/"+key]
	if !ok {
		return nil, fmt.Errorf("open s3://%s/%s: %w", bucket, key, fs.ErrNotExist)
	}
	return io.NopCloser(strings.NewReader(content)), nil
}

// FunctionARN is a function's.
func FunctionARN(name string) string {
	return fmt.Sprintf("arn:aws:lambda:us-east-1:%s:function:%s", call.AccountID, name)
}
