package firehose

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"
)

// The operations that TestSDK has no use for, and each kind of destination, with
// AWS's own client.
func TestSDKOperations(t *testing.T) {
	r := newRig(t)
	c, ctx := client(t, r), t.Context()
	name := aws.String("docs")
	bucket := &types.S3DestinationConfiguration{RoleARN: aws.String("arn:aws:iam::000000000000:role/r"), BucketARN: aws.String("arn:aws:s3:::errors")}
	_, err := c.CreateDeliveryStream(ctx, &sdk.CreateDeliveryStreamInput{
		DeliveryStreamName:                         name,
		DeliveryStreamEncryptionConfigurationInput: &types.DeliveryStreamEncryptionConfigurationInput{KeyType: types.KeyTypeAwsOwnedCmk},
		AmazonopensearchserviceDestinationConfiguration: &types.AmazonopensearchserviceDestinationConfiguration{
			RoleARN: aws.String("arn:aws:iam::000000000000:role/r"), DomainARN: aws.String("arn:aws:es:eu-west-1:000000000000:domain/d"),
			IndexName: aws.String("web"), S3Configuration: bucket, VpcConfiguration: &types.VpcConfiguration{
				RoleARN: aws.String("arn:aws:iam::000000000000:role/v"), SubnetIds: []string{"subnet-1"}, SecurityGroupIds: []string{"sg-1"},
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.CreateDeliveryStream(ctx, &sdk.CreateDeliveryStreamInput{
		DeliveryStreamName: aws.String("http"),
		HttpEndpointDestinationConfiguration: &types.HttpEndpointDestinationConfiguration{
			EndpointConfiguration: &types.HttpEndpointConfiguration{Url: aws.String("https://endpoint.example/"), AccessKey: aws.String("key")},
			S3Configuration:       bucket, S3BackupMode: types.HttpEndpointS3BackupModeAllData,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.active(t, "docs")
	r.active(t, "http")

	if _, err := c.TagDeliveryStream(ctx, &sdk.TagDeliveryStreamInput{DeliveryStreamName: name, Tags: []types.Tag{{Key: aws.String("a")}, {Key: aws.String("b"), Value: aws.String("1")}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.UntagDeliveryStream(ctx, &sdk.UntagDeliveryStreamInput{DeliveryStreamName: name, TagKeys: []string{"a"}}); err != nil {
		t.Fatal(err)
	}
	tags, err := c.ListTagsForDeliveryStream(ctx, &sdk.ListTagsForDeliveryStreamInput{DeliveryStreamName: name})
	if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Value != "1" || *tags.HasMoreTags {
		t.Fatalf("%+v %v", tags, err)
	}

	describe := func(name string) *types.DeliveryStreamDescription {
		t.Helper()
		d, err := c.DescribeDeliveryStream(ctx, &sdk.DescribeDeliveryStreamInput{DeliveryStreamName: &name})
		if err != nil {
			t.Fatal(err)
		}
		return d.DeliveryStreamDescription
	}
	d := describe("docs")
	vpc := d.Destinations[0].AmazonopensearchserviceDestinationDescription.VpcConfigurationDescription
	if d.DeliveryStreamEncryptionConfiguration.Status != types.DeliveryStreamEncryptionStatusEnabled || vpc == nil || vpc.SubnetIds[0] != "subnet-1" || vpc.VpcId != nil {
		t.Fatalf("%+v", d)
	}
	if h := describe("http").Destinations[0].HttpEndpointDestinationDescription; *h.EndpointConfiguration.Url != "https://endpoint.example/" ||
		*h.RetryOptions.DurationInSeconds != 300 || *h.S3DestinationDescription.BucketARN != "arn:aws:s3:::errors" {
		t.Fatalf("%+v", h)
	}

	update := &sdk.UpdateDestinationInput{DeliveryStreamName: name, CurrentDeliveryStreamVersionId: d.VersionId, DestinationId: d.Destinations[0].DestinationId,
		AmazonopensearchserviceDestinationUpdate: &types.AmazonopensearchserviceDestinationUpdate{IndexName: aws.String("pages")}}
	if _, err := c.UpdateDestination(ctx, update); err != nil {
		t.Fatal(err)
	}
	var clash *types.ConcurrentModificationException
	if _, err := c.UpdateDestination(ctx, update); !errors.As(err, &clash) {
		t.Fatal(err)
	}
	if d = describe("docs"); *d.VersionId != "2" || d.LastUpdateTimestamp == nil || *d.Destinations[0].AmazonopensearchserviceDestinationDescription.IndexName != "pages" {
		t.Fatalf("%+v", d)
	}

	if _, err := c.StopDeliveryStreamEncryption(ctx, &sdk.StopDeliveryStreamEncryptionInput{DeliveryStreamName: name}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool {
		return describe("docs").DeliveryStreamEncryptionConfiguration.Status == types.DeliveryStreamEncryptionStatusDisabled
	})
	if _, err := c.StartDeliveryStreamEncryption(ctx, &sdk.StartDeliveryStreamEncryptionInput{DeliveryStreamName: name}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool {
		return describe("docs").DeliveryStreamEncryptionConfiguration.Status == types.DeliveryStreamEncryptionStatusEnabled
	})
	list, err := c.ListDeliveryStreams(ctx, &sdk.ListDeliveryStreamsInput{Limit: aws.Int32(1)})
	if err != nil || len(list.DeliveryStreamNames) != 1 || !*list.HasMoreDeliveryStreams {
		t.Fatalf("%+v %v", list, err)
	}

	// what is throttled is an error that the client tries again by itself
	_ = r.Close()
	r.limits = Limits{ControlCallsPerSecond: 0.01}
	r.open(t)
	var throttled int
	for range 3 {
		var api interface{ ErrorCode() string }
		if _, err := c.ListDeliveryStreams(ctx, &sdk.ListDeliveryStreamsInput{}); errors.As(err, &api) && api.ErrorCode() == "ThrottlingException" {
			throttled++
		}
	}
	if throttled == 0 {
		t.Error("three calls at once were not throttled")
	}
}
