package firehose

import "encoding/json"

// s3Configuration is S3DestinationConfiguration, the S3Configuration of a
// search destination, and S3DestinationDescription: they have the same members.
type s3Configuration struct {
	RoleARN                  *string                   `json:",omitempty" valid:"required,min=1,max=512,pattern=arn"`
	BucketARN                *string                   `json:",omitempty" valid:"required,min=1,max=2048,pattern=arn"`
	Prefix                   *string                   `json:",omitempty" valid:"min=0,max=1024"`
	ErrorOutputPrefix        *string                   `json:",omitempty" valid:"min=0,max=1024"`
	BufferingHints           *bufferingHints           `json:",omitempty"`
	CompressionFormat        *string                   `json:",omitempty" valid:"enum=compressionFormat,only=UNCOMPRESSED GZIP"`
	EncryptionConfiguration  *encryptionConfiguration  `json:",omitempty"`
	CloudWatchLoggingOptions *cloudWatchLoggingOptions `json:",omitempty"`
}

// extendedS3Configuration is also the description.
type extendedS3Configuration struct {
	s3Configuration
	CustomTimeZone                    *string                  `json:",omitempty" valid:"min=0,max=50"`
	FileExtension                     *string                  `json:",omitempty" valid:"min=0,max=128,pattern=fileExtension"`
	ProcessingConfiguration           *processingConfiguration `json:",omitempty"`
	S3BackupMode                      *string                  `json:",omitempty" valid:"enum=s3BackupMode,only=Disabled"`
	S3BackupConfiguration             json.RawMessage          `json:",omitempty" valid:"unsupported"`
	DataFormatConversionConfiguration *dataFormatConversion    `json:",omitempty"`
	DynamicPartitioningConfiguration  *dynamicPartitioning     `json:",omitempty"`
}

type bufferingHints struct {
	SizeInMBs         *int `json:",omitempty" valid:"min=1,max=128"`
	IntervalInSeconds *int `json:",omitempty" valid:"min=0,max=900"`
}

type encryptionConfiguration struct {
	NoEncryptionConfig  *string         `json:",omitempty" valid:"enum=noEncryption"`
	KMSEncryptionConfig json.RawMessage `json:",omitempty" valid:"unsupported"`
}

// cloudWatchLoggingOptions are kept and described; where delivery errors go is
// the server's log and the stream's status.
type cloudWatchLoggingOptions struct {
	Enabled       *bool   `json:",omitempty"`
	LogGroupName  *string `json:",omitempty" valid:"min=0,max=512,pattern=logName"`
	LogStreamName *string `json:",omitempty" valid:"min=0,max=512,pattern=logName"`
}

type processingConfiguration struct {
	Enabled    *bool       `json:",omitempty"`
	Processors []processor `json:",omitempty"`
}

type processor struct {
	Type       *string              `valid:"required,enum=processorType"`
	Parameters []processorParameter `json:",omitempty"`
}

type processorParameter struct {
	ParameterName  *string `valid:"required,enum=processorParameterName"`
	ParameterValue *string `valid:"required,min=1,max=5120,pattern=notBlank"`
}

// dataFormatConversion is only accepted when it is off; what it holds besides
// is kept and described as it came.
type dataFormatConversion struct {
	Enabled                   *bool           `json:",omitempty"`
	InputFormatConfiguration  json.RawMessage `json:",omitempty"`
	OutputFormatConfiguration json.RawMessage `json:",omitempty"`
	SchemaConfiguration       json.RawMessage `json:",omitempty"`
}

type dynamicPartitioning struct {
	Enabled      *bool         `json:",omitempty"`
	RetryOptions *retryOptions `json:",omitempty"`
}

type retryOptions struct {
	DurationInSeconds *int `json:",omitempty" valid:"min=0,max=7200"`
}
