package firehose

import "encoding/json"

// searchConfiguration is ElasticsearchDestinationConfiguration and
// AmazonopensearchserviceDestinationConfiguration, and the descriptions of
// both, which say S3DestinationDescription for S3Configuration.
type searchConfiguration struct {
	RoleARN                  *string                   `json:",omitempty" valid:"required,min=1,max=512,pattern=arn"`
	DomainARN                *string                   `json:",omitempty" valid:"min=1,max=512,pattern=arn"`
	ClusterEndpoint          *string                   `json:",omitempty" valid:"min=1,max=512,pattern=https"`
	IndexName                *string                   `json:",omitempty" valid:"required,min=1,max=80"`
	TypeName                 *string                   `json:",omitempty" valid:"min=0,max=100"`
	IndexRotationPeriod      *string                   `json:",omitempty" valid:"enum=indexRotationPeriod"`
	BufferingHints           *searchBufferingHints     `json:",omitempty"`
	RetryOptions             *retryOptions             `json:",omitempty"`
	S3BackupMode             *string                   `json:",omitempty" valid:"enum=searchBackupMode"`
	S3Configuration          *s3Configuration          `json:",omitempty" valid:"required"`
	ProcessingConfiguration  *processingConfiguration  `json:",omitempty"`
	CloudWatchLoggingOptions *cloudWatchLoggingOptions `json:",omitempty"`
	DocumentIdOptions        *documentIDOptions        `json:",omitempty"`
	VpcConfiguration         json.RawMessage           `json:",omitempty" valid:"unsupported"`

	// S3DestinationDescription is of descriptions only.
	S3DestinationDescription *s3Configuration `json:",omitempty" valid:"absent"`
}

type searchBufferingHints struct {
	IntervalInSeconds *int `json:",omitempty" valid:"min=0,max=900"`
	SizeInMBs         *int `json:",omitempty" valid:"min=1,max=100"`
}

type documentIDOptions struct {
	DefaultDocumentIdFormat *string `valid:"required,enum=documentIDFormat"`
}
