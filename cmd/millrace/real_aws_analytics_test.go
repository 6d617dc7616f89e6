//go:build unix

package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// cliAnalyticsChanges changes an application part by part, and discovers a
// schema, as tutorials of the first version of the API do with the AWS CLI.
func cliAnalyticsChanges(t *testing.T, c *awsCLI) {
	const role = "arn:aws:iam::000000000000:role/cli" // does not exist: may do everything
	const stream = "arn:aws:firehose:us-east-1:000000000000:deliverystream/status-codes-ingest"
	c.run("s3 mb s3://cli-codes")
	c.file("codes.csv", "200,ok\n404,not found\n")
	c.run("s3 cp --no-progress codes.csv s3://cli-codes/codes.csv")
	schema := c.run("kinesisanalytics discover-input-schema --query InputSchema --s3-configuration " +
		"RoleARN=" + role + ",BucketARN=arn:aws:s3:::cli-codes,FileKey=codes.csv")
	c.shows(`(?s)"SqlType": "VARCHAR.*"RawInputRecords"`, "kinesisanalytics discover-input-schema --input-starting-position-configuration InputStartingPosition=NOW "+
		"--resource-arn "+stream+" --role-arn "+role)

	const application = "--application-name cli-parts "
	c.run("kinesisanalytics create-application --tags Key=team,Value=web "+application+"--application-code", "-- nothing yet")
	version := "1"
	change := func(operation string, options ...string) {
		t.Helper()
		c.run("kinesisanalytics "+operation+" "+application+"--current-application-version-id "+version, options...)
		version = strings.TrimSpace(c.run("kinesisanalytics describe-application --query ApplicationDetail.ApplicationVersionId --output text " + application))
	}
	change("add-application-input", "--input",
		`{"NamePrefix": "SOURCE", "KinesisFirehoseInput": {"ResourceARN": "`+stream+`", "RoleARN": "`+role+`"}, "InputSchema": `+schema+`}`)
	change("add-application-input-processing-configuration", "--input-id", "2.1", "--input-processing-configuration",
		"InputLambdaProcessor={ResourceARN=arn:aws:lambda:us-east-1:000000000000:function:f,RoleARN="+role+"}")
	change("delete-application-input-processing-configuration", "--input-id", "2.1")
	change("add-application-reference-data-source", "--reference-data-source", `{"TableName": "CODES", "ReferenceSchema": `+schema+`,
		"S3ReferenceDataSource": {"BucketARN": "arn:aws:s3:::cli-codes", "FileKey": "codes.csv", "ReferenceRoleARN": "`+role+`"}}`)
	change("add-application-cloud-watch-logging-option", "--cloud-watch-logging-option",
		"LogStreamARN=arn:aws:logs:us-east-1:000000000000:log-group:g,RoleARN="+role)
	change("update-application", "--application-update", `{"ApplicationCodeUpdate": "CREATE STREAM \"OUT\" (code INTEGER);",
		"InputUpdates": [{"InputId": "2.1", "InputParallelismUpdate": {"CountUpdate": 2}}]}`)
	c.shows(`(?s)"SOURCE_002".*"TableName": "CODES".*"LogStreamARN".*CREATE STREAM`, "kinesisanalytics describe-application "+application)
	change("delete-application-reference-data-source", "--reference-id", "5.1")
	change("delete-application-cloud-watch-logging-option", "--cloud-watch-logging-option-id", "6.1")
	c.refuses("ConcurrentModificationException", "CurrentApplicationVersionId is 1, but the application is at version 9",
		"kinesisanalytics delete-application-output --output-id 1.1 --current-application-version-id 1 "+application)

	const named = "--resource-arn arn:aws:kinesisanalytics:us-east-1:000000000000:application/cli-parts "
	c.run("kinesisanalytics tag-resource --tags Key=stage,Value=test " + named)
	c.run("kinesisanalytics untag-resource --tag-keys team " + named)
	c.shows(`^stage\s$`, "kinesisanalytics list-tags-for-resource --query Tags[].Key --output text "+named)
	c.deleteApplication("kinesisanalytics", "cli-parts")
}

