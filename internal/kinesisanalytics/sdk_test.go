package kinesisanalytics

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	client "github.com/aws/aws-sdk-go-v2/service/kinesisanalytics"
	"github.com/aws/aws-sdk-go-v2/service/kinesisanalytics/types"

	"github.com/millrace/millrace/internal/application/applicationtest"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/jsonrpc"
	"github.com/millrace/millrace/internal/journal/memory"
)

const testCode = `CREATE OR REPLACE STREAM "OUT" ("status" INTEGER, "n" INTEGER);
CREATE OR REPLACE PUMP "P" AS INSERT INTO "OUT"
SELECT STREAM "status", COUNT(*) FROM "SOURCE_SQL_STREAM_001"
GROUP BY "status", STEP("SOURCE_SQL_STREAM_001".ROWTIME BY INTERVAL '10' SECOND);`

// served is a version of the API without the edge before it.
func served(t *testing.T, api *jsonrpc.Service) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		prefix, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		if prefix != api.Prefix {
			t.Errorf("target prefix %q, want %q", prefix, api.Prefix)
		}
		api.Serve(w, r, &call.Call{Service: api.Name, Operation: operation, Region: "eu-west-1", RequestID: "r", Header: r.Header, Body: body})
	})
}

// sdkClient is AWS's client of the first version.
func sdkClient(t *testing.T, s *Service) *client.Client {
	server := httptest.NewServer(served(t, s.APIs()[0]))
	t.Cleanup(server.Close)
	return client.New(client.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
	})
}

func createInput(name string) *client.CreateApplicationInput {
	return &client.CreateApplicationInput{
		ApplicationName: aws.String(name), ApplicationCode: aws.String(testCode),
		Inputs: []types.Input{{
			NamePrefix:           aws.String("SOURCE_SQL_STREAM"),
			KinesisFirehoseInput: &types.KinesisFirehoseInput{ResourceARN: aws.String(applicationtest.ARN("in")), RoleARN: aws.String(testRole)},
			InputSchema: &types.SourceSchema{
				RecordFormat:  &types.RecordFormat{RecordFormatType: types.RecordFormatTypeJson},
				RecordColumns: []types.RecordColumn{{Name: aws.String("status"), SqlType: aws.String("INTEGER"), Mapping: aws.String("$.status")}},
			},
		}},
		Outputs: []types.Output{{
			Name: aws.String("OUT"), DestinationSchema: &types.DestinationSchema{RecordFormatType: types.RecordFormatTypeJson},
			KinesisFirehoseOutput: &types.KinesisFirehoseOutput{ResourceARN: aws.String(applicationtest.ARN("out")), RoleARN: aws.String(testRole)},
		}},
	}
}

func TestSDKClient(t *testing.T) {
	s := open(t, testOptions(memory.New(memory.Options{}), testStreams()))
	c, ctx := sdkClient(t, s), context.Background()
	created, err := c.CreateApplication(ctx, createInput("web"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := *created.ApplicationSummary.ApplicationARN, "arn:aws:kinesisanalytics:eu-west-1:000000000000:application/web"; got != want {
		t.Errorf("ARN %s, want %s", got, want)
	}
	var inUse *types.ResourceInUseException
	if _, err := c.CreateApplication(ctx, createInput("web")); !errors.As(err, &inUse) {
		t.Errorf("second creation: %v, want ResourceInUseException", err)
	}
	d, err := c.DescribeApplication(ctx, &client.DescribeApplicationInput{ApplicationName: aws.String("web")})
	if err != nil {
		t.Fatal(err)
	}
	detail := d.ApplicationDetail
	if detail.ApplicationStatus != types.ApplicationStatusReady || *detail.ApplicationVersionId != 1 || *detail.ApplicationCode != testCode ||
		time.Since(*detail.CreateTimestamp) > time.Minute || detail.InputDescriptions[0].InAppStreamNames[0] != "SOURCE_SQL_STREAM_001" {
		t.Errorf("described as %+v", detail)
	}
	_, err = c.StartApplication(ctx, &client.StartApplicationInput{ApplicationName: aws.String("web"), InputConfigurations: []types.InputConfiguration{{
		Id:                                 detail.InputDescriptions[0].InputId,
		InputStartingPositionConfiguration: &types.InputStartingPositionConfiguration{InputStartingPosition: types.InputStartingPositionNow},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, s, "web", statusRunning)
	list, err := c.ListApplications(ctx, &client.ListApplicationsInput{})
	if err != nil || len(list.ApplicationSummaries) != 1 || *list.HasMoreApplications {
		t.Errorf("listed %+v, %v", list, err)
	}
	if _, err := c.StopApplication(ctx, &client.StopApplicationInput{ApplicationName: aws.String("web")}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, s, "web", statusReady)
	if _, err := c.DeleteApplication(ctx, &client.DeleteApplicationInput{ApplicationName: aws.String("web"), CreateTimestamp: detail.CreateTimestamp}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, s, "web", "gone")
	var notFound *types.ResourceNotFoundException
	if _, err := c.DescribeApplication(ctx, &client.DescribeApplicationInput{ApplicationName: aws.String("web")}); !errors.As(err, &notFound) {
		t.Errorf("after deletion: %v, want ResourceNotFoundException", err)
	}
}

func TestSDKCodeValidation(t *testing.T) {
	s := open(t, testOptions(memory.New(memory.Options{}), testStreams()))
	c, ctx := sdkClient(t, s), context.Background()
	in := createInput("web")
	in.ApplicationCode = aws.String("CREATE OR REPLACE STREAM \"OUT\" (n INTEGER);\nCREATE PUMP \"P\" AS INSERT INTO \"OUT\" SELECT STREAM COUNT(*) FROM \"NOWHERE\";")
	if _, err := c.CreateApplication(ctx, in); err != nil {
		t.Fatalf("code that does not compile is kept, but: %v", err)
	}
	var invalid interface { // the model has no type for it at this operation
		ErrorCode() string
		ErrorMessage() string
	}
	_, err := c.StartApplication(ctx, &client.StartApplicationInput{ApplicationName: aws.String("web"), InputConfigurations: []types.InputConfiguration{}})
	if !errors.As(err, &invalid) || invalid.ErrorCode() != "CodeValidationException" ||
		!strings.Contains(invalid.ErrorMessage(), "web.sql:2:") || !strings.Contains(invalid.ErrorMessage(), "NOWHERE") {
		t.Errorf("start: %v, want a CodeValidationException that names web.sql:2 and NOWHERE", err)
	}
}
