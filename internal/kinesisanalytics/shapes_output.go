package kinesisanalytics

import "encoding/json"

// output binds an in-application stream to a destination.
type output struct {
	Name                  *string            `valid:"InAppStreamName,required"`
	KinesisStreamsOutput  json.RawMessage    `json:",omitempty" valid:"unsupported"`
	KinesisFirehoseOutput *resource          `json:",omitempty"`
	LambdaOutput          *resource          `json:",omitempty"`
	DestinationSchema     *destinationSchema `valid:"required"`
}

// destinationSchema says how rows are written.
type destinationSchema struct {
	RecordFormatType *string `valid:"RecordFormatType,required"`
}

// outputDescription is an output as it is described and kept.
type outputDescription struct {
	OutputId                         string
	Name                             string
	KinesisFirehoseOutputDescription *resource `json:",omitempty"`
	LambdaOutputDescription          *resource `json:",omitempty"`
	DestinationSchema                *destinationSchema
}

// outputUpdate changes what it names; another kind of destination takes the
// place of the one that was there.
type outputUpdate struct {
	OutputId                    *string         `valid:"Id,required"`
	NameUpdate                  *string         `valid:"InAppStreamName"`
	KinesisStreamsOutputUpdate  json.RawMessage `valid:"unsupported"`
	KinesisFirehoseOutputUpdate *resourceUpdate
	LambdaOutputUpdate          *resourceUpdate
	DestinationSchemaUpdate     *destinationSchema
}

// referenceDataSource is an S3 object that becomes a table.
type referenceDataSource struct {
	TableName             *string `valid:"InAppTableName,required"`
	S3ReferenceDataSource *s3Reference
	ReferenceSchema       *sourceSchema `valid:"required"`
}

type s3Reference struct {
	BucketARN        *string `json:",omitempty" valid:"BucketARN,required1"`
	FileKey          *string `json:",omitempty" valid:"FileKey,required1"`
	ReferenceRoleARN *string `json:",omitempty" valid:"RoleARN,required,only1"`
}

// referenceDescription is a table as it is described and kept.
type referenceDescription struct {
	ReferenceId                      string
	TableName                        string
	S3ReferenceDataSourceDescription *s3Reference
	ReferenceSchema                  *sourceSchema
}

type referenceUpdate struct {
	ReferenceId                 *string `valid:"Id,required"`
	TableNameUpdate             *string `valid:"InAppTableName"`
	S3ReferenceDataSourceUpdate *s3ReferenceUpdate
	ReferenceSchemaUpdate       *sourceSchema
}

type s3ReferenceUpdate struct {
	BucketARNUpdate        *string `valid:"BucketARN"`
	FileKeyUpdate          *string `valid:"FileKey"`
	ReferenceRoleARNUpdate *string `valid:"RoleARN,only1"`
}

// loggingOption is kept: what happens to an application is in the server's log.
type loggingOption struct {
	LogStreamARN *string `valid:"LogStreamARN,required,kept"`
	RoleARN      *string `json:",omitempty" valid:"RoleARN,required,only1,kept"`
}

type loggingDescription struct {
	CloudWatchLoggingOptionId string
	LogStreamARN              *string
	RoleARN                   *string `json:",omitempty"`
}

type loggingUpdate struct {
	CloudWatchLoggingOptionId *string `valid:"Id,required"`
	LogStreamARNUpdate        *string `valid:"LogStreamARN,kept"`
	RoleARNUpdate             *string `valid:"RoleARN,only1,kept"`
}

// tag is kept with its application.
type tag struct {
	Key   *string `valid:"TagKey,required"`
	Value *string `json:",omitempty" valid:"TagValue"`
}
