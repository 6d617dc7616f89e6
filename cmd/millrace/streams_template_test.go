//go:build unix

package main

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"
)

// A template of a delivery stream to an HTTP endpoint and of one with partitions
// and a backup, brought up and used.
func TestTemplateOfStreams(t *testing.T) {
	t.Parallel()
	endpoint := &endpointServer{t: t, key: "the-key", attributes: `{"commonAttributes":{"stack":"streams"}}`}
	server := httptest.NewServer(endpoint)
	defer server.Close()
	dir := dataDir(t)
	p := up(t, dir, "testdata/template/streams.yaml", "--parameter", "Url="+server.URL, "--parameter", "Key=the-key")

	described, err := p.firehoseClient().DescribeDeliveryStream(t.Context(), &firehose.DescribeDeliveryStreamInput{DeliveryStreamName: aws.String("endpoint")})
	if err != nil {
		t.Fatal(err)
	}
	stream := described.DeliveryStreamDescription
	if stream.DeliveryStreamStatus != types.DeliveryStreamStatusActive || stream.DeliveryStreamEncryptionConfiguration.KeyType != types.KeyTypeAwsOwnedCmk {
		t.Errorf("%+v", stream)
	}
	tags, err := p.firehoseClient().ListTagsForDeliveryStream(t.Context(), &firehose.ListTagsForDeliveryStreamInput{DeliveryStreamName: aws.String("endpoint")})
	if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Key != "team" {
		t.Errorf("%+v %v", tags, err)
	}

	p.put("endpoint", "one", "two")
	eventually(t, "the endpoint has them", 30*time.Second, func() error { return unlessEqual(endpoint.taken(), "one two") })

	records := []string{`{"customer":"a","n":1}`, `{"customer":"b","n":2}`, `{"customer":"a","n":3}`}
	p.put("partitions", records...)
	if _, errs, code := millrace(t, dir, "flush", "partitions"); code != 0 {
		t.Fatal(errs)
	}
	eventually(t, "they lie where they belong, and as they came", 30*time.Second, func() error {
		var got []string
		for key, lines := range p.objects("by-customer") {
			folder, _, _ := strings.Cut(key, "/")
			got = append(got, folder+" "+strings.Join(lines, " "))
		}
		slices.Sort(got)
		want := "customer=a " + records[0] + " " + records[2] + "\ncustomer=b " + records[1]
		if err := unlessEqual(strings.Join(got, "\n"), want); err != nil {
			return err
		}
		return unlessEqual(strings.Join(p.archived("as-it-came", ""), ""), strings.Join(records, ""))
	})
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
