package kinesisanalytics

// The histories of the second version of the API, and what it has for
// applications that are not SQL.

type listVersionsInput struct {
	ApplicationName *string `valid:"ApplicationName,required"`
	Limit           *int64  `valid:"ListApplicationVersionsInputLimit"`
	NextToken       *string `valid:"NextToken"`
}

type listVersionsOutput struct {
	ApplicationVersionSummaries []versionSummary
	NextToken                   string `json:",omitempty"`
}

type versionSummary struct {
	ApplicationVersionId int64
	ApplicationStatus    string
}

type describeVersionInput struct {
	ApplicationName      *string `valid:"ApplicationName,required"`
	ApplicationVersionId *int64  `valid:"ApplicationVersionId,required"`
}

type describeVersionOutput struct {
	ApplicationVersionDetail detailV2
}

type listOperationsInput struct {
	ApplicationName *string `valid:"ApplicationName,required"`
	Limit           *int64  `valid:"ListApplicationOperationsInputLimit"`
	NextToken       *string `valid:"NextToken"`
	Operation       *string `valid:"Operation"`
	OperationStatus *string `valid:"OperationStatus"`
}

type listOperationsOutput struct {
	ApplicationOperationInfoList []operationInfo
	NextToken                    string `json:",omitempty"`
}

type operationInfo struct {
	Operation       string
	OperationId     string
	StartTime       epoch
	EndTime         *epoch `json:",omitempty"` // once it is over
	OperationStatus string
}

type describeOperationInput struct {
	ApplicationName *string `valid:"ApplicationName,required"`
	OperationId     *string `valid:"OperationId,required"`
}

type describeOperationOutput struct {
	ApplicationOperationInfoDetails operationDetails
}

type operationDetails struct {
	Operation                       string
	StartTime                       epoch
	EndTime                         *epoch `json:",omitempty"`
	OperationStatus                 string
	ApplicationVersionChangeDetails *versionChange    `json:",omitempty"`
	OperationFailureDetails         *operationFailure `json:",omitempty"`
}

type versionChange struct {
	ApplicationVersionUpdatedFrom int64
	ApplicationVersionUpdatedTo   int64
}

type operationFailure struct {
	ErrorInfo errorInfo
}

type errorInfo struct {
	ErrorString string
}

type rollbackInput struct {
	ApplicationName             *string `valid:"ApplicationName,required"`
	CurrentApplicationVersionId *int64  `valid:"ApplicationVersionId,required"`
}

type snapshotInput struct { // CreateApplicationSnapshot, DescribeApplicationSnapshot
	ApplicationName *string `valid:"ApplicationName,required"`
	SnapshotName    *string `valid:"SnapshotName,required"`
}

type deleteSnapshotInput struct {
	ApplicationName           *string `valid:"ApplicationName,required"`
	SnapshotName              *string `valid:"SnapshotName,required"`
	SnapshotCreationTimestamp *epoch  `valid:"required"`
}

type listSnapshotsInput struct {
	ApplicationName *string `valid:"ApplicationName,required"`
	Limit           *int64  `valid:"ListSnapshotsInputLimit"`
	NextToken       *string `valid:"NextToken"`
}

type addVPCInput struct {
	ApplicationName             *string           `valid:"ApplicationName,required"`
	CurrentApplicationVersionId *int64            `valid:"ApplicationVersionId"`
	VpcConfiguration            *vpcConfiguration `valid:"required"`
	ConditionalToken            *string           `valid:"ConditionalToken"`
}

type vpcConfiguration struct {
	SubnetIds        []string `valid:"SubnetIds,required"`
	SecurityGroupIds []string `valid:"SecurityGroupIds,required"`
}

type deleteVPCInput struct {
	ApplicationName             *string `valid:"ApplicationName,required"`
	CurrentApplicationVersionId *int64  `valid:"ApplicationVersionId"`
	VpcConfigurationId          *string `valid:"Id,required"`
	ConditionalToken            *string `valid:"ConditionalToken"`
}

type presignedURLInput struct {
	ApplicationName                    *string `valid:"ApplicationName,required"`
	UrlType                            *string `valid:"UrlType,required"`
	SessionExpirationDurationInSeconds *int64  `valid:"SessionExpirationDurationInSeconds"`
}
