package firehose

import (
	"bytes"
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/smithy-go"

	"github.com/millrace/millrace/internal/journal/pebble"
)

// client is AWS's own, without retries.
func client(t *testing.T, r *rig) *sdk.Client {
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	return sdk.New(sdk.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKIAMILLRACE", "secret", ""),
	})
}

// The SDK takes a stream through its life, on a journal that is on disk: what
// was acknowledged before a restart is delivered after it.
func TestSDK(t *testing.T) {
	dir := t.TempDir()
	j, err := pebble.Open(pebble.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	r := openRig(t, j)
	c, ctx := client(t, r), t.Context()

	created, err := c.CreateDeliveryStream(ctx, &sdk.CreateDeliveryStreamInput{
		DeliveryStreamName: aws.String("web"),
		DeliveryStreamType: types.DeliveryStreamTypeDirectPut,
		ExtendedS3DestinationConfiguration: &types.ExtendedS3DestinationConfiguration{
			RoleARN: aws.String("arn:aws:iam::000000000000:role/r"), BucketARN: aws.String("arn:aws:s3:::archive"),
			BufferingHints:    &types.BufferingHints{SizeInMBs: aws.Int32(1), IntervalInSeconds: aws.Int32(900)},
			CustomTimeZone:    aws.String("Europe/Madrid"),
			Prefix:            aws.String("y=!{timestamp:yyyy}/"),
			ErrorOutputPrefix: aws.String("bad/!{firehose:error-output-type}/"),
			ProcessingConfiguration: &types.ProcessingConfiguration{Enabled: aws.Bool(true), Processors: []types.Processor{{
				Type:       types.ProcessorTypeAppendDelimiterToRecord,
				Parameters: []types.ProcessorParameter{{ParameterName: types.ProcessorParameterNameDelimiter, ParameterValue: aws.String("\\n")}},
			}}},
		},
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("web")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if *created.DeliveryStreamARN != "arn:aws:firehose:eu-west-1:000000000000:deliverystream/web" {
		t.Fatal(*created.DeliveryStreamARN)
	}
	r.active(t, "web")
	described, err := c.DescribeDeliveryStream(ctx, &sdk.DescribeDeliveryStreamInput{DeliveryStreamName: aws.String("web")})
	if err != nil {
		t.Fatal(err)
	}
	d := described.DeliveryStreamDescription
	if d.DeliveryStreamStatus != types.DeliveryStreamStatusActive || d.CreateTimestamp.Year() < 2020 || d.LastUpdateTimestamp != nil {
		t.Fatalf("%+v", d)
	}
	extended := d.Destinations[0].ExtendedS3DestinationDescription
	if *extended.CustomTimeZone != "Europe/Madrid" || len(extended.ProcessingConfiguration.Processors) != 1 ||
		len(extended.ProcessingConfiguration.Processors[0].Parameters) != 0 || *d.Destinations[0].S3DestinationDescription.BucketARN != "arn:aws:s3:::archive" {
		t.Fatalf("%+v", extended)
	}

	put, err := c.PutRecord(ctx, &sdk.PutRecordInput{DeliveryStreamName: aws.String("web"), Record: &types.Record{Data: []byte("one")}})
	if err != nil || *put.RecordId == "" || *put.Encrypted {
		t.Fatalf("%+v %v", put, err)
	}
	var records []types.Record
	for i := range 500 {
		records = append(records, types.Record{Data: fmt.Appendf(nil, "record %d", i)})
	}
	batch, err := c.PutRecordBatch(ctx, &sdk.PutRecordBatchInput{DeliveryStreamName: aws.String("web"), Records: records})
	if err != nil || *batch.FailedPutCount != 0 || len(batch.RequestResponses) != 500 || *batch.RequestResponses[499].RecordId == "" {
		t.Fatalf("%v", err)
	}

	_, err = c.PutRecordBatch(ctx, &sdk.PutRecordBatchInput{DeliveryStreamName: aws.String("web"), Records: append(records, types.Record{Data: []byte("x")})})
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "ValidationException" {
		t.Fatalf("501 records: %v", err)
	}
	var missing *types.ResourceNotFoundException
	if _, err = c.PutRecord(ctx, &sdk.PutRecordInput{DeliveryStreamName: aws.String("no"), Record: &types.Record{Data: []byte("x")}}); !errors.As(err, &missing) {
		t.Fatal(err)
	}

	// the process ends and starts again
	_ = r.Close()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if j, err = pebble.Open(pebble.Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close(); _ = j.Close() })
	r.journal = j
	r.open(t)
	if err := r.Flush(ctx, "web"); err != nil {
		t.Fatal(err)
	}
	objects := r.archive.list()
	want := "one"
	for _, record := range records {
		want += "\n" + string(record.Data)
	}
	if len(objects) != 1 || !bytes.HasSuffix([]byte(objects[0]), []byte(": "+want)) {
		t.Fatalf("%d objects: %.200q", len(objects), objects)
	}

	if _, err := c.DeleteDeliveryStream(ctx, &sdk.DeleteDeliveryStreamInput{DeliveryStreamName: aws.String("web")}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool {
		_, err := c.DescribeDeliveryStream(ctx, &sdk.DescribeDeliveryStreamInput{DeliveryStreamName: aws.String("web")})
		return errors.As(err, &missing)
	})
}
