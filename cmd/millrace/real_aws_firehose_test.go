//go:build unix

package main

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/firehose"
)

// cliFirehoseOther calls the operations of Firehose that cliFirehose has no use
// for: changes of a stream, its tags and its encryption.
func cliFirehoseOther(t *testing.T, c *awsCLI) {
	c.run("s3 mb s3://cli-settings")
	const role = "arn:aws:iam::000000000000:role/cli" // does not exist: may do everything
	c.shows(`"arn:aws:firehose:us-east-1:000000000000:deliverystream/settings"`,
		"firehose create-delivery-stream --delivery-stream-name settings --delivery-stream-type DirectPut "+
			"--tags Key=team,Value=web --delivery-stream-encryption-configuration-input KeyType=AWS_OWNED_CMK --http-endpoint-destination-configuration",
		`{"EndpointConfiguration": {"Url": "https://127.0.0.1:9/", "Name": "nobody", "AccessKey": "secret"},
		"S3Configuration": {"BucketARN": "arn:aws:s3:::cli-settings", "RoleARN": "`+role+`"}}`)
	described := c.described("settings", func(d cliStream) bool { return d.DeliveryStreamStatus == "ACTIVE" })
	if key := described.DeliveryStreamEncryptionConfiguration; key.Status != "ENABLED" || key.KeyType != "AWS_OWNED_CMK" {
		t.Errorf("%+v", described)
	}
	if out := c.run("firehose describe-delivery-stream --delivery-stream-name settings"); strings.Contains(out, "secret") {
		t.Errorf("the access key is shown: %s", out)
	}

	update := "firehose update-destination --delivery-stream-name settings --destination-id destinationId-000000000001 "
	c.run(update + "--current-delivery-stream-version-id 1 --http-endpoint-destination-update RetryOptions={DurationInSeconds=7}")
	c.shows(`(?s)"VersionId": "2".*"DurationInSeconds": 7`, "firehose describe-delivery-stream --delivery-stream-name settings")
	c.refuses("ConcurrentModificationException",
		"Cannot update firehose: settings since the current version id: 2 and specified version id: 1 do not match",
		update+"--current-delivery-stream-version-id 1 --http-endpoint-destination-update RetryOptions={DurationInSeconds=8}")
	c.refuses("InvalidArgumentException", "Changing the destination type to or from HttpEndpoint is not supported at this time.",
		update+"--current-delivery-stream-version-id 2 --extended-s3-destination-update Prefix=p")
	c.refuses("ValidationException", "1 validation error detected: Value '7201' at 'httpEndpointDestinationUpdate.retryOptions.durationInSeconds' "+
		"failed to satisfy constraint: Member must have value less than or equal to 7200",
		update+"--current-delivery-stream-version-id 2 --http-endpoint-destination-update RetryOptions={DurationInSeconds=7201}")

	c.run("firehose tag-delivery-stream --delivery-stream-name settings --tags Key=a,Value=1 Key=b")
	c.shows(`(?s)^\{\s+"Tags": \[\s+\{\s+"Key": "a",\s+"Value": "1"\s+\},\s+\{\s+"Key": "b"\s+\}\s+\],\s+"HasMoreTags": true\s+\}`,
		"firehose list-tags-for-delivery-stream --delivery-stream-name settings --limit 2")
	c.shows(`(?s)"Tags": \[\s+\{\s+"Key": "team",\s+"Value": "web"\s+\}\s+\],\s+"HasMoreTags": false`,
		"firehose list-tags-for-delivery-stream --delivery-stream-name settings --limit 2 --exclusive-start-tag-key b")
	c.run("firehose untag-delivery-stream --delivery-stream-name settings --tag-keys a b not-there")
	c.shows(`^team\s$`, "firehose list-tags-for-delivery-stream --delivery-stream-name settings --query Tags[].Key --output text")
	var many []string
	for n := range 50 {
		many = append(many, "Key=k"+string(rune('a'+n/10))+string(rune('0'+n%10)))
	}
	c.refuses("LimitExceededException", "Firehose settings can have at most 50 tags",
		"firehose tag-delivery-stream --delivery-stream-name settings --tags "+strings.Join(many, " "))

	c.run("firehose stop-delivery-stream-encryption --delivery-stream-name settings")
	c.described("settings", func(d cliStream) bool { return d.DeliveryStreamEncryptionConfiguration.Status == "DISABLED" })
	c.shows(`"Encrypted": false`, "firehose put-record --delivery-stream-name settings --record Data=x")
	c.run("firehose start-delivery-stream-encryption --delivery-stream-name settings")
	c.described("settings", func(d cliStream) bool { return d.DeliveryStreamEncryptionConfiguration.Status == "ENABLED" })
	c.refuses("InvalidArgumentException", "KeyARN has to be specified when KeyType is CUSTOMER_MANAGED_CMK",
		"firehose start-delivery-stream-encryption --delivery-stream-name settings --delivery-stream-encryption-configuration-input KeyType=CUSTOMER_MANAGED_CMK")

	cliStreamPages(t, c)
	operations := cliOperations()
	if len(operations) != 12 {
		t.Errorf("Firehose has the operations %v", operations)
	}
	for _, operation := range operations {
		refusedAtNowhere(t, c, operation)
	}
	c.run("firehose delete-delivery-stream --delivery-stream-name settings --allow-force-delete")
	eventually(t, "the stream is gone", 20*time.Second, func() error {
		out, err := c.command("aws", "firehose", "describe-delivery-stream", "--delivery-stream-name", "settings")
		return unlessFailedWith(out, err, "Firehose settings under account 000000000000 not found.")
	})
}

