package kinesisanalytics

import "encoding/json"

// What only the second version of the API has. What is of Flink applications and
// notebooks is here so that it can be refused by name.

type createApplicationV2Input struct {
	ApplicationName          *string `valid:"ApplicationName,required"`
	ApplicationDescription   *string `valid:"ApplicationDescription"`
	RuntimeEnvironment       *string `valid:"RuntimeEnvironment,required"`
	ServiceExecutionRole     *string `valid:"RoleARN,required"`
	ApplicationConfiguration *applicationConfiguration
	CloudWatchLoggingOptions []loggingOption
	Tags                     []tag   `valid:"Tags"`
	ApplicationMode          *string `valid:"ApplicationMode,kept"`
}

type applicationConfiguration struct {
	SqlApplicationConfiguration            *sqlConfiguration
	FlinkApplicationConfiguration          json.RawMessage `valid:"unsupported"`
	EnvironmentProperties                  json.RawMessage `valid:"unsupported"`
	ApplicationCodeConfiguration           *codeConfiguration
	ApplicationSnapshotConfiguration       json.RawMessage `valid:"unsupported"`
	ApplicationSystemRollbackConfiguration json.RawMessage `valid:"unsupported"`
	VpcConfigurations                      []any           `valid:"unsupported"`
	ZeppelinApplicationConfiguration       json.RawMessage `valid:"unsupported"`
	ApplicationEncryptionConfiguration     json.RawMessage `valid:"unsupported"`
}

type sqlConfiguration struct {
	Inputs               []input
	Outputs              []output
	ReferenceDataSources []referenceDataSource
}

type codeConfiguration struct {
	CodeContent     *codeContent
	CodeContentType *string `valid:"CodeContentType,required"`
}

type codeContent struct {
	TextContent       *string         `valid:"TextContent"`
	ZipFileContent    json.RawMessage `valid:"unsupported"`
	S3ContentLocation json.RawMessage `valid:"unsupported"`
}

// detailV2Output is what CreateApplication, DescribeApplication and
// UpdateApplication answer.
type detailV2Output struct {
	ApplicationDetail detailV2
	OperationId       string `json:",omitempty"`
}

type detailV2 struct {
	ApplicationARN                                 string
	ApplicationDescription                         string `json:",omitempty"`
	ApplicationName                                string
	RuntimeEnvironment                             string
	ServiceExecutionRole                           string `json:",omitempty"`
	ApplicationStatus                              string
	ApplicationVersionId                           int64
	CreateTimestamp                                epoch
	LastUpdateTimestamp                            epoch
	ApplicationConfigurationDescription            configurationDescription
	CloudWatchLoggingOptionDescriptions            []loggingDescription    `json:",omitempty"`
	ApplicationMaintenanceConfigurationDescription *maintenanceDescription `json:",omitempty"`
	ApplicationVersionUpdatedFrom                  int64                   `json:",omitempty"`
	ApplicationVersionCreateTimestamp              epoch
	ConditionalToken                               string `json:",omitempty"`
	ApplicationMode                                string `json:",omitempty"`
}

type configurationDescription struct {
	SqlApplicationConfigurationDescription  sqlDescription
	ApplicationCodeConfigurationDescription *codeDescription `json:",omitempty"`
}

type sqlDescription struct {
	InputDescriptions               []inputDescription     `json:",omitempty"`
	OutputDescriptions              []outputDescription    `json:",omitempty"`
	ReferenceDataSourceDescriptions []referenceDescription `json:",omitempty"`
}

type codeDescription struct {
	CodeContentType        string
	CodeContentDescription codeContentDescription
}

type codeContentDescription struct {
	TextContent string
}

type maintenanceDescription struct {
	ApplicationMaintenanceWindowStartTime string
	ApplicationMaintenanceWindowEndTime   string
}

type describeApplicationV2Input struct {
	ApplicationName *string `valid:"ApplicationName,required"`
	// IncludeAdditionalDetails adds the job plan of Flink applications; there is
	// nothing more to tell of others.
	IncludeAdditionalDetails *bool `valid:"kept"`
}

type listApplicationsV2Input struct {
	Limit     *int64  `valid:"ListApplicationsInputLimit"`
	NextToken *string `valid:"ApplicationName"`
}

