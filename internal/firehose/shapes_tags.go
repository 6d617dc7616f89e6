package firehose

type tag struct {
	Key   *string `valid:"required,min=1,max=128,pattern=tagKey"`
	Value *string `json:",omitempty" valid:"min=0,max=256,pattern=tagValue"`
}

type tagDeliveryStreamInput struct {
	DeliveryStreamName *string `valid:"required,min=1,max=64,pattern=streamName"`
	Tags               []tag   `valid:"required,min=1,max=50"`
}

type tagDeliveryStreamOutput struct{}

type untagDeliveryStreamInput struct {
	DeliveryStreamName *string  `valid:"required,min=1,max=64,pattern=streamName"`
	TagKeys            []string `valid:"required,min=1,max=50,each=tagKey"`
}

type untagDeliveryStreamOutput struct{}

type listTagsForDeliveryStreamInput struct {
	DeliveryStreamName   *string `valid:"required,min=1,max=64,pattern=streamName"`
	ExclusiveStartTagKey *string `valid:"min=1,max=128,pattern=tagKey"`
	Limit                *int    `valid:"min=1,max=50"`
}

type listTagsForDeliveryStreamOutput struct {
	Tags        []tag
	HasMoreTags bool
}
