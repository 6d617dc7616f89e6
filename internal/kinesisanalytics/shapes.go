package kinesisanalytics

// The members of the API's shapes, in its own names. Pointers tell what was
// sent from what was not. Members of features that are refused are here so that
// they can be refused by name.

// Input is the source of an application, as CreateApplication takes it.
type Input struct {
	NamePrefix                   *string
	InputSchema                  *SourceSchema
	KinesisFirehoseInput         *Resource                     `json:",omitempty"`
	KinesisStreamsInput          *Resource                     `json:",omitempty"`
	InputParallelism             *InputParallelism             `json:",omitempty"`
	InputProcessingConfiguration *InputProcessingConfiguration `json:",omitempty"`
}

// Resource names a stream or function and the role that reaches it:
// KinesisFirehoseInput, KinesisFirehoseOutput, LambdaOutput and their kin.
type Resource struct {
	ResourceARN *string
	RoleARN     *string
}

// InputParallelism is how many in-application streams an input becomes.
type InputParallelism struct {
	Count *int64
}

// InputProcessingConfiguration is a function that changes records before SQL.
type InputProcessingConfiguration struct {
	InputLambdaProcessor *Resource
}

// SourceSchema makes columns of a record.
type SourceSchema struct {
	RecordFormat   *RecordFormat
	RecordEncoding *string `json:",omitempty"`
	RecordColumns  []RecordColumn
}

// RecordFormat says how records are written.
type RecordFormat struct {
	RecordFormatType  *string
	MappingParameters *MappingParameters `json:",omitempty"`
}

// MappingParameters hold one of its members, by RecordFormatType.
type MappingParameters struct {
	JSONMappingParameters *JSONMappingParameters `json:",omitempty"`
	CSVMappingParameters  *CSVMappingParameters  `json:",omitempty"`
}

// JSONMappingParameters say where a row is in a record.
type JSONMappingParameters struct {
	RecordRowPath *string
}

// CSVMappingParameters say what separates rows and columns.
type CSVMappingParameters struct {
	RecordRowDelimiter    *string
	RecordColumnDelimiter *string
}

// RecordColumn is a column of an in-application stream.
type RecordColumn struct {
	Name    *string
	SqlType *string
	Mapping *string `json:",omitempty"`
}

// Output binds an in-application stream to a destination.
type Output struct {
	Name                  *string
	KinesisFirehoseOutput *Resource          `json:",omitempty"`
	KinesisStreamsOutput  *Resource          `json:",omitempty"`
	LambdaOutput          *Resource          `json:",omitempty"`
	DestinationSchema     *DestinationSchema `json:",omitempty"`
}

// DestinationSchema says how rows are written.
type DestinationSchema struct {
	RecordFormatType *string
}

// CloudWatchLoggingOption is refused by name.
type CloudWatchLoggingOption struct {
	LogStreamARN *string
	RoleARN      *string
}

// Tag is kept with its application.
type Tag struct {
	Key   *string
	Value *string `json:",omitempty"`
}

// InputConfiguration says where StartApplication begins to read an input.
type InputConfiguration struct {
	Id                                 *string
	InputStartingPositionConfiguration *StartingPosition
}

// StartingPosition is NOW, TRIM_HORIZON or LAST_STOPPED_POINT.
type StartingPosition struct {
	InputStartingPosition *string `json:",omitempty"`
}

// InputDescription is an input as DescribeApplication shows it and as it is kept.
type InputDescription struct {
	InputId                            string
	NamePrefix                         string
	InAppStreamNames                   []string
	KinesisFirehoseInputDescription    *Resource
	InputSchema                        *SourceSchema
	InputParallelism                   *InputParallelism
	InputStartingPositionConfiguration *StartingPosition `json:",omitempty"`
}

// OutputDescription is an output as DescribeApplication shows it and as it is kept.
type OutputDescription struct {
	OutputId                         string
	Name                             string
	KinesisFirehoseOutputDescription *Resource
	DestinationSchema                *DestinationSchema
}

// ApplicationDetail is an application as DescribeApplication shows it.
type ApplicationDetail struct {
	ApplicationName        string
	ApplicationDescription string `json:",omitempty"`
	ApplicationARN         string
	ApplicationStatus      string
	CreateTimestamp        float64 // seconds since the epoch
	LastUpdateTimestamp    float64
	InputDescriptions      []InputDescription  `json:",omitempty"`
	OutputDescriptions     []OutputDescription `json:",omitempty"`
	ApplicationCode        string              `json:",omitempty"`
	ApplicationVersionId   int64
}

// ApplicationSummary is a row of ListApplications.
type ApplicationSummary struct {
	ApplicationName   string
	ApplicationARN    string
	ApplicationStatus string
}
