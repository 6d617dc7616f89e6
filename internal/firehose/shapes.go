package firehose

import "encoding/json"

// The shapes of requests and answers. Go names are wire names. The valid tags
// hold the constraints of AWS's model; validate.go explains them.

type createDeliveryStreamInput struct {
	DeliveryStreamName                                 *string                  `valid:"required,min=1,max=64,pattern=streamName"`
	DeliveryStreamType                                 *string                  `valid:"enum=deliveryStreamType,only=DirectPut"`
	DirectPutSourceConfiguration                       *directPutSource         `json:",omitempty"`
	KinesisStreamSourceConfiguration                   json.RawMessage          `valid:"unsupported"`
	MSKSourceConfiguration                             json.RawMessage          `valid:"unsupported"`
	DatabaseSourceConfiguration                        json.RawMessage          `valid:"unsupported"`
	DeliveryStreamEncryptionConfigurationInput         *encryptionInput         `json:",omitempty"`
	S3DestinationConfiguration                         *s3Configuration         `valid:"destination"`
	ExtendedS3DestinationConfiguration                 *extendedS3Configuration `valid:"destination"`
	ElasticsearchDestinationConfiguration              *searchConfiguration     `valid:"destination"`
	AmazonopensearchserviceDestinationConfiguration    *searchConfiguration     `valid:"destination"`
	HttpEndpointDestinationConfiguration               *httpConfiguration       `valid:"destination"`
	RedshiftDestinationConfiguration                   json.RawMessage          `valid:"destination,unsupported"`
	SplunkDestinationConfiguration                     json.RawMessage          `valid:"destination,unsupported"`
	AmazonOpenSearchServerlessDestinationConfiguration json.RawMessage          `valid:"destination,unsupported"`
	SnowflakeDestinationConfiguration                  json.RawMessage          `valid:"destination,unsupported"`
	IcebergDestinationConfiguration                    json.RawMessage          `valid:"destination,unsupported"`
	Tags                                               []tag                    `valid:"min=1,max=50"`
}

type directPutSource struct {
	// ThroughputHintInMBs is a hint that AWS itself only keeps.
	ThroughputHintInMBs *int `json:",omitempty" valid:"required,min=1,max=100,kept"`
}

type createDeliveryStreamOutput struct {
	DeliveryStreamARN string
}

type describeDeliveryStreamInput struct {
	DeliveryStreamName          *string `valid:"required,min=1,max=64,pattern=streamName"`
	Limit                       *int    `valid:"min=1,max=10000"`
	ExclusiveStartDestinationId *string `valid:"min=1,max=100,pattern=destinationID"`
}

type describeDeliveryStreamOutput struct {
	DeliveryStreamDescription deliveryStreamDescription
}

type deliveryStreamDescription struct {
	DeliveryStreamName                    string
	DeliveryStreamARN                     string
	DeliveryStreamStatus                  status
	DeliveryStreamEncryptionConfiguration encryption
	DeliveryStreamType                    string
	VersionId                             string
	CreateTimestamp                       epoch
	LastUpdateTimestamp                   epoch              `json:",omitzero"` // of UpdateDestination alone
	Source                                *sourceDescription `json:",omitempty"`
	Destinations                          []destinationDescription
	HasMoreDestinations                   bool
}

type sourceDescription struct {
	DirectPutSourceDescription *directPutSource `json:",omitempty"`
}

type destinationDescription struct {
	DestinationId                                 string
	S3DestinationDescription                      *s3Configuration       `json:",omitempty"`
	ExtendedS3DestinationDescription              *extendedS3Description `json:",omitempty"`
	ElasticsearchDestinationDescription           *searchDescription     `json:",omitempty"`
	AmazonopensearchserviceDestinationDescription *searchDescription     `json:",omitempty"`
	HttpEndpointDestinationDescription            *httpDescription       `json:",omitempty"`
}

type listDeliveryStreamsInput struct {
	Limit                            *int    `valid:"min=1,max=10000"`
	DeliveryStreamType               *string `valid:"enum=deliveryStreamType"`
	ExclusiveStartDeliveryStreamName *string `valid:"min=1,max=64,pattern=streamName"`
}

type listDeliveryStreamsOutput struct {
	DeliveryStreamNames    []string
	HasMoreDeliveryStreams bool
}

type deleteDeliveryStreamInput struct {
	DeliveryStreamName *string `valid:"required,min=1,max=64,pattern=streamName"`
	// AllowForceDelete is about KMS grants, of which there are none here.
	AllowForceDelete *bool `valid:"kept"`
}

type deleteDeliveryStreamOutput struct{}

type updateDestinationInput struct {
	DeliveryStreamName                          *string           `valid:"required,min=1,max=64,pattern=streamName"`
	CurrentDeliveryStreamVersionId              *string           `valid:"required,min=1,max=50,pattern=versionID"`
	DestinationId                               *string           `valid:"required,min=1,max=100,pattern=destinationID"`
	S3DestinationUpdate                         *s3Configuration  `valid:"destination,update"`
	ExtendedS3DestinationUpdate                 *extendedS3Update `valid:"destination,update"`
	ElasticsearchDestinationUpdate              *searchUpdate     `valid:"destination,update"`
	AmazonopensearchserviceDestinationUpdate    *searchUpdate     `valid:"destination,update"`
	HttpEndpointDestinationUpdate               *httpUpdate       `valid:"destination,update"`
	RedshiftDestinationUpdate                   json.RawMessage   `valid:"destination,unsupported"`
	SplunkDestinationUpdate                     json.RawMessage   `valid:"destination,unsupported"`
	AmazonOpenSearchServerlessDestinationUpdate json.RawMessage   `valid:"destination,unsupported"`
	SnowflakeDestinationUpdate                  json.RawMessage   `valid:"destination,unsupported"`
	IcebergDestinationUpdate                    json.RawMessage   `valid:"destination,unsupported"`
}

type updateDestinationOutput struct{}

type putRecordInput struct {
	DeliveryStreamName *string     `valid:"required,min=1,max=64,pattern=streamName"`
	Record             *recordData `valid:"required"`
}

type putRecordBatchInput struct {
	DeliveryStreamName *string      `valid:"required,min=1,max=64,pattern=streamName"`
	Records            []recordData `valid:"required,min=1,max=500"`
}

type recordData struct {
	Data *[]byte `valid:"required,max=1024000"`
}
