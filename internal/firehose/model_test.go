package firehose

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/firehose"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// TestModel goes over every member of AWS's own model, of the requests of all
// operations, and says what becomes of it here: testdata/model.txt. A member that
// the shapes do not know fails the test, and so does a shape's member that AWS
// does not know. What stands there about refusals is what a call was answered.
func TestModel(t *testing.T) {
	w := &modelWalk{t: t, r: newRig(t)}
	w.r.create(t, "web")
	for _, operation := range []struct{ theirs, ours any }{
		{sdk.CreateDeliveryStreamInput{}, createDeliveryStreamInput{}},
		{sdk.DeleteDeliveryStreamInput{}, deleteDeliveryStreamInput{}},
		{sdk.DescribeDeliveryStreamInput{}, describeDeliveryStreamInput{}},
		{sdk.ListDeliveryStreamsInput{}, listDeliveryStreamsInput{}},
		{sdk.ListTagsForDeliveryStreamInput{}, listTagsForDeliveryStreamInput{}},
		{sdk.PutRecordInput{}, putRecordInput{}},
		{sdk.PutRecordBatchInput{}, putRecordBatchInput{}},
		{sdk.StartDeliveryStreamEncryptionInput{}, startDeliveryStreamEncryptionInput{}},
		{sdk.StopDeliveryStreamEncryptionInput{}, stopDeliveryStreamEncryptionInput{}},
		{sdk.TagDeliveryStreamInput{}, tagDeliveryStreamInput{}},
		{sdk.UntagDeliveryStreamInput{}, untagDeliveryStreamInput{}},
		{sdk.UpdateDestinationInput{}, updateDestinationInput{}},
	} {
		theirs := reflect.TypeOf(operation.theirs)
		w.operation = strings.TrimSuffix(theirs.Name(), "Input")
		w.walk(theirs, reflect.TypeOf(operation.ours), w.operation+".", "")
	}
	got := strings.Join(w.lines, "\n") + "\n"
	if *rewrite {
		if err := os.WriteFile("testdata/model.txt", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/model.txt")
	if err != nil || got != string(want) {
		t.Errorf("testdata/model.txt is another one (%v); go test -run TestModel -rewrite shows the difference", err)
	}
	for path := range refusals {
		if !w.met[path] {
			t.Errorf("%s is no member", path)
		}
	}
	if len(w.lines) < 300 {
		t.Errorf("only %d members", len(w.lines))
	}
}

// refusals are members of which some values are refused: the destination of a
// request that shows it.
var refusals = map[string]string{
	"CreateDeliveryStream.DeliveryStreamType": `"DeliveryStreamType":"MSKAsSource","S3DestinationConfiguration":{$to(b)}`,
	"CreateDeliveryStream.ElasticsearchDestinationConfiguration.TypeName": `"ElasticsearchDestinationConfiguration":{"RoleARN":"arn:r",
		"DomainARN":"arn:d","IndexName":"i","S3Configuration":{$to(b)},"TypeName":"_doc"}`,
	"CreateDeliveryStream.AmazonopensearchserviceDestinationConfiguration.TypeName": `"AmazonopensearchserviceDestinationConfiguration":{"RoleARN":"arn:r",
		"DomainARN":"arn:d","IndexName":"i","S3Configuration":{$to(b)},"TypeName":"_doc"}`,
	"CreateDeliveryStream.HttpEndpointDestinationConfiguration.SecretsManagerConfiguration": `"HttpEndpointDestinationConfiguration":{
		"EndpointConfiguration":{"Url":"https://e"},"S3Configuration":{$to(b)},"SecretsManagerConfiguration":{"Enabled":true}}`,
	"CreateDeliveryStream.ExtendedS3DestinationConfiguration.DataFormatConversionConfiguration.OutputFormatConfiguration.Serializer.OrcSerDe":                     converting(`{"OrcSerDe":{}}`),
	"CreateDeliveryStream.ExtendedS3DestinationConfiguration.DataFormatConversionConfiguration.OutputFormatConfiguration.Serializer.ParquetSerDe.MaxPaddingBytes": converting(`{"ParquetSerDe":{"MaxPaddingBytes":1}}`),
}

func converting(serializer string) string {
	return `"ExtendedS3DestinationConfiguration":{$to(b),"DataFormatConversionConfiguration":{"SchemaConfiguration":{"RoleARN":"arn:r","DatabaseName":"db","TableName":"web"},
		"InputFormatConfiguration":{"Deserializer":{"OpenXJsonSerDe":{}}},"OutputFormatConfiguration":{"Serializer":` + serializer + `}}}`
}

type modelWalk struct {
	t         *testing.T
	r         *rig
	operation string
	lines     []string
	met       map[string]bool
}

// walk compares two shapes. inherited is what is true of all that is below.
func (w *modelWalk) walk(theirs, ours reflect.Type, path, inherited string) {
	members := map[string]reflect.StructField{}
	flatten(ours, members)
	for i := range theirs.NumField() {
		their := theirs.Field(i)
		if !their.IsExported() {
			continue
		}
		our, known := members[their.Name]
		if !known {
			w.t.Errorf("%s%s: the shape does not know it", path, their.Name)
			continue
		}
		delete(members, their.Name)
		w.member(their.Type, our, path+their.Name, inherited)
	}
	for name := range members {
		w.t.Errorf("%s%s: AWS does not know it", path, name)
	}
}

func flatten(shape reflect.Type, into map[string]reflect.StructField) {
	for i := range shape.NumField() {
		if f := shape.Field(i); f.Anonymous {
			flatten(f.Type, into)
		} else {
			into[f.Name] = f
		}
	}
}

func (w *modelWalk) member(theirs reflect.Type, our reflect.StructField, path, inherited string) {
	if w.met == nil {
		w.met = map[string]bool{}
	}
	w.met[path] = true
	rules := strings.Split(our.Tag.Get("valid"), ",")
	fate := inherited
	switch {
	case fate != "":
	case slices.Contains(rules, "unsupported"):
		w.say(path, "refused: "+w.refusal(our.Name))
		return
	case slices.Contains(rules, "off"):
		inherited, fate = "kept", "kept while it is off, else refused"+w.example(path)
	case slices.Contains(rules, "kept"):
		fate = "kept"
	case refusals[path] != "":
		fate = "honoured or refused" + w.example(path)
	}
	theirs, list := element(theirs)
	ours, _ := element(our.Type)
	switch {
	case theirs.Kind() != reflect.Struct:
		if fate == "" {
			fate = "honoured"
		}
		w.say(path, fate)
		return
	case ours.Kind() != reflect.Struct:
		w.t.Errorf("%s: %s for AWS's %s", path, ours, theirs)
		return
	case fate != "" && fate != inherited:
		w.say(path, fate)
	}
	if list {
		path += "[]"
	}
	w.walk(theirs, ours, path+".", inherited)
}

// element is what a pointer points to, or what a list that is not data holds.
func element(t reflect.Type) (elem reflect.Type, list bool) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8 {
		list = list || t.Kind() == reflect.Slice
		t = t.Elem()
	}
	return t, list
}

func (w *modelWalk) say(path, fate string) { w.lines = append(w.lines, path+" | "+fate) }

// example is the answer to a request with a value that is refused.
func (w *modelWalk) example(path string) string {
	body := refusals[path]
	if body == "" {
		return "" // the same member of another request shows it
	}
	return ": " + w.answer(`{"DeliveryStreamName":"refused",`+expand(body)+`}`)
}

// refusal is the answer to a request with that member.
func (w *modelWalk) refusal(member string) string {
	body := map[string]any{"DeliveryStreamName": "refused", member: struct{}{}}
	switch {
	case w.operation == "UpdateDestination":
		body["DeliveryStreamName"], body["CurrentDeliveryStreamVersionId"], body["DestinationId"] = "web", "1", destinationID
	case !strings.Contains(member, "Destination"):
		body["S3DestinationConfiguration"] = map[string]string{"RoleARN": "arn:r", "BucketARN": "arn:aws:s3:::b"}
	}
	text, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	answer := w.answer(string(text))
	if !strings.Contains(answer, member) {
		w.t.Errorf("%s: %q does not name it", member, answer)
	}
	return answer
}

func (w *modelWalk) answer(body string) string {
	_, err := w.r.do(w.operation, body)
	if !awserr.Is(err, "InvalidArgumentException") {
		w.t.Errorf("%s %s: %v", w.operation, body, err)
		return fmt.Sprint(err)
	}
	return awserr.From(err).Message
}
