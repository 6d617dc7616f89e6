package firehose

import (
	"context"
	"slices"

	"github.com/millrace/millrace/internal/aws/call"
)

// listTagsForDeliveryStream answers tags in the order of their keys, after the
// start key whether or not it exists; all of them unless there is a limit.
func (s *Service) listTagsForDeliveryStream(ctx context.Context, c *call.Call, in *listTagsForDeliveryStreamInput) (*listTagsForDeliveryStreamOutput, error) {
	if err := check(in); err != nil {
		return nil, err
	}
	if err := s.authorize(ctx, c, *in.DeliveryStreamName); err != nil {
		return nil, err
	}
	st, err := s.lookup(*in.DeliveryStreamName)
	if err != nil {
		return nil, err
	}
	tags := st.current().Tags
	if in.ExclusiveStartTagKey != nil {
		i, there := slices.BinarySearchFunc(tags, *in.ExclusiveStartTagKey, compareKey)
		if there {
			i++
		}
		tags = tags[i:]
	}
	out := &listTagsForDeliveryStreamOutput{Tags: append([]tag{}, tags...)}
	if in.Limit != nil && len(tags) > *in.Limit {
		out.Tags, out.HasMoreTags = out.Tags[:*in.Limit], true
	}
	return out, nil
}