type listApplicationsV2Output struct {
	ApplicationSummaries []summaryV2
	NextToken            string `json:",omitempty"`
}

type summaryV2 struct {
	ApplicationName      string
	ApplicationARN       string
	ApplicationStatus    string
	ApplicationVersionId int64
	RuntimeEnvironment   string
	ApplicationMode      string `json:",omitempty"`
}

type startApplicationV2Input struct {
	ApplicationName  *string `valid:"ApplicationName,required"`
	RunConfiguration *runConfiguration
}

type runConfiguration struct {
	FlinkRunConfiguration           json.RawMessage `valid:"unsupported"`
	SqlRunConfigurations            []sqlRunConfiguration
	ApplicationRestoreConfiguration json.RawMessage `valid:"unsupported"`
}

type sqlRunConfiguration struct {
	InputId                            *string           `valid:"Id,required"`
	InputStartingPositionConfiguration *startingPosition `valid:"required"`
}

type stopApplicationV2Input struct {
	ApplicationName *string `valid:"ApplicationName,required"`
	Force           *bool   `valid:"off"` // AWS forces Flink applications alone
}

// operationOutput is what StartApplication and StopApplication answer.
type operationOutput struct {
	OperationId string
}

type updateApplicationV2Input struct {
	ApplicationName                *string `valid:"ApplicationName,required"`
	CurrentApplicationVersionId    *int64  `valid:"ApplicationVersionId"`
	ApplicationConfigurationUpdate *applicationUpdateV2
	ServiceExecutionRoleUpdate     *string         `valid:"RoleARN"`
	RunConfigurationUpdate         json.RawMessage `valid:"unsupported"`
	CloudWatchLoggingOptionUpdates []loggingUpdate
	ConditionalToken               *string `valid:"ConditionalToken"`
	RuntimeEnvironmentUpdate       *string `valid:"RuntimeEnvironment"`
}

type applicationUpdateV2 struct {
	SqlApplicationConfigurationUpdate            *sqlUpdate
	ApplicationCodeConfigurationUpdate           *codeUpdate
	FlinkApplicationConfigurationUpdate          json.RawMessage `valid:"unsupported"`
	EnvironmentPropertyUpdates                   json.RawMessage `valid:"unsupported"`
	ApplicationSnapshotConfigurationUpdate       json.RawMessage `valid:"unsupported"`
	ApplicationSystemRollbackConfigurationUpdate json.RawMessage `valid:"unsupported"`
	VpcConfigurationUpdates                      []any           `valid:"unsupported"`
	ZeppelinApplicationConfigurationUpdate       json.RawMessage `valid:"unsupported"`
	ApplicationEncryptionConfigurationUpdate     json.RawMessage `valid:"unsupported"`
}

type sqlUpdate struct {
	InputUpdates               []inputUpdate
	OutputUpdates              []outputUpdate
	ReferenceDataSourceUpdates []referenceUpdate
}

type codeUpdate struct {
	CodeContentTypeUpdate *string `valid:"CodeContentType"`
	CodeContentUpdate     *codeContentUpdate
}

type codeContentUpdate struct {
	TextContentUpdate       *string         `valid:"TextContent"`
	ZipFileContentUpdate    json.RawMessage `valid:"unsupported"`
	S3ContentLocationUpdate json.RawMessage `valid:"unsupported"`
}

type discoverInputSchemaV2Input struct {
	ResourceARN                        *string `valid:"ResourceARN"`
	ServiceExecutionRole               *string `valid:"RoleARN,required"`
	InputStartingPositionConfiguration *startingPosition
	S3Configuration                    *s3Configuration
	InputProcessingConfiguration       *inputProcessing
}

type updateMaintenanceInput struct {
	ApplicationName                           *string            `valid:"ApplicationName,required"`
	ApplicationMaintenanceConfigurationUpdate *maintenanceUpdate `valid:"required"`
}

type maintenanceUpdate struct {
	ApplicationMaintenanceWindowStartTimeUpdate *string `valid:"ApplicationMaintenanceWindowStartTime,required,kept"`
}

type updateMaintenanceOutput struct {
	ApplicationARN                                 string
	ApplicationMaintenanceConfigurationDescription *maintenanceDescription
}
