package kinesisanalytics

// What only the first version of the API has.

type createApplicationV1Input struct {
	ApplicationName          *string `valid:"ApplicationName,required"`
	ApplicationDescription   *string `valid:"ApplicationDescription"`
	Inputs                   []input
	Outputs                  []output
	CloudWatchLoggingOptions []loggingOption
	ApplicationCode          *string `valid:"ApplicationCode"`
	Tags                     []tag   `valid:"Tags"`
}

type createApplicationV1Output struct {
	ApplicationSummary summaryV1
}

// summaryV1 is a row of ListApplications.
type summaryV1 struct {
	ApplicationName   string
	ApplicationARN    string
	ApplicationStatus string
}

type describeApplicationV1Input struct {
	ApplicationName *string `valid:"ApplicationName,required"`
}

type describeApplicationV1Output struct {
	ApplicationDetail detailV1
}

type detailV1 struct {
	ApplicationName                     string
	ApplicationDescription              string `json:",omitempty"`
	ApplicationARN                      string
	ApplicationStatus                   string
	CreateTimestamp                     epoch
	LastUpdateTimestamp                 epoch
	InputDescriptions                   []inputDescription     `json:",omitempty"`
	OutputDescriptions                  []outputDescription    `json:",omitempty"`
	ReferenceDataSourceDescriptions     []referenceDescription `json:",omitempty"`
	CloudWatchLoggingOptionDescriptions []loggingDescription   `json:",omitempty"`
	ApplicationCode                     string                 `json:",omitempty"`
	ApplicationVersionId                int64
}

type listApplicationsV1Input struct {
	Limit                         *int64  `valid:"ListApplicationsInputLimit"`
	ExclusiveStartApplicationName *string `valid:"ApplicationName"`
}

type listApplicationsV1Output struct {
	ApplicationSummaries []summaryV1
	HasMoreApplications  bool
}

type startApplicationV1Input struct {
	ApplicationName     *string              `valid:"ApplicationName,required"`
	InputConfigurations []inputConfiguration `valid:"required"`
}

// inputConfiguration says where StartApplication begins to read an input.
type inputConfiguration struct {
	Id                                 *string           `valid:"Id,required"`
	InputStartingPositionConfiguration *startingPosition `valid:"required"`
}

type stopApplicationV1Input struct {
	ApplicationName *string `valid:"ApplicationName,required"`
}

type updateApplicationV1Input struct {
	ApplicationName             *string              `valid:"ApplicationName,required"`
	CurrentApplicationVersionId *int64               `valid:"ApplicationVersionId,required"`
	ApplicationUpdate           *applicationUpdateV1 `valid:"required"`
}

type applicationUpdateV1 struct {
	InputUpdates                   []inputUpdate
	ApplicationCodeUpdate          *string `valid:"ApplicationCode"`
	OutputUpdates                  []outputUpdate
	ReferenceDataSourceUpdates     []referenceUpdate
	CloudWatchLoggingOptionUpdates []loggingUpdate
}

type discoverInputSchemaV1Input struct {
	ResourceARN                        *string `valid:"ResourceARN"`
	RoleARN                            *string `valid:"RoleARN"`
	InputStartingPositionConfiguration *startingPosition
	S3Configuration                    *s3Configuration
	InputProcessingConfiguration       *inputProcessing
}
