package stack

import (
	"context"
	"encoding/json"
)

// AWS::KinesisAnalytics::Application, the SQL application of API version 1.
// As with CloudFormation it is made and not started.
var analyticsApplication = resourceType{
	name:         "AWS::KinesisAnalytics::Application",
	nameProperty: "ApplicationName",
	naming:       naming{most: 128},
	properties: object(
		optional("ApplicationName", textShape()),
		optional("ApplicationDescription", textShape()),
		optional("ApplicationCode", textShape()),
		required("Inputs", listOf(analyticsInputShape)),
	),

	exists: func(ctx context.Context, aws AWS, t *target) (bool, error) {
		_, err := describeApplication(ctx, aws, t.id)
		return err == nil, ignoring(err, "ResourceNotFoundException")
	},
	create: func(ctx context.Context, aws AWS, t *target) error {
		err := analytics(ctx, aws, "CreateApplication", with(t.properties, map[string]any{"ApplicationName": t.id}), nil)
		if t.again {
			return ignoring(err, "ResourceInUseException")
		}
		return err
	},
	ready: func(ctx context.Context, aws AWS, t *target) (bool, error) {
		_, err := describeApplication(ctx, aws, t.id)
		return err == nil, err
	},
	remove: func(ctx context.Context, aws AWS, t *target) (bool, error) {
		d, err := describeApplication(ctx, aws, t.id)
		if hasCode(err, "ResourceNotFoundException") {
			return true, nil
		}
		if err != nil || d.ApplicationStatus == "DELETING" {
			return false, err
		}
		err = analytics(ctx, aws, "DeleteApplication",
			map[string]any{"ApplicationName": t.id, "CreateTimestamp": d.CreateTimestamp}, nil)
		// One that is starting, stopping or updating has to finish that first.
		return false, ignoring(err, "ResourceNotFoundException", "ResourceInUseException")
	},
}

var (
	recordColumnShape = object(required("Name", textShape()), required("SqlType", textShape()), optional("Mapping", textShape()))

	mappingParametersShape = object(
		optional("JSONMappingParameters", object(required("RecordRowPath", textShape()))),
	).refusing("CSVMappingParameters")

	analyticsInputShape = object(
		required("NamePrefix", textShape()),
		required("InputSchema", object(
			required("RecordColumns", listOf(recordColumnShape)),
			required("RecordFormat", object(
				required("RecordFormatType", oneOf("JSON")),
				optional("MappingParameters", mappingParametersShape),
			)),
			optional("RecordEncoding", textShape()),
		)),
		optional("InputParallelism", object(optional("Count", integerShape()))),
		optional("KinesisFirehoseInput", object(required("ResourceARN", textShape()), required("RoleARN", textShape()))),
	).refusing("InputProcessingConfiguration", "KinesisStreamsInput")
)

// applicationDetail is the part of an application's description that stacks
// use. The timestamp is kept as the service wrote it: DeleteApplication
// compares it.
type applicationDetail struct {
	ApplicationStatus    string
	ApplicationVersionId int64 //nolint:revive // the wire's name
	CreateTimestamp      json.Number
	OutputDescriptions   []struct{ Name, OutputId string } //nolint:revive // the wire's name
}

func describeApplication(ctx context.Context, aws AWS, name string) (applicationDetail, error) {
	var answer struct{ ApplicationDetail applicationDetail }
	err := analytics(ctx, aws, "DescribeApplication", map[string]any{"ApplicationName": name}, &answer)
	return answer.ApplicationDetail, err
}

func analytics(ctx context.Context, aws AWS, operation string, in, out any) error {
	return aws.JSON(ctx, "kinesisanalytics", "KinesisAnalytics_20150814."+operation, in, out)
}
