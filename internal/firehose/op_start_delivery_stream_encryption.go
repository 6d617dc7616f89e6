package firehose

import (
	"context"

	"github.com/millrace/millrace/internal/aws/call"
)

// startDeliveryStreamEncryption also changes the key of a stream that is
// encrypted already. Without a key it is AWS's own. See encryption: it is a
// state, the journal is not encrypted.
func (s *Service) startDeliveryStreamEncryption(ctx context.Context, c *call.Call, in *startDeliveryStreamEncryptionInput) (*startDeliveryStreamEncryptionOutput, error) {
	if err := check(in); err != nil {
		return nil, err
	}
	if err := s.authorize(ctx, c, *in.DeliveryStreamName); err != nil {
		return nil, err
	}
	key := in.DeliveryStreamEncryptionConfigurationInput
	if key == nil {
		key = &encryptionInput{KeyType: ref(awsOwned)}
	}
	enabling, err := newEncryption(key)
	if err != nil {
		return nil, err
	}
	err = s.changeEncryption(*in.DeliveryStreamName, func(encryption) encryption { return enabling })
	return &startDeliveryStreamEncryptionOutput{}, err
}
