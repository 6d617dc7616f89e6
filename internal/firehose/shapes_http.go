package firehose

// httpMembers are those of HttpEndpointDestinationConfiguration, its update and
// its description alike.
type httpMembers struct {
	BufferingHints              *httpBufferingHints       `json:",omitempty"`
	CloudWatchLoggingOptions    *cloudWatchLoggingOptions `json:",omitempty"`
	RequestConfiguration        *httpRequestConfiguration `json:",omitempty"`
	ProcessingConfiguration     *processingConfiguration  `json:",omitempty"`
	RoleARN                     *string                   `json:",omitempty" valid:"min=1,max=512,pattern=arn"`
	RetryOptions                *retryOptions             `json:",omitempty"`
	S3BackupMode                *string                   `json:",omitempty" valid:"enum=httpBackupMode"`
	SecretsManagerConfiguration *secretsManager           `json:",omitempty" valid:"off"`
}

type httpConfiguration struct {
	EndpointConfiguration *httpEndpoint `json:",omitempty" valid:"needed"`
	httpMembers
	S3Configuration *s3Configuration `json:",omitempty" valid:"needed"`
}

type httpUpdate struct {
	EndpointConfiguration *httpEndpoint
	httpMembers
	S3Update *s3Configuration
}

type httpDescription struct {
	EndpointConfiguration *httpEndpointDescription `json:",omitempty"`
	httpMembers
	S3DestinationDescription *s3Configuration `json:",omitempty"`
}

type httpEndpoint struct {
	Url  *string `json:",omitempty" valid:"required,min=1,max=1000,pattern=endpoint"`
	Name *string `json:",omitempty" valid:"min=1,max=256,pattern=notBlank,kept"`
	// AccessKey is never described.
	AccessKey *string `json:",omitempty" valid:"min=0,max=4096"`
}

type httpEndpointDescription struct {
	Url  *string `json:",omitempty"`
	Name *string `json:",omitempty"`
}

type httpBufferingHints struct {
	SizeInMBs         *int `json:",omitempty" valid:"min=1,max=64"`
	IntervalInSeconds *int `json:",omitempty" valid:"min=0,max=900"`
}

type httpRequestConfiguration struct {
	ContentEncoding  *string         `json:",omitempty" valid:"enum=contentEncoding"`
	CommonAttributes []httpAttribute `json:",omitempty" valid:"min=0,max=50"`
}

type httpAttribute struct {
	AttributeName  *string `valid:"required,min=1,max=256,pattern=notBlank"`
	AttributeValue *string `valid:"required,min=0,max=1024"`
}

// secretsManager is kept where it is off, and refused by name where it is on.
type secretsManager struct {
	SecretARN *string `json:",omitempty" valid:"min=1,max=2048,pattern=arn"`
	RoleARN   *string `json:",omitempty" valid:"min=1,max=512,pattern=arn"`
	Enabled   *bool   `json:",omitempty" valid:"required"`
}
