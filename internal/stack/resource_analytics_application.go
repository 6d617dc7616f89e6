package stack

import (
	"context"
	"encoding/json"
	"maps"
)

// AWS::KinesisAnalytics::Application, the SQL application of API version 1.
// As with CloudFormation it is made and not started.
var analyticsApplication = analyticsApplicationOf(analyticsV1, object(
	optional("ApplicationName", textShape()),
	optional("ApplicationDescription", textShape()),
	optional("ApplicationCode", textShape()),
	required("Inputs", listOf(analyticsV1.inputShape())),
))

// AWS::KinesisAnalyticsV2::Application. What is of Flink applications is refused.
var analyticsApplicationV2 = analyticsApplicationOf(analyticsV2, object(
	optional("ApplicationName", textShape()),
	optional("ApplicationDescription", textShape()),
	required("RuntimeEnvironment", oneOf("SQL-1_0")),
	required("ServiceExecutionRole", textShape()),
	optional("ApplicationMode", oneOf("STREAMING")),
	optional("ApplicationConfiguration", object(
		optional("ApplicationCodeConfiguration", object(
			required("CodeContentType", oneOf("PLAINTEXT")),
			required("CodeContent", object(optional("TextContent", textShape())).refusing("S3ContentLocation", "ZipFileContent")),
		)),
		optional("SqlApplicationConfiguration", object(optional("Inputs", listOf(analyticsV2.inputShape())))),
	).refusing("ApplicationEncryptionConfiguration", "ApplicationSnapshotConfiguration", "ApplicationSystemRollbackConfiguration",
		"EnvironmentProperties", "FlinkApplicationConfiguration", "VpcConfigurations", "ZeppelinApplicationConfiguration")),
	optional("ApplicationMaintenanceConfiguration", object(required("ApplicationMaintenanceWindowStartTime", textShape()))),
	optional("Tags", tagsShape),
).refusing("RunConfiguration"))

// analyticsApplicationOf declares the application of one version of the API.
func analyticsApplicationOf(api analyticsAPI, properties shape) resourceType {
	return resourceType{
		name:         api.resource + "::Application",
		nameProperty: "ApplicationName",
		naming:       naming{most: 128},
		properties:   properties,

		exists: func(ctx context.Context, aws AWS, t *target) (bool, error) {
			_, err := describeApplication(ctx, aws, t.id)
			return err == nil, ignoring(err, "ResourceNotFoundException")
		},
		create: func(ctx context.Context, aws AWS, t *target) error { return createApplication(ctx, aws, api, t) },
		ready: func(ctx context.Context, aws AWS, t *target) (bool, error) {
			_, err := describeApplication(ctx, aws, t.id)
			return err == nil, err
		},
		remove: removeApplication,
	}
}

// createApplication makes the application and then, as CloudFormation does,
// sets its maintenance window in a call of its own.
func createApplication(ctx context.Context, aws AWS, api analyticsAPI, t *target) error {
	body := maps.Clone(t.properties)
	if body == nil {
		body = map[string]any{}
	}
	body["ApplicationName"] = t.id
	window, _ := body["ApplicationMaintenanceConfiguration"].(map[string]any)
	delete(body, "ApplicationMaintenanceConfiguration")
	err := api.call(ctx, aws, "CreateApplication", body, nil)
	if t.again {
		err = ignoring(err, "ResourceInUseException")
	}
	if err != nil || window == nil {
		return err
	}
	return api.call(ctx, aws, "UpdateApplicationMaintenanceConfiguration", map[string]any{"ApplicationName": t.id,
		"ApplicationMaintenanceConfigurationUpdate": map[string]any{
			"ApplicationMaintenanceWindowStartTimeUpdate": window["ApplicationMaintenanceWindowStartTime"]}}, nil)
}

func removeApplication(ctx context.Context, aws AWS, t *target) (bool, error) {
	d, err := describeApplication(ctx, aws, t.id)
	if hasCode(err, "ResourceNotFoundException") {
		return true, nil
	}
	if err != nil || d.ApplicationStatus == "DELETING" {
		return false, err
	}
	err = analyticsV1.call(ctx, aws, "DeleteApplication",
		map[string]any{"ApplicationName": t.id, "CreateTimestamp": d.CreateTimestamp}, nil)
	// One that is stopping has to finish that first.
	return false, ignoring(err, "ResourceNotFoundException", "ResourceInUseException")
}

// applicationDetail is the part of an application's description that stacks
// use. The timestamp is kept as the service wrote it: DeleteApplication
// compares it.
type applicationDetail struct {
	ApplicationStatus                   string
	ApplicationVersionId                int64 //nolint:revive // the wire's name
	CreateTimestamp                     json.Number
	OutputDescriptions                  []map[string]any
	ReferenceDataSourceDescriptions     []map[string]any
	CloudWatchLoggingOptionDescriptions []map[string]any
}

// describeApplication asks in the first version, which shows the applications of
// both.
func describeApplication(ctx context.Context, aws AWS, name string) (applicationDetail, error) {
	var answer struct{ ApplicationDetail applicationDetail }
	err := analyticsV1.call(ctx, aws, "DescribeApplication", map[string]any{"ApplicationName": name}, &answer)
	return answer.ApplicationDetail, err
}
