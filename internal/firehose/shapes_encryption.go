package firehose

// encryptionInput names the key of a stream's server-side encryption.
type encryptionInput struct {
	KeyARN  *string `json:",omitempty" valid:"min=1,max=512,pattern=kmsKey,kept"`
	KeyType *string `json:",omitempty" valid:"required,enum=keyType,kept"`
}

type startDeliveryStreamEncryptionInput struct {
	DeliveryStreamName                         *string `valid:"required,min=1,max=64,pattern=streamName"`
	DeliveryStreamEncryptionConfigurationInput *encryptionInput
}

type startDeliveryStreamEncryptionOutput struct{}

type stopDeliveryStreamEncryptionInput struct {
	DeliveryStreamName *string `valid:"required,min=1,max=64,pattern=streamName"`
}

type stopDeliveryStreamEncryptionOutput struct{}