// cliAnalyticsV2 is the life of an application by the second version.
func cliAnalyticsV2(t *testing.T, c *awsCLI) {
	const application = "--application-name cli-second "
	configuration := func(code string) string {
		text, err := json.Marshal(code)
		if err != nil {
			t.Fatal(err)
		}
		return c.file("configuration.json", `{"ApplicationCodeConfiguration": {"CodeContentType": "PLAINTEXT", "CodeContent": {"TextContent": `+string(text)+`}},
			"SqlApplicationConfiguration": {"Inputs": [{"NamePrefix": "SOURCE",
				"KinesisFirehoseInput": {"ResourceARN": "arn:aws:firehose:us-east-1:000000000000:deliverystream/status-codes-ingest"},
				"InputSchema": {"RecordFormat": {"RecordFormatType": "JSON", "MappingParameters": {"JSONMappingParameters": {"RecordRowPath": "$"}}},
					"RecordColumns": [{"Name": "status", "SqlType": "INTEGER", "Mapping": "$.response"}]}}]}}`)
	}
	create := "kinesisanalyticsv2 create-application --runtime-environment SQL-1_0 --service-execution-role arn:aws:iam::000000000000:role/cli " + application + "--application-configuration"
	c.shows(`(?s)"RuntimeEnvironment": "SQL-1_0".*"ApplicationStatus": "READY"`, create, configuration("CREATE STREAM \"OUT\" (n INTEGER);\nSELEC nothing;"))
	c.refuses("ResourceInUseException", "Application already exists with the given name: cli-second", create, "file://configuration.json")
	start := "kinesisanalyticsv2 start-application " + application + "--run-configuration"
	now := `{"SqlRunConfigurations": [{"InputId": "1.1", "InputStartingPositionConfiguration": {"InputStartingPosition": "NOW"}}]}`
	out, err := c.command("aws", append(strings.Fields(start), now)...)
	if err == nil || !strings.Contains(out, "(CodeValidationException)") || !strings.Contains(out, "cli-second.sql:2:1: ") {
		t.Errorf("want CodeValidationException with the place: %v\n%s", err, out)
	}
	c.shows(`"ApplicationVersionId": 2`, "kinesisanalyticsv2 update-application --current-application-version-id 1 "+application+"--application-configuration-update",
		`{"ApplicationCodeConfigurationUpdate": {"CodeContentUpdate": {"TextContentUpdate": "CREATE STREAM \"OUT\" (n INTEGER);"}}}`)
	c.run(start, now)
	status := func(want string) {
		t.Helper()
		eventually(t, "it is "+want, 20*time.Second, func() error {
			return unlessEqual(strings.TrimSpace(c.run("kinesisanalyticsv2 describe-application --query ApplicationDetail.ApplicationStatus --output text "+application)), want)
		})
	}
	status("RUNNING")
	c.shows(`"ApplicationVersionId": 3`, "kinesisanalyticsv2 add-application-output --cli-input-json", `{"ApplicationName": "cli-second", "CurrentApplicationVersionId": 2, "Output":
		{"Name": "OUT", "DestinationSchema": {"RecordFormatType": "JSON"}, "KinesisFirehoseOutput": {"ResourceARN": "arn:aws:firehose:us-east-1:000000000000:deliverystream/status-codes-results"}}}`)
	status("RUNNING")
	c.shows(`^3\s+2\s+1\s$`, "kinesisanalyticsv2 list-application-versions --query ApplicationVersionSummaries[].ApplicationVersionId --output text "+application)
	c.shows(`SELEC nothing`, "kinesisanalyticsv2 describe-application-version --application-version-id 1 "+application)
	c.shows(`^AddApplicationOutput\s+StartApplication\s+UpdateApplication\s$`,
		"kinesisanalyticsv2 list-application-operations --query ApplicationOperationInfoList[].Operation --output text "+application)
	c.shows(`"cli-second"`, "kinesisanalytics list-applications")
	c.refuses("UnsupportedOperationException", "CreateApplicationSnapshot is not supported for SQL applications",
		"kinesisanalyticsv2 create-application-snapshot --snapshot-name s "+application)
	c.run("kinesisanalyticsv2 stop-application " + application)
	status("READY")
	c.deleteApplication("kinesisanalyticsv2", "cli-second")
	c.refuses("ResourceNotFoundException", "Application cli-second not found", "kinesisanalytics describe-application "+application)
}

// deleteApplication deletes with the timestamp that was told, to the fraction
// that the CLI shows.
func (c *awsCLI) deleteApplication(service, name string) {
	c.t.Helper()
	created := c.run(service + " describe-application --query ApplicationDetail.CreateTimestamp --output text --application-name " + name)
	c.run(service + " delete-application --application-name " + name + " --create-timestamp " + strings.TrimSpace(created))
	eventually(c.t, name+" is gone", 20*time.Second, func() error {
		out, err := c.command("aws", service, "describe-application", "--application-name", name)
		return unlessFailedWith(out, err, "Application "+name+" not found")
	})
}
