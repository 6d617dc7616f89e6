package firehose

import (
	"context"

	"github.com/millrace/millrace/internal/aws/call"
)

// tagDeliveryStream sets tags; the values of keys that are there already change.
func (s *Service) tagDeliveryStream(ctx context.Context, c *call.Call, in *tagDeliveryStreamInput) (*tagDeliveryStreamOutput, error) {
	if err := check(in); err != nil {
		return nil, err
	}
	if err := s.authorize(ctx, c, *in.DeliveryStreamName); err != nil {
		return nil, err
	}
	err := s.changeTags(*in.DeliveryStreamName, func(tags []tag) []tag { return withTags(tags, in.Tags) })
	return &tagDeliveryStreamOutput{}, err
}
