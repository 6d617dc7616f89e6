package firehose

import (
	"context"

	"github.com/millrace/millrace/internal/aws/call"
)

// untagDeliveryStream takes tags away; keys that are not there are fine.
func (s *Service) untagDeliveryStream(ctx context.Context, c *call.Call, in *untagDeliveryStreamInput) (*untagDeliveryStreamOutput, error) {
	if err := check(in); err != nil {
		return nil, err
	}
	if err := s.authorize(ctx, c, *in.DeliveryStreamName); err != nil {
		return nil, err
	}
	err := s.changeTags(*in.DeliveryStreamName, func(tags []tag) []tag { return withoutTags(tags, in.TagKeys) })
	return &untagDeliveryStreamOutput{}, err
}
