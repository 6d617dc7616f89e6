package kinesisanalytics

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/google/uuid"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// sampleEvent is what a pre-processing function gets of a sample, and answers.
type sampleEvent struct {
	InvocationID   string         `json:"invocationId,omitempty"`
	ApplicationARN string         `json:"applicationArn,omitempty"`
	StreamARN      string         `json:"streamArn,omitempty"`
	Records        []sampleRecord `json:"records"`
}

type sampleRecord struct {
	RecordID string            `json:"recordId"`
	Metadata *firehoseMetadata `json:"kinesisFirehoseRecordMetadata,omitempty"`
	Result   string            `json:"result,omitempty"`
	Data     []byte            `json:"data"` // base64
}

type firehoseMetadata struct {
	ApproximateArrivalTimestamp int64 `json:"approximateArrivalTimestamp"` // ms since the epoch
}

// process lets the function change a sample. Records that it drops or fails are
// left out. It is asked once: whoever discovers a schema waits.
func (s *Service) process(ctx context.Context, d discovery, raw [][]byte) ([][]byte, error) {
	if s.opts.Functions == nil {
		return nil, errUnsupported("InputProcessingConfiguration is not supported: there are no functions")
	}
	function, role := *d.processor.ResourceARN, d.role
	if d.processor.RoleARN != nil {
		role = *d.processor.RoleARN
	}
	if err := s.checkSource(ctx, grant{role, "lambda:InvokeFunction", function}); err != nil {
		return nil, err
	}
	event := sampleEvent{InvocationID: uuid.NewString(), StreamARN: text(d.stream)}
	for i, data := range raw {
		event.Records = append(event.Records, sampleRecord{RecordID: strconv.Itoa(i), Data: data,
			Metadata: &firehoseMetadata{s.opts.Now().UnixMilli()}})
	}
	payload, err := json.Marshal(event)
	if err != nil {
		return nil, err
	}
	answer, err := s.opts.Functions.Invoke(ctx, function, payload)
	if err != nil {
		return nil, errFunction(function, err)
	}
	var answered sampleEvent
	if err := json.Unmarshal(answer, &answered); err != nil {
		return nil, errFunction(function, err)
	}
	var processed [][]byte
	for _, r := range answered.Records {
		if r.Result == "Ok" {
			processed = append(processed, r.Data)
		}
	}
	return processed, nil
}

func errFunction(function string, err error) error {
	e := awserr.New("InvalidArgumentException", "The function %s could not process the records: %v", function, err)
	e.Cause = err
	return e
}
