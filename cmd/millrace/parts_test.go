//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// One millrace archives at the S3 of another: buckets are made there through
// the first one's edge, and objects arrive there. A function that is a command
// changes the records on their way, and what it refuses is told in a log stream.
func TestExchangedParts(t *testing.T) {
	t.Parallel()
	remote := up(t, dataDir(t))
	dir := dataDir(t)
	const function = "arn:aws:lambda:us-east-1:000000000000:function:refuse"
	configure(t, dir, fmt.Sprintf("archive:\n  endpoint: %s\n  path_style: true\n  access_key_id: %s\n  secret_access_key: %s\n"+
		"functions:\n  %s:\n    command: [sh, -c, 'echo nothing here >&2; exit 3']\n",
		remote.Run.Edge, remote.Run.AccessKeyID, remote.Run.SecretAccessKey, function))
	p := up(t, dir)
	ctx := t.Context()
	if _, err := p.s3Client().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("afar")}); err != nil {
		t.Fatal(err)
	}
	streams := p.firehoseClient()
	for name, processing := range map[string]*types.ProcessingConfiguration{
		"plain": nil,
		"refused": {Enabled: aws.Bool(true), Processors: []types.Processor{{Type: types.ProcessorTypeLambda, Parameters: []types.ProcessorParameter{
			{ParameterName: types.ProcessorParameterNameLambdaArn, ParameterValue: aws.String(function)},
			{ParameterName: types.ProcessorParameterNameLambdaNumberOfRetries, ParameterValue: aws.String("0")},
		}}}},
	} {
		if _, err := streams.CreateDeliveryStream(ctx, &firehose.CreateDeliveryStreamInput{
			DeliveryStreamName: aws.String(name),
			ExtendedS3DestinationConfiguration: &types.ExtendedS3DestinationConfiguration{
				RoleARN: aws.String("arn:aws:iam::000000000000:role/writer"), BucketARN: aws.String("arn:aws:s3:::afar"), Prefix: aws.String(name + "/"),
				ProcessingConfiguration: processing,
				CloudWatchLoggingOptions: &types.CloudWatchLoggingOptions{
					Enabled: aws.Bool(true), LogGroupName: aws.String("/aws/kinesisfirehose/" + name), LogStreamName: aws.String("DestinationDelivery")},
			},
		}); err != nil {
			t.Fatal(err)
		}
		eventually(t, "a put is accepted", 30*time.Second, func() error {
			_, err := streams.PutRecord(ctx, &firehose.PutRecordInput{DeliveryStreamName: &name, Record: &types.Record{Data: []byte("hello")}})
			return err
		})
		if _, errs, code := millrace(t, dir, "flush", name); code != 0 {
			t.Fatalf("exit code %d: %s", code, errs)
		}
	}
	var keys []string
	for key, lines := range remote.objects("afar") {
		keys = append(keys, key)
		if strings.HasPrefix(key, "plain/") != (lines[0] == "hello") {
			t.Errorf("%s holds %q", key, lines)
		}
	}
	if all := strings.Join(keys, " "); len(keys) != 2 || !strings.Contains(all, "refused/processing-failed/") {
		t.Errorf("objects %q", keys)
	}
	log, err := os.ReadFile(filepath.Join(dir, "log-groups/aws/kinesisfirehose/refused/DestinationDelivery.log"))
	if err != nil || !strings.Contains(string(log), `"errorCode":"Lambda.FunctionError"`) {
		t.Errorf("%v %s", err, log)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if code := remote.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
