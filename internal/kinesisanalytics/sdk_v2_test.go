package kinesisanalytics

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	client "github.com/aws/aws-sdk-go-v2/service/kinesisanalyticsv2"
	"github.com/aws/aws-sdk-go-v2/service/kinesisanalyticsv2/types"

	"github.com/millrace/millrace/internal/application/applicationtest"
	"github.com/millrace/millrace/internal/journal/memory"
)

// TestSDKClientV2 goes through the life of an application as AWS's client of the
// second version sees it.
func TestSDKClientV2(t *testing.T) {
	s := open(t, testOptions(memory.New(memory.Options{}), testStreams()))
	server := httptest.NewServer(served(t, s.APIs()[1]))
	t.Cleanup(server.Close)
	c, ctx := client.New(client.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
	}), context.Background()
	name := aws.String("web")
	created, err := c.CreateApplication(ctx, &client.CreateApplicationInput{
		ApplicationName: name, RuntimeEnvironment: types.RuntimeEnvironmentSql10, ServiceExecutionRole: aws.String(testRole),
		ApplicationConfiguration: &types.ApplicationConfiguration{
			ApplicationCodeConfiguration: &types.ApplicationCodeConfiguration{
				CodeContentType: types.CodeContentTypePlaintext, CodeContent: &types.CodeContent{TextContent: aws.String(testCode)},
			},
			SqlApplicationConfiguration: &types.SqlApplicationConfiguration{Inputs: []types.Input{{
				NamePrefix:           aws.String("SOURCE_SQL_STREAM"),
				KinesisFirehoseInput: &types.KinesisFirehoseInput{ResourceARN: aws.String(applicationtest.ARN("in"))},
				InputSchema: &types.SourceSchema{
					RecordFormat:  &types.RecordFormat{RecordFormatType: types.RecordFormatTypeJson},
					RecordColumns: []types.RecordColumn{{Name: aws.String("status"), SqlType: aws.String("INTEGER"), Mapping: aws.String("$.status")}},
				},
			}}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	detail := created.ApplicationDetail
	if *detail.ApplicationVersionId != 1 || detail.ApplicationStatus != types.ApplicationStatusReady || *detail.ServiceExecutionRole != testRole ||
		*detail.ApplicationConfigurationDescription.ApplicationCodeConfigurationDescription.CodeContentDescription.TextContent != testCode {
		t.Errorf("created %+v", detail)
	}
	inputID := detail.ApplicationConfigurationDescription.SqlApplicationConfigurationDescription.InputDescriptions[0].InputId
	started, err := c.StartApplication(ctx, &client.StartApplicationInput{ApplicationName: name, RunConfiguration: &types.RunConfiguration{
		SqlRunConfigurations: []types.SqlRunConfiguration{{InputId: inputID,
			InputStartingPositionConfiguration: &types.InputStartingPositionConfiguration{InputStartingPosition: types.InputStartingPositionNow}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, s, "web", statusRunning)
	operation, err := c.DescribeApplicationOperation(ctx, &client.DescribeApplicationOperationInput{ApplicationName: name, OperationId: started.OperationId})
	if err != nil || operation.ApplicationOperationInfoDetails.OperationStatus != types.OperationStatusSuccessful || operation.ApplicationOperationInfoDetails.EndTime == nil {
		t.Errorf("operation %+v, %v", operation, err)
	}
	var invalid *types.CodeValidationException
	code := func(text string) *client.UpdateApplicationInput {
		return &client.UpdateApplicationInput{ApplicationName: name, ConditionalToken: detail.ConditionalToken, ApplicationConfigurationUpdate: &types.ApplicationConfigurationUpdate{
			ApplicationCodeConfigurationUpdate: &types.ApplicationCodeConfigurationUpdate{CodeContentUpdate: &types.CodeContentUpdate{TextContentUpdate: aws.String(text)}}}}
	}
	if _, err := c.UpdateApplication(ctx, code("CREATE PUMP;")); !errors.As(err, &invalid) || invalid.ErrorMessage() != "web.sql:1:12: expected the name of the pump, found ;" {
		t.Errorf("code that does not compile: %v", err)
	}
	updated, err := c.UpdateApplication(ctx, code(`CREATE STREAM "ELSE" (n INTEGER);`))
	if err != nil || *updated.ApplicationDetail.ApplicationVersionId != 2 || *updated.ApplicationDetail.ApplicationVersionUpdatedFrom != 1 {
		t.Fatalf("updated %+v, %v", updated, err)
	}
	waitFor(t, s, "web", statusRunning)
	version, err := c.DescribeApplicationVersion(ctx, &client.DescribeApplicationVersionInput{ApplicationName: name, ApplicationVersionId: aws.Int64(1)})
	if err != nil || *version.ApplicationVersionDetail.ApplicationConfigurationDescription.ApplicationCodeConfigurationDescription.CodeContentDescription.TextContent != testCode {
		t.Errorf("version 1 is %+v, %v", version, err)
	}
	var unsupported *types.UnsupportedOperationException
	if _, err := c.CreateApplicationSnapshot(ctx, &client.CreateApplicationSnapshotInput{ApplicationName: name, SnapshotName: aws.String("s")}); !errors.As(err, &unsupported) {
		t.Errorf("a snapshot: %v", err)
	}
	if _, err := c.DeleteApplication(ctx, &client.DeleteApplicationInput{ApplicationName: name, CreateTimestamp: detail.CreateTimestamp}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, s, "web", "gone")
	var notFound *types.ResourceNotFoundException
	if _, err := c.DescribeApplication(ctx, &client.DescribeApplicationInput{ApplicationName: name}); !errors.As(err, &notFound) {
		t.Errorf("after deletion: %v, want ResourceNotFoundException", err)
	}
}
