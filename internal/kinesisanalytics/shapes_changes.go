package kinesisanalytics

// The requests that change a part of an application. In the first version of
// the API their answers are empty, in the second they show what has changed.

type addInputInput struct {
	ApplicationName             *string `valid:"ApplicationName,required"`
	CurrentApplicationVersionId *int64  `valid:"ApplicationVersionId,required"`
	Input                       *input  `valid:"required"`
}

type addInputOutput struct {
	ApplicationARN       string
	ApplicationVersionId int64
	InputDescriptions    []inputDescription
}

type addProcessingInput struct {
	ApplicationName              *string          `valid:"ApplicationName,required"`
	CurrentApplicationVersionId  *int64           `valid:"ApplicationVersionId,required"`
	InputId                      *string          `valid:"Id,required"`
	InputProcessingConfiguration *inputProcessing `valid:"required"`
}

type addProcessingOutput struct {
	ApplicationARN                          string
	ApplicationVersionId                    int64
	InputId                                 string
	InputProcessingConfigurationDescription *processingDescription
}

type deleteProcessingInput struct {
	ApplicationName             *string `valid:"ApplicationName,required"`
	CurrentApplicationVersionId *int64  `valid:"ApplicationVersionId,required"`
	InputId                     *string `valid:"Id,required"`
}

// deletedOutput is the answer of the deletions.
type deletedOutput struct {
	ApplicationARN       string
	ApplicationVersionId int64
}

type addOutputInput struct {
	ApplicationName             *string `valid:"ApplicationName,required"`
	CurrentApplicationVersionId *int64  `valid:"ApplicationVersionId,required"`
	Output                      *output `valid:"required"`
}

type addOutputOutput struct {
	ApplicationARN       string
	ApplicationVersionId int64
	OutputDescriptions   []outputDescription
}

type deleteOutputInput struct {
	ApplicationName             *string `valid:"ApplicationName,required"`
	CurrentApplicationVersionId *int64  `valid:"ApplicationVersionId,required"`
	OutputId                    *string `valid:"Id,required"`
}

type addReferenceInput struct {
	ApplicationName             *string              `valid:"ApplicationName,required"`
	CurrentApplicationVersionId *int64               `valid:"ApplicationVersionId,required"`
	ReferenceDataSource         *referenceDataSource `valid:"required"`
}

type addReferenceOutput struct {
	ApplicationARN                  string
	ApplicationVersionId            int64
	ReferenceDataSourceDescriptions []referenceDescription
}

type deleteReferenceInput struct {
	ApplicationName             *string `valid:"ApplicationName,required"`
	CurrentApplicationVersionId *int64  `valid:"ApplicationVersionId,required"`
	ReferenceId                 *string `valid:"Id,required"`
}

type addLoggingInput struct {
	ApplicationName             *string        `valid:"ApplicationName,required"`
	CurrentApplicationVersionId *int64         `valid:"ApplicationVersionId,required1"`
	CloudWatchLoggingOption     *loggingOption `valid:"required"`
	ConditionalToken            *string        `valid:"ConditionalToken,only2"`
}

type deleteLoggingInput struct {
	ApplicationName             *string `valid:"ApplicationName,required"`
	CurrentApplicationVersionId *int64  `valid:"ApplicationVersionId,required1"`
	CloudWatchLoggingOptionId   *string `valid:"Id,required"`
	ConditionalToken            *string `valid:"ConditionalToken,only2"`
}

type loggingOutput struct {
	ApplicationARN                      string
	ApplicationVersionId                int64
	CloudWatchLoggingOptionDescriptions []loggingDescription
	OperationId                         string
}

// The requests that change no version.

type deleteApplicationInput struct {
	ApplicationName *string `valid:"ApplicationName,required"`
	CreateTimestamp *epoch  `valid:"required"`
}

type tagResourceInput struct {
	ResourceARN *string `valid:"KinesisAnalyticsARN,required"`
	Tags        []tag   `valid:"Tags,required"`
}

type untagResourceInput struct {
	ResourceARN *string  `valid:"KinesisAnalyticsARN,required"`
	TagKeys     []string `valid:"TagKeys,required,each=TagKey"`
}

type listTagsInput struct {
	ResourceARN *string `valid:"KinesisAnalyticsARN,required"`
}

type listTagsOutput struct {
	Tags []tag
}

// s3Configuration is the object that a schema is discovered from.
type s3Configuration struct {
	RoleARN   *string `valid:"RoleARN,required,only1"`
	BucketARN *string `valid:"BucketARN,required"`
	FileKey   *string `valid:"FileKey,required"`
}

type discoverInputSchemaOutput struct {
	InputSchema           *sourceSchema
	ParsedInputRecords    [][]string
	ProcessedInputRecords []string `json:",omitempty"`
	RawInputRecords       []string
}
