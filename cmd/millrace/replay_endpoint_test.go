//go:build unix

package main

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// An endpoint that is out of order: its records go to the error bucket, and
// replay brings them to it when it is mended, each once.
func TestReplayToEndpoint(t *testing.T) {
	t.Parallel()
	endpoint := &endpointServer{t: t, key: "the-key", broken: true}
	server := httptest.NewServer(endpoint)
	defer server.Close()

	dir := dataDir(t)
	p := up(t, dir)
	if _, err := p.s3Client().CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("refused")}); err != nil {
		t.Fatal(err)
	}
	const role = "arn:aws:iam::000000000000:role/writer"
	_, err := p.firehoseClient().CreateDeliveryStream(t.Context(), &firehose.CreateDeliveryStreamInput{
		DeliveryStreamName: aws.String("web"),
		HttpEndpointDestinationConfiguration: &types.HttpEndpointDestinationConfiguration{
			EndpointConfiguration: &types.HttpEndpointConfiguration{Url: aws.String(server.URL), AccessKey: aws.String("the-key")},
			BufferingHints:        &types.HttpEndpointBufferingHints{IntervalInSeconds: aws.Int32(0), SizeInMBs: aws.Int32(1)},
			RetryOptions:          &types.HttpEndpointRetryOptions{DurationInSeconds: aws.Int32(0)},
			RoleARN:               aws.String(role),
			S3Configuration:       &types.S3DestinationConfiguration{BucketARN: aws.String("arn:aws:s3:::refused"), RoleARN: aws.String(role)},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the stream is active", 10*time.Second, func() error {
		out, err := p.firehoseClient().DescribeDeliveryStream(t.Context(), &firehose.DescribeDeliveryStreamInput{DeliveryStreamName: aws.String("web")})
		if err == nil && out.DeliveryStreamDescription.DeliveryStreamStatus != types.DeliveryStreamStatusActive {
			err = errors.New(string(out.DeliveryStreamDescription.DeliveryStreamStatus))
		}
		return err
	})
	p.put("web", "one", "two", "three")
	eventually(t, "the records are refused", 30*time.Second, func() error {
		if n := len(p.objects("refused")); n != 1 {
			return fmt.Errorf("%d objects", n)
		}
		return nil
	})
	endpoint.setBroken(false)
	for range 2 {
		if out, errs, code := millrace(t, dir, "replay", "s3://refused/"); code != 0 || !strings.Contains(out, "http-endpoint-failed/") {
			t.Fatalf("%d %s%s", code, out, errs)
		}
	}
	eventually(t, "the endpoint has them", 30*time.Second, func() error { return unlessEqual(endpoint.taken(), "one three two") })
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