// cliStream is what is read of a description.
type cliStream struct {
	DeliveryStreamStatus                  string
	DeliveryStreamEncryptionConfiguration struct{ Status, KeyType string }
}

// described waits until a stream's description is as wanted.
func (c *awsCLI) described(name string, wanted func(cliStream) bool) cliStream {
	c.t.Helper()
	var answer struct{ DeliveryStreamDescription cliStream }
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if err := json.Unmarshal([]byte(c.run("firehose describe-delivery-stream --delivery-stream-name "+name)), &answer); err != nil {
			c.t.Fatal(err)
		}
		if wanted(answer.DeliveryStreamDescription) {
			return answer.DeliveryStreamDescription
		}
		if time.Now().After(end) {
			c.t.Fatalf("after 20 s it is still %+v", answer)
		}
	}
}

// cliStreamPages lists the streams one by one. Others come and go meanwhile.
func cliStreamPages(t *testing.T, c *awsCLI) {
	var names []string
	line := "firehose list-delivery-streams --limit 1"
	for start := "settingr"; ; start = names[len(names)-1] {
		var page struct {
			DeliveryStreamNames    []string
			HasMoreDeliveryStreams bool
		}
		if err := json.Unmarshal([]byte(c.run(line+" --exclusive-start-delivery-stream-name "+start)), &page); err != nil {
			t.Fatal(err)
		}
		names = append(names, page.DeliveryStreamNames...)
		if !page.HasMoreDeliveryStreams {
			break
		}
		if len(page.DeliveryStreamNames) != 1 {
			t.Fatalf("a page of one is %v", page.DeliveryStreamNames)
		}
	}
	if len(names) < 3 || names[0] != "settings" || !slices.IsSorted(names) || !slices.Contains(names, "status-codes-ingest") || !slices.Contains(names, "status-codes-results") {
		t.Errorf("one by one there are %v", names)
	}
}

// cliOperations are the operations of Firehose as the CLI names them.
func cliOperations() (names []string) {
	client := reflect.TypeFor[*firehose.Client]()
	for i := range client.NumMethod() {
		if name := client.Method(i).Name; name != "Options" {
			names = append(names, strings.ToLower(regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(name, "$1-$2")))
		}
	}
	return names
}

// refusedAtNowhere calls an operation on a stream that does not exist.
func refusedAtNowhere(t *testing.T, c *awsCLI, operation string) {
	arguments := map[string]string{
		"put-record":            " --record Data=x",
		"put-record-batch":      " --records Data=x",
		"tag-delivery-stream":   " --tags Key=a",
		"untag-delivery-stream": " --tag-keys a",
		"update-destination":    " --current-delivery-stream-version-id 1 --destination-id destinationId-000000000001 --s3-destination-update Prefix=a",
	}
	code, text := "ResourceNotFoundException", "Firehose nowhere under account 000000000000 not found."
	switch operation {
	case "list-delivery-streams": // is about no stream
		return
	case "create-delivery-stream":
		code, text = "InvalidArgumentException", "Exactly one destination configuration is supported for a Firehose"
	}
	c.refuses(code, text, "firehose "+operation+" --delivery-stream-name nowhere"+arguments[operation])
}
