package firehose

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/journal/memory"
)

// wireCalls returns the operations and bodies of testdata/wire.
func wireCalls(t testing.TB) (calls [][2]string) {
	files, err := filepath.Glob("testdata/wire/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no wire files", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for block := range strings.SplitSeq(string(text), "\n\n") {
			_, call, found := strings.Cut("\n"+block, "\ncall ")
			command, body, _ := strings.Cut(call, "\n")
			body, _, _ = strings.Cut(body, "\n----")
			if found && !strings.Contains(body, "$records") && !strings.Contains(body, "$data(") {
				operation, _, _ := strings.Cut(command, " ")
				calls = append(calls, [2]string{operation, expand(body)})
			}
		}
	}
	return calls
}

// What a stream is described as is no change to it: tools that read it and send
// it back find the version as it was. Every stream of testdata/wire is tried.
func TestWhatIsDescribedChangesNothing(t *testing.T) {
	updates := map[string]string{ // member of the description: member of the update
		"ExtendedS3DestinationDescription": "ExtendedS3DestinationUpdate", "S3DestinationDescription": "S3DestinationUpdate",
		"ElasticsearchDestinationDescription":           "ElasticsearchDestinationUpdate",
		"AmazonopensearchserviceDestinationDescription": "AmazonopensearchserviceDestinationUpdate",
		"HttpEndpointDestinationDescription":            "HttpEndpointDestinationUpdate",
	}
	tried := 0
	for i, call := range wireCalls(t) {
		if call[0] != "CreateDeliveryStream" {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			if _, err := r.do(call[0], call[1]); err != nil {
				return // a refusal
			}
			synctest.Wait()
			for _, kind := range r.describedAs(t) {
				for from, to := range updates {
					if destination, there := kind[from]; there {
						r.sendBack(t, to, destination)
						tried++
					}
				}
			}
			if v := r.all()[0].current(); v.Version != 1 || v.UpdatedMillis != 0 {
				t.Errorf("call %d %s: version %d", i, call[1], v.Version)
			}
		})
	}
	if tried < 30 {
		t.Errorf("only %d updates were tried", tried)
	}
}

// describedAs returns the destinations of the only stream.
func (r *rig) describedAs(t *testing.T) []map[string]json.RawMessage {
	t.Helper()
	answer, err := r.do("DescribeDeliveryStream", fmt.Sprintf(`{"DeliveryStreamName":%q}`, r.all()[0].name))
	if err != nil {
		t.Fatal(err)
	}
	var out struct {
		DeliveryStreamDescription struct{ Destinations []map[string]json.RawMessage }
	}
	if err := json.Unmarshal([]byte(answer), &out); err != nil {
		t.Fatal(err)
	}
	return out.DeliveryStreamDescription.Destinations
}

// sendBack updates the only stream with its own description, in the names that
// updates have.
func (r *rig) sendBack(t *testing.T, member string, destination json.RawMessage) {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(destination, &members); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{"S3DestinationDescription": "S3Update", "S3BackupDescription": "S3BackupUpdate"} {
		if value, there := members[from]; there {
			members[to] = value
			delete(members, from)
		}
	}
	delete(members, "VpcConfigurationDescription") // not in updates
	if !strings.HasPrefix(member, "ExtendedS3") && !strings.HasPrefix(member, "Http") {
		delete(members, "S3BackupMode")
	}
	body, err := json.Marshal(map[string]any{"DeliveryStreamName": r.all()[0].name, "CurrentDeliveryStreamVersionId": "1",
		"DestinationId": destinationID, member: members})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.do("UpdateDestination", string(body)); err != nil {
		t.Errorf("%s: %v", body, err)
	}
}

// addressed makes an update one of a new stream, if it is a JSON object.
func addressed(update, name string) string {
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(update), &members); err != nil || members == nil {
		return update
	}
	members["DeliveryStreamName"], _ = json.Marshal(name)
	members["CurrentDeliveryStreamVersionId"] = json.RawMessage(`"1"`)
	body, _ := json.Marshal(members)
	return string(body)
}

// No request, however odd, is answered with a failure of the server's own, and
// what is kept is read at the next start.
func FuzzOperations(f *testing.F) {
	bases := []string{
		`"ExtendedS3DestinationConfiguration":{$to(logs)}`,
		`"ExtendedS3DestinationConfiguration":{$to(logs),"S3BackupMode":"Enabled","S3BackupConfiguration":{$to(raw)}}`,
		`"ElasticsearchDestinationConfiguration":{"RoleARN":"arn:r","DomainARN":"arn:d","IndexName":"i","S3Configuration":{$to(b)}}`,
		`"HttpEndpointDestinationConfiguration":{"EndpointConfiguration":{"Url":"https://e"},"S3Configuration":{$to(b)}}`,
	}
	for _, call := range wireCalls(f) {
		f.Add(call[0], call[1], "")
		for _, base := range bases {
			if call[0] == "UpdateDestination" {
				f.Add("CreateDeliveryStream", `{"DeliveryStreamName":"web",`+expand(base)+`}`, call[1])
			}
		}
	}
	f.Fuzz(func(t *testing.T, operation, body, update string) {
		if strings.HasPrefix(operation, "Put") {
			return // FuzzScanBatch is about those
		}
		r := unopened(memory.New(memory.Options{}))
		r.open(t)
		check := func(operation, body string) {
			if _, err := r.do(operation, body); err != nil && awserr.From(err).Status >= 500 {
				t.Errorf("%s %s: %v", operation, body, err)
			}
		}
		check(operation, body)
		for _, st := range r.all() {
			r.active(t, st.name)
			check("UpdateDestination", addressed(update, st.name))
			check("DescribeDeliveryStream", fmt.Sprintf(`{"DeliveryStreamName":%q}`, st.name))
		}
		r.reopen(t)
		_ = r.Close()
	})
}
