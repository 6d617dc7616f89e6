package firehose

import (
	"encoding/json"
	"strconv"

	"github.com/millrace/millrace/internal/delivery"
)

// diagnosticLine has the members of the lines that Firehose writes to a log
// group. The version is text, as AWS writes it for streams with direct puts.
type diagnosticLine struct {
	DeliveryStreamARN       string `json:"deliveryStreamARN"`
	Destination             string `json:"destination"`
	DeliveryStreamVersionID string `json:"deliveryStreamVersionId"`
	Message                 string `json:"message"`
	ErrorCode               string `json:"errorCode"`
	Processor               string `json:"processor,omitempty"`
}

// diagnose makes a line of each diagnostic, if logging is on and lines have a
// place to go.
func (s *Service) diagnose(c *config, logging *cloudWatchLoggingOptions) func(delivery.Diagnostic) {
	if s.opts.Diagnose == nil || !isOn(logging.Enabled) {
		return nil
	}
	arn, group, stream := c.ARN, *logging.LogGroupName, *logging.LogStreamName
	return func(d delivery.Diagnostic) {
		line, err := json.Marshal(diagnosticLine{
			DeliveryStreamARN: arn, Destination: d.Destination, DeliveryStreamVersionID: strconv.Itoa(d.Version),
			Message: d.Message, ErrorCode: d.ErrorCode, Processor: d.Processor,
		})
		if err == nil { // texts always marshal
			s.opts.Diagnose(group, stream, line)
		}
	}
}
