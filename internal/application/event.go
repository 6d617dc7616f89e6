package application

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/millrace/millrace/internal/record"
)

// Results that functions answer for a record.
const (
	resultOk               = "Ok"
	resultDropped          = "Dropped"
	resultProcessingFailed = "ProcessingFailed"
	resultDeliveryFailed   = "DeliveryFailed"
)

// event is what a function gets, as AWS documents it for pre-processing and for
// outputs.
type event struct {
	InvocationID   string        `json:"invocationId"`
	ApplicationARN string        `json:"applicationArn"`
	StreamARN      string        `json:"streamArn,omitempty"` // pre-processing
	Records        []eventRecord `json:"records"`
}

type eventRecord struct {
	RecordID string            `json:"recordId"`
	Firehose *firehoseMetadata `json:"kinesisFirehoseRecordMetadata,omitempty"` // pre-processing
	Delivery *deliveryMetadata `json:"lambdaDeliveryRecordMetadata,omitempty"`  // outputs
	Data     []byte            `json:"data"`                                    // base64
}

type firehoseMetadata struct {
	ApproximateArrivalTimestamp int64 `json:"approximateArrivalTimestamp"` // ms since the epoch
}

type deliveryMetadata struct {
	RetryHint int `json:"retryHint"`
}

// eventRecordBytes is what a record takes in an event besides its data.
const eventRecordBytes = 200

func (e *event) encode() []byte {
	e.InvocationID = uuid.NewString()
	text, err := json.Marshal(e)
	if err != nil {
		panic("BUG: " + err.Error()) // texts, numbers and bytes
	}
	return text
}

// answered is what a function answers.
type answered struct {
	Records []struct {
		RecordID string  `json:"recordId"`
		Result   string  `json:"result"`
		Data     *string `json:"data"`
	} `json:"records"`
}

func parseAnswer(text []byte) (*answered, error) {
	a := &answered{}
	if err := json.Unmarshal(text, a); err != nil {
		return nil, fmt.Errorf("read the function's answer: %w", err)
	}
	if a.Records == nil {
		return nil, errors.New(`the function's answer has no "records"`)
	}
	return a, nil
}

// processingEvent is what the pre-processing function gets. A record keeps its
// id however often it is sent.
func processingEvent(p *plan, input record.StreamID, records []record.Record) []byte {
	e := &event{ApplicationARN: p.ARN, StreamARN: p.Input.ARN, Records: make([]eventRecord, len(records))}
	for i, r := range records {
		e.Records[i] = eventRecord{RecordID: record.SequenceNumber(input, r.Sequence), Firehose: &firehoseMetadata{r.Arrival}, Data: r.Data}
	}
	return e.encode()
}

// processingAnswer is what became of one record.
type processingAnswer struct {
	result string
	data   []byte
}

// parseProcessingAnswer reads an answer that speaks of each record once. Any
// other one counts for none of them: the invocation has failed.
func parseProcessingAnswer(text []byte, input record.StreamID, records []record.Record) ([]processingAnswer, error) {
	a, err := parseAnswer(text)
	if err != nil {
		return nil, err
	}
	places := make(map[string]int, len(records))
	for i, r := range records {
		places[record.SequenceNumber(input, r.Sequence)] = i
	}
	answers := make([]processingAnswer, len(records))
	for _, r := range a.Records {
		i, ok := places[r.RecordID]
		switch {
		case !ok:
			return nil, fmt.Errorf("the function answered for the recordId %.80q, which it was not given", r.RecordID)
		case answers[i].result != "":
			return nil, fmt.Errorf("the function answered twice for the recordId %q", r.RecordID)
		}
		if answers[i], err = processed(r.Result, r.Data); err != nil {
			return nil, fmt.Errorf("recordId %q: %w", r.RecordID, err)
		}
	}
	if n := len(records) - len(a.Records); n > 0 {
		return nil, fmt.Errorf("the function answered for %d of %d records", len(a.Records), len(records))
	}
	return answers, nil
}

func processed(result string, data *string) (processingAnswer, error) {
	a := processingAnswer{result: result}
	switch result {
	case resultDropped, resultProcessingFailed:
		return a, nil
	case resultOk:
	default:
		return a, fmt.Errorf("the function answered the result %.80q, want Ok, Dropped or ProcessingFailed", result)
	}
	if data == nil {
		return a, errors.New("the function answered Ok without data")
	}
	var err error
	if a.data, err = base64.StdEncoding.DecodeString(*data); err != nil {
		err = fmt.Errorf("the function answered data that is no base64: %w", err)
	}
	return a, err
}
