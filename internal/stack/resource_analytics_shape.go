package stack

import "context"

// analyticsAPI is a version of the Kinesis Analytics API with its resource types.
// They differ in where roles stand: with each resource, or once for all.
type analyticsAPI struct {
	resource string // of types: "AWS::KinesisAnalytics"
	target   string // of requests
	roles    bool   // with each resource
}

var (
	analyticsV1 = analyticsAPI{resource: "AWS::KinesisAnalytics", target: "KinesisAnalytics_20150814", roles: true}
	analyticsV2 = analyticsAPI{resource: "AWS::KinesisAnalyticsV2", target: "KinesisAnalytics_20180523"}
)

func (a analyticsAPI) call(ctx context.Context, aws AWS, operation string, in, out any) error {
	return aws.JSON(ctx, "kinesisanalytics", a.target+"."+operation, in, out)
}

// with adds the member of a role where there is one.
func (a analyticsAPI) with(role string, members ...property) shape {
	if a.roles {
		members = append(members, required(role, textShape()))
	}
	return object(members...)
}

// resourceShape names a delivery stream or a function.
func (a analyticsAPI) resourceShape() shape {
	return a.with("RoleARN", required("ResourceARN", textShape()))
}

func (a analyticsAPI) inputShape() shape {
	return object(
		required("NamePrefix", textShape()),
		required("InputSchema", sourceSchemaShape),
		optional("InputParallelism", object(optional("Count", integerShape()))),
		optional("InputProcessingConfiguration", object(optional("InputLambdaProcessor", a.resourceShape()))),
		optional("KinesisFirehoseInput", a.resourceShape()),
	).refusing("KinesisStreamsInput")
}

func (a analyticsAPI) outputShape() shape {
	return object(
		optional("Name", textShape()),
		required("DestinationSchema", object(optional("RecordFormatType", oneOf("JSON", "CSV")))),
		optional("KinesisFirehoseOutput", a.resourceShape()),
		optional("LambdaOutput", a.resourceShape()),
	).refusing("KinesisStreamsOutput")
}

func (a analyticsAPI) referenceShape() shape {
	return object(
		optional("TableName", textShape()),
		optional("S3ReferenceDataSource", a.with("ReferenceRoleARN", required("BucketARN", textShape()), required("FileKey", textShape()))),
		required("ReferenceSchema", sourceSchemaShape),
	)
}

// sourceSchemaShape is a schema of an input and of a table.
var sourceSchemaShape = object(
	required("RecordColumns", listOf(object(required("Name", textShape()), required("SqlType", textShape()), optional("Mapping", textShape())))),
	required("RecordFormat", object(
		required("RecordFormatType", oneOf("JSON", "CSV")),
		optional("MappingParameters", object(
			optional("JSONMappingParameters", object(required("RecordRowPath", textShape()))),
			optional("CSVMappingParameters", object(required("RecordRowDelimiter", textShape()), required("RecordColumnDelimiter", textShape()))),
		)),
	)),
	optional("RecordEncoding", textShape()),
)
