package kinesisanalytics

import "encoding/json"

// The shapes of both versions of the API. Go names are wire names; the valid
// tags hold the constraints of AWS's model and what only one version has, see
// validate.go. Pointers tell what was sent from what was not.

// input is the source of an application.
type input struct {
	NamePrefix                   *string          `valid:"InAppStreamName,required"`
	InputProcessingConfiguration *inputProcessing `json:",omitempty"`
	KinesisStreamsInput          json.RawMessage  `json:",omitempty" valid:"unsupported"`
	KinesisFirehoseInput         *resource        `json:",omitempty"`
	InputParallelism             *parallelism     `json:",omitempty"`
	InputSchema                  *sourceSchema    `valid:"required"`
}

// resource names a delivery stream or function, and in the first version the
// role that reaches it.
type resource struct {
	ResourceARN *string `json:",omitempty" valid:"ResourceARN,required"`
	RoleARN     *string `json:",omitempty" valid:"RoleARN,required,only1"`
}

// inputProcessing is a function that changes records before SQL sees them.
type inputProcessing struct {
	InputLambdaProcessor *resource `valid:"required"`
}

// parallelism is how many in-application streams an input becomes.
type parallelism struct {
	Count *int64 `json:",omitempty" valid:"InputParallelismCount"`
}

// sourceSchema makes columns of a record.
type sourceSchema struct {
	RecordFormat   *recordFormat  `valid:"required"`
	RecordEncoding *string        `json:",omitempty" valid:"RecordEncoding"`
	RecordColumns  []recordColumn `valid:"RecordColumns,required"`
}

// recordFormat says how records are written.
type recordFormat struct {
	RecordFormatType  *string            `valid:"RecordFormatType,required"`
	MappingParameters *mappingParameters `json:",omitempty"`
}

// mappingParameters hold one of its members, by the format.
type mappingParameters struct {
	JSONMappingParameters *jsonMapping `json:",omitempty"`
	CSVMappingParameters  *csvMapping  `json:",omitempty"`
}

// jsonMapping says where a row is in a record.
type jsonMapping struct {
	RecordRowPath *string `valid:"RecordRowPath,required"`
}

// csvMapping says what separates rows and columns.
type csvMapping struct {
	RecordRowDelimiter    *string `valid:"RecordRowDelimiter,required"`
	RecordColumnDelimiter *string `valid:"RecordColumnDelimiter,required"`
}

// recordColumn is a column of an in-application stream or table.
type recordColumn struct {
	Name    *string `valid:"RecordColumnName,required"`
	Mapping *string `json:",omitempty" valid:"RecordColumnMapping"`
	SqlType *string `valid:"RecordColumnSqlType,required"`
}

// startingPosition is NOW, TRIM_HORIZON or LAST_STOPPED_POINT.
type startingPosition struct {
	InputStartingPosition *string `json:",omitempty" valid:"InputStartingPosition"`
}

// inputDescription is an input as it is described and kept.
type inputDescription struct {
	InputId                                 string
	NamePrefix                              string
	InAppStreamNames                        []string
	InputProcessingConfigurationDescription *processingDescription `json:",omitempty"`
	KinesisFirehoseInputDescription         *resource
	InputSchema                             *sourceSchema
	InputParallelism                        *parallelism
	InputStartingPositionConfiguration      *startingPosition `json:",omitempty"`
}

type processingDescription struct {
	InputLambdaProcessorDescription *resource
}

// inputUpdate changes what it names.
type inputUpdate struct {
	InputId                            *string `valid:"Id,required"`
	NamePrefixUpdate                   *string `valid:"InAppStreamName"`
	InputProcessingConfigurationUpdate *processingUpdate
	KinesisStreamsInputUpdate          json.RawMessage `valid:"unsupported"`
	KinesisFirehoseInputUpdate         *resourceUpdate
	InputSchemaUpdate                  *schemaUpdate
	InputParallelismUpdate             *parallelismUpdate
}

type processingUpdate struct {
	InputLambdaProcessorUpdate *resourceUpdate `valid:"required"`
}

type resourceUpdate struct {
	ResourceARNUpdate *string `valid:"ResourceARN,required2"`
	RoleARNUpdate     *string `valid:"RoleARN,only1"`
}

type schemaUpdate struct {
	RecordFormatUpdate   *recordFormat
	RecordEncodingUpdate *string        `valid:"RecordEncoding"`
	RecordColumnUpdates  []recordColumn `valid:"RecordColumns"`
}

type parallelismUpdate struct {
	CountUpdate *int64 `valid:"InputParallelismCount,required2"`
}
