package firehose

import (
	"context"

	"github.com/millrace/millrace/internal/aws/call"
)

const defaultListLimit = 10

// listDeliveryStreams answers names in lexical order, after the start name
// whether or not it exists.
func (s *Service) listDeliveryStreams(ctx context.Context, c *call.Call, in *listDeliveryStreamsInput) (*listDeliveryStreamsOutput, error) {
	if err := check(in); err != nil {
		return nil, err
	}
	if err := s.authorize(ctx, c, "*"); err != nil {
		return nil, err
	}
	limit := defaultListLimit
	if in.Limit != nil {
		limit = *in.Limit
	}
	out := &listDeliveryStreamsOutput{DeliveryStreamNames: []string{}}
	if in.DeliveryStreamType != nil && *in.DeliveryStreamType != "DirectPut" {
		return out, nil
	}
	for _, st := range s.all() {
		if in.ExclusiveStartDeliveryStreamName != nil && st.name <= *in.ExclusiveStartDeliveryStreamName {
			continue
		}
		if len(out.DeliveryStreamNames) == limit {
			out.HasMoreDeliveryStreams = true
			break
		}
		out.DeliveryStreamNames = append(out.DeliveryStreamNames, st.name)
	}
	return out, nil
}
