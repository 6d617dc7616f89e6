package firehose

import (
	"context"

	"github.com/millrace/millrace/internal/aws/call"
)

// stopDeliveryStreamEncryption succeeds also where nothing is encrypted.
func (s *Service) stopDeliveryStreamEncryption(ctx context.Context, c *call.Call, in *stopDeliveryStreamEncryptionInput) (*stopDeliveryStreamEncryptionOutput, error) {
	if err := check(in); err != nil {
		return nil, err
	}
	if err := s.authorize(ctx, c, *in.DeliveryStreamName); err != nil {
		return nil, err
	}
	err := s.changeEncryption(*in.DeliveryStreamName, func(e encryption) encryption {
		e.Status = encryptionDisabling
		return e
	})
	return &stopDeliveryStreamEncryptionOutput{}, err
}
