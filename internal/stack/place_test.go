package stack

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// testdata/place.txt: the template, then what a service says of a request that
// was made from it and, below each, what the stack says.
func TestPlaces(t *testing.T) {
	src, err := os.ReadFile("testdata/place.txt")
	if err != nil {
		t.Fatal(err)
	}
	text, cases, _ := strings.Cut(string(src), "\n----\n")
	template := parsed(t, text)
	h := &held{stack: &Stack{Name: "s", Region: "us-east-1"}}
	var got strings.Builder
	for _, one := range strings.Split(strings.TrimSpace(cases), "\n\n") {
		message, _, _ := strings.Cut(one, "\n")
		err := h.placed(awserr.New("ValidationException", "%s", message), template, template.Resources[0])
		got.WriteString("\n" + message + "\n" + awserr.From(err).Message + "\n")
	}
	if *rewrite {
		if err := os.WriteFile("testdata/place.txt", []byte(text+"\n----\n"+got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if text+"\n----\n"+got.String() != string(src) {
		t.Errorf("got%s", got.String())
	}
}

// What says nothing about the request stays as it is.
func TestOtherErrorsHaveNoPlace(t *testing.T) {
	template := parsed(t, "Resources: {B: {Type: 'AWS::S3::Bucket', Properties: {BucketName: b}}}")
	h := &held{stack: &Stack{}}
	for _, err := range []error{
		awserr.New("AccessDeniedException", "BucketName is not for you"),
		awserr.New("LimitExceededException", "BucketName one too many"),
		os.ErrClosed,
	} {
		if got := h.placed(err, template, template.Resources[0]); got != err {
			t.Errorf("%v became %v", err, got)
		}
	}
}

// A refused value of a parameter that is not shown is not shown by its refusal,
// be it the service's or that of the template's own check.
func TestRefusedSecretsAreMasked(t *testing.T) {
	c := newCloud()
	c.refuse = func(call string) error {
		if strings.HasPrefix(call, "CreateDeliveryStream ") {
			return awserr.New("ValidationException", "1 validation error detected: Value 'hush' at "+
				"'httpEndpointDestinationConfiguration.endpointConfiguration.accessKey' failed to satisfy constraint: Member must be longer")
		}
		return nil
	}
	b := newRig(t, c)
	text := `
Parameters: {Secret: {Type: String, NoEcho: true}}
Resources:
  R:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      HttpEndpointDestinationConfiguration:
        EndpointConfiguration: {Url: https://example.com, AccessKey: !Ref Secret}
        S3Configuration: {BucketARN: 'arn:aws:s3:::b', RoleARN: 'arn:aws:iam::000000000000:role/r'}`
	if err := b.create("s", text, OnFailureDoNothing, map[string]string{"Secret": "hush"}); err != nil {
		t.Fatal(err)
	}
	want := "1 validation error detected: Value '****' at 'httpEndpointDestinationConfiguration.endpointConfiguration.accessKey' (template:8:70) " +
		"failed to satisfy constraint: Member must be longer (Status Code: 400; Error Code: ValidationException)"
	if got := b.rests("s").Resource("R").Reason; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	_, events, _ := b.Events("s")
	if strings.Contains(reasons(events), "hush") {
		t.Errorf("events say\n%s", reasons(events))
	}
	text = strings.Replace(text, "AccessKey: !Ref Secret}", "AccessKey: a}\n        RetryOptions: {DurationInSeconds: !Ref Secret}", 1)
	if err := b.create("other", text, OnFailureDoNothing, map[string]string{"Secret": "hush"}); err != nil {
		t.Fatal(err)
	}
	if got := b.rests("other").Resource("R").Reason; !strings.HasSuffix(got, `DurationInSeconds: expected a whole number, found "****"`) {
		t.Error(got)
	}
}

// Places are added to what a service says and nothing of it is lost, whatever it
// says.
func FuzzPlaces(f *testing.F) {
	src, err := os.ReadFile("testdata/place.txt")
	if err != nil {
		f.Fatal(err)
	}
	text, cases, _ := strings.Cut(string(src), "\n----\n")
	for line := range strings.Lines(cases) {
		f.Add(line)
	}
	template, err := Parse("template", []byte(text))
	if err != nil {
		f.Fatal(err)
	}
	properties := template.Resources[0].Properties
	added := regexp.MustCompile(` \(template:\d+:\d+\)|^template:\d+:\d+: `)
	f.Fuzz(func(t *testing.T, message string) {
		if strings.Contains(message, "template:") {
			return
		}
		if got := placedMessage(message, Position{4, 3}, properties); got == message || added.ReplaceAllString(got, "") != message {
			t.Errorf("%q became %q", message, got)
		}
	})
}
