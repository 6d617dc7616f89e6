package firehose

// searchMembers are those of ElasticsearchDestinationConfiguration and
// AmazonopensearchserviceDestinationConfiguration, and of the updates and
// descriptions of both.
type searchMembers struct {
	RoleARN                  *string                   `json:",omitempty" valid:"needed,min=1,max=512,pattern=arn"`
	DomainARN                *string                   `json:",omitempty" valid:"min=1,max=512,pattern=arn"`
	ClusterEndpoint          *string                   `json:",omitempty" valid:"min=1,max=512,pattern=https"`
	IndexName                *string                   `json:",omitempty" valid:"needed,min=1,max=80"`
	TypeName                 *string                   `json:",omitempty" valid:"min=0,max=100"`
	IndexRotationPeriod      *string                   `json:",omitempty" valid:"enum=indexRotationPeriod"`
	BufferingHints           *searchBufferingHints     `json:",omitempty"`
	RetryOptions             *retryOptions             `json:",omitempty"`
	ProcessingConfiguration  *processingConfiguration  `json:",omitempty"`
	CloudWatchLoggingOptions *cloudWatchLoggingOptions `json:",omitempty"`
	DocumentIdOptions        *documentIDOptions        `json:",omitempty"`
}

type searchConfiguration struct {
	searchMembers
	S3BackupMode     *string           `json:",omitempty" valid:"enum=searchBackupMode"`
	S3Configuration  *s3Configuration  `json:",omitempty" valid:"needed"`
	VpcConfiguration *vpcConfiguration `json:",omitempty"`
}

// searchUpdate has no S3BackupMode and no VpcConfiguration: both stay what they
// were when the stream was created.
type searchUpdate struct {
	searchMembers
	S3Update *s3Configuration
}

type searchDescription struct {
	searchMembers
	S3BackupMode                *string           `json:",omitempty"`
	S3DestinationDescription    *s3Configuration  `json:",omitempty"`
	VpcConfigurationDescription *vpcConfiguration `json:",omitempty"`
}

type searchBufferingHints struct {
	IntervalInSeconds *int `json:",omitempty" valid:"min=0,max=900"`
	SizeInMBs         *int `json:",omitempty" valid:"min=1,max=100"`
}

type documentIDOptions struct {
	DefaultDocumentIdFormat *string `valid:"required,enum=documentIDFormat"`
}

// vpcConfiguration is kept: a domain is reached as the server reaches it. It is
// described without the VpcId, which AWS asks EC2 for.
type vpcConfiguration struct {
	SubnetIds        []string `json:",omitempty" valid:"required,min=1,max=16,each=noSpace,kept"`
	RoleARN          *string  `json:",omitempty" valid:"required,min=1,max=512,pattern=arn,kept"`
	SecurityGroupIds []string `json:",omitempty" valid:"required,min=1,max=5,each=noSpace,kept"`
}
