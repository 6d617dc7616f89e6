package firehose

// s3Configuration is S3DestinationConfiguration, the S3Configuration or backup
// of the other destinations, S3DestinationDescription and S3DestinationUpdate:
// they have the same members.
type s3Configuration struct {
	RoleARN                  *string                   `json:",omitempty" valid:"needed,min=1,max=512,pattern=arn"`
	BucketARN                *string                   `json:",omitempty" valid:"needed,min=1,max=2048,pattern=arn"`
	Prefix                   *string                   `json:",omitempty" valid:"min=0,max=1024"`
	ErrorOutputPrefix        *string                   `json:",omitempty" valid:"min=0,max=1024"`
	BufferingHints           *bufferingHints           `json:",omitempty"`
	CompressionFormat        *string                   `json:",omitempty" valid:"enum=compressionFormat"`
	EncryptionConfiguration  *encryptionConfiguration  `json:",omitempty"`
	CloudWatchLoggingOptions *cloudWatchLoggingOptions `json:",omitempty"`
}

// extendedS3Members are those of the configuration, the update and the
// description alike, besides the ones of s3Configuration.
type extendedS3Members struct {
	CustomTimeZone                    *string                  `json:",omitempty" valid:"min=0,max=50"`
	FileExtension                     *string                  `json:",omitempty" valid:"min=0,max=128,pattern=fileExtension"`
	ProcessingConfiguration           *processingConfiguration `json:",omitempty"`
	S3BackupMode                      *string                  `json:",omitempty" valid:"enum=s3BackupMode"`
	DataFormatConversionConfiguration *dataFormatConversion    `json:",omitempty"`
	DynamicPartitioningConfiguration  *dynamicPartitioning     `json:",omitempty"`
}

type extendedS3Configuration struct {
	s3Configuration
	extendedS3Members
	S3BackupConfiguration *s3Configuration `json:",omitempty"`
}

type extendedS3Update struct {
	s3Configuration
	extendedS3Members
	S3BackupUpdate *s3Configuration
}

type extendedS3Description struct {
	s3Configuration
	extendedS3Members
	S3BackupDescription *s3Configuration `json:",omitempty"`
}

type bufferingHints struct {
	SizeInMBs         *int `json:",omitempty" valid:"min=1,max=128"`
	IntervalInSeconds *int `json:",omitempty" valid:"min=0,max=900"`
}

type encryptionConfiguration struct {
	NoEncryptionConfig  *string              `json:",omitempty" valid:"enum=noEncryption"`
	KMSEncryptionConfig *kmsEncryptionConfig `json:",omitempty"`
}

type kmsEncryptionConfig struct {
	AWSKMSKeyARN *string `json:",omitempty" valid:"required,min=1,max=512,pattern=kmsKey"`
}

// cloudWatchLoggingOptions name where a line of each delivery error goes.
type cloudWatchLoggingOptions struct {
	Enabled       *bool   `json:",omitempty"`
	LogGroupName  *string `json:",omitempty" valid:"min=0,max=512,pattern=logName"`
	LogStreamName *string `json:",omitempty" valid:"min=0,max=512,pattern=logName"`
}

type dynamicPartitioning struct {
	// RetryOptions are about buckets that do not answer; deliveries to S3 are
	// tried again without an end.
	RetryOptions *keptRetryOptions `json:",omitempty"`
	Enabled      *bool             `json:",omitempty"`
}

type keptRetryOptions struct {
	DurationInSeconds *int `json:",omitempty" valid:"min=0,max=7200,kept"`
}

type retryOptions struct {
	DurationInSeconds *int `json:",omitempty" valid:"min=0,max=7200"`
}
