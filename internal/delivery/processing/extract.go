package processing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/millrace/millrace/internal/destination"
)

// extraction is the processor CloudWatchLogProcessing with DataMessageExtraction
// true: of what CloudWatch Logs sends, the messages alone, each with a line feed.
// A control message, by which CloudWatch Logs tries the way, becomes an empty
// record.
type extraction struct{}

func (extraction) run(ctx context.Context, _ *destination.Batch, items []item, out *destination.Processed) ([]item, error) {
	return each(ctx, items, out, decompressionFailed, func(it *item) error {
		data, err := messages(it.Data)
		if err != nil {
			return notCloudWatch(err)
		}
		it.Data = data
		return nil
	})
}

func messages(data []byte) ([]byte, error) {
	var log struct {
		MessageType string `json:"messageType"`
		LogEvents   []struct {
			Message *string `json:"message"`
		} `json:"logEvents"`
	}
	if err := json.Unmarshal(data, &log); err != nil {
		return nil, jsonProblem(err)
	}
	switch {
	case log.MessageType == "CONTROL_MESSAGE":
		return []byte{}, nil
	case log.MessageType != "DATA_MESSAGE":
		return nil, fmt.Errorf("messageType %q", log.MessageType)
	case log.LogEvents == nil:
		return nil, errors.New("no logEvents")
	}
	text := make([]byte, 0, len(data)/2)
	for i, event := range log.LogEvents {
		if event.Message == nil {
			return nil, fmt.Errorf("logEvents[%d] has no message", i)
		}
		text = append(append(text, *event.Message...), '\n')
	}
	return text, nil
}
