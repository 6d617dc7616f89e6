package stack

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/aws/awserr"
)

func TestCreateMakesEverythingAndDeleteTakesItAway(t *testing.T) {
	b := newRig(t, newCloud())
	if err := b.create("logs", pipeline(t), OnFailureRollback, nil); err != nil {
		t.Fatal(err)
	}
	s := b.rests("logs")
	if s.Status != CreateComplete {
		t.Fatalf("%s: %s", s.Status, s.Reason)
	}
	if got := things(b.cloud); got != pipelineThings {
		t.Errorf("got\n%s\nwant\n%s", got, pipelineThings)
	}
	archive := s.Resource("Archive").PhysicalID
	want := []OutputValue{
		{Name: "Archive", Value: archive, Description: "where the log lines are kept"},
		{Name: "Search", Value: "https://127.0.0.1:9200/_search"},
		{Name: "Columns", Value: "host response"},
	}
	if !slices.Equal(s.Outputs, want) {
		t.Errorf("outputs %v, want %v", s.Outputs, want)
	}
	b.checkRequests(s)
	if err := b.create("logs", pipeline(t), OnFailureRollback, nil); !errors.Is(err, ErrExists) {
		t.Errorf("a second stack of the name: %v", err)
	}

	if err := b.Delete("logs", "", ""); err != nil {
		t.Fatal(err)
	}
	if s := b.rests(s.ID); s.Status != DeleteComplete || s.Resource("Archive").Status != DeleteSkipped {
		t.Errorf("%s: %s; archive %s", s.Status, s.Reason, s.Resource("Archive").Status)
	}
	if got := things(b.cloud); got != "bucket/logs-archive-" {
		t.Errorf("left are\n%s", got)
	}
	if _, err := b.Stack("logs"); !errors.Is(err, ErrNoStack) {
		t.Errorf("a deleted stack by its name: %v", err)
	}
}

// checkRequests looks at what operations were given.
func (b *rig) checkRequests(s *Stack) {
	b.t.Helper()
	ingest := b.cloud.get("stream/" + s.Resource("Ingest").PhysicalID)
	s3 := ingest["S3DestinationConfiguration"].(map[string]any)
	archive := "arn:aws:s3:::" + s.Resource("Archive").PhysicalID
	role := "arn:aws:iam::000000000000:role/" + s.Resource("DeliveryRole").PhysicalID
	if s3["BucketARN"] != archive || s3["RoleARN"] != role {
		b.t.Errorf("stream to %v as %v, want %s as %s", s3["BucketARN"], s3["RoleARN"], archive, role)
	}
	hints := s3["BufferingHints"].(map[string]any)
	if hints["SizeInMBs"] != int64(1) || hints["IntervalInSeconds"] != int64(5) {
		b.t.Errorf("hints %v are no numbers", hints)
	}
	if _, ok := s3["Prefix"]; ok {
		b.t.Errorf("AWS::NoValue gave a prefix: %v", s3)
	}
	application := b.cloud.get("application/" + s.Resource("Application").PhysicalID)
	want := "-- columns of logs; ${Literal} stays, and so does $5\nCREATE STREAM \"OUT\" (N INTEGER);\n"
	if application["ApplicationCode"] != want {
		b.t.Errorf("code %q", application["ApplicationCode"])
	}
	if got := application["parts"].([]cloudPart); len(got) != 1 || got[0].kind != "Output" || got[0].name != "OUT" {
		b.t.Errorf("parts %v", got)
	}
	policy := b.cloud.get("policy/" + s.Resource("DeliveryRole").PhysicalID + "/write")["document"]
	if want := fmt.Sprintf(`"Resource":[%q,"arn:aws:s3:::logs-errors-000000000000/*"]`, archive+"/*"); !strings.Contains(policy.(string), want) ||
		!strings.Contains(policy.(string), `"Version":"2012-10-17"`) {
		b.t.Errorf("policy %s lacks %s", policy, want)
	}
}

func TestResourcesWaitForWhatTheyDependOn(t *testing.T) {
	c := newCloud()
	b := newRig(t, c)
	if err := b.create("logs", pipeline(t), OnFailureRollback, nil); err != nil {
		t.Fatal(err)
	}
	s := b.rests("logs")
	_, events, err := b.Events("logs")
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(events)
	place := map[string]int{}
	for i, e := range events {
		place[e.LogicalID+" "+string(e.Status)] = i + 1
	}
	for _, r := range s.Resources {
		for _, d := range r.Dependencies {
			if begun, complete := place[r.LogicalID+" CREATE_IN_PROGRESS"], place[d+" CREATE_COMPLETE"]; begun < complete || complete == 0 {
				t.Errorf("%s begun at %d, but %s complete at %d", r.LogicalID, begun, d, complete)
			}
		}
	}
	if first, last := events[0], events[len(events)-1]; first.Type != stackType || first.Status != CreateInProgress ||
		last.Type != stackType || last.Status != CreateComplete || first.PhysicalID != s.ID {
		t.Errorf("first event %+v, last %+v", first, last)
	}
	if len(events) != 2+2*len(s.Resources) {
		t.Errorf("%d events for %d resources", len(events), len(s.Resources))
	}
}

func TestFailureRollsBack(t *testing.T) {
	for _, test := range []struct {
		onFailure string
		stack     Status
		things    string
	}{
		// The retained bucket stays, as on AWS.
		{OnFailureRollback, RollbackComplete, "bucket/logs-archive-"},
		{OnFailureDelete, DeleteComplete, "bucket/logs-archive-"},
		// All that was made stays; what it is depends on what ran beside.
		{OnFailureDoNothing, CreateFailed, ""},
	} {
		t.Run(test.onFailure, func(t *testing.T) {
			c := newCloud()
			c.refuse = func(call string) error {
				if strings.HasPrefix(call, "CreateApplication ") {
					return awserr.New("InvalidArgumentException", "no such thing")
				}
				return nil
			}
			b := newRig(t, c)
			if err := b.create("logs", pipeline(t), test.onFailure, nil); err != nil {
				t.Fatal(err)
			}
			s := b.rests(b.stacksOnly().ID)
			if s.Status != test.stack {
				t.Errorf("%s: %s", s.Status, s.Reason)
			}
			_, events, _ := b.Events(s.ID)
			if got := reasons(events); !strings.Contains(got, "Application CREATE_FAILED template:74:3: no such thing (Status Code: 400; Error Code: InvalidArgumentException)\n") ||
				!strings.Contains(got, "The following resource(s) failed to create: [Application]. ") {
				t.Errorf("events say\n%s", got)
			}
			if got := things(c); test.things != "" && got != test.things {
				t.Errorf("left are\n%s", got)
			}
			deletes := slices.ContainsFunc(c.calls, func(call string) bool { return strings.Contains(strings.ToLower(call), "delete") })
			if deletes == (test.onFailure == OnFailureDoNothing) {
				t.Errorf("calls are %q", c.calls)
			}
		})
	}
}

func (b *rig) stacksOnly() *Stack {
	b.t.Helper()
	stacks := b.Stacks()
	if len(stacks) != 1 {
		b.t.Fatalf("%d stacks", len(stacks))
	}
	return stacks[0]
}

func reasons(events []Event) string {
	var b strings.Builder
	for _, e := range slices.Backward(events) {
		if e.Reason != "" {
			fmt.Fprintf(&b, "%s %s %s\n", e.LogicalID, e.Status, e.Reason)
		}
	}
	return b.String()
}

// A name that somebody else has is refused, and a rollback leaves it alone.
func TestForeignResourceIsNotTaken(t *testing.T) {
	for _, there := range []string{"bucket/mine", "stream/mine", "role/mine", "application/mine", "domain/mine"} {
		c := newCloud()
		_ = c.add(there, nil, nil)
		b := newRig(t, c)
		kind, properties := map[string]string{
			"bucket/mine":      "AWS::S3::Bucket",
			"stream/mine":      "AWS::KinesisFirehose::DeliveryStream",
			"role/mine":        "AWS::IAM::Role",
			"application/mine": "AWS::KinesisAnalytics::Application",
			"domain/mine":      "AWS::OpenSearchService::Domain",
		}[there], map[string]string{
			"bucket/mine":      "BucketName: mine",
			"stream/mine":      "DeliveryStreamName: mine",
			"role/mine":        "RoleName: mine, AssumeRolePolicyDocument: {}",
			"application/mine": "ApplicationName: mine, Inputs: []",
			"domain/mine":      "DomainName: mine",
		}[there]
		if err := b.create("s", fmt.Sprintf("Resources: {R: {Type: '%s', Properties: {%s}}}", kind, properties), OnFailureRollback, nil); err != nil {
			t.Fatal(err)
		}
		s := b.rests("s")
		if s.Status != RollbackComplete || s.Resource("R").Status != DeleteComplete {
			t.Errorf("%s: stack %s, resource %s", there, s.Status, s.Resource("R").Status)
		}
		_, events, _ := b.Events("s")
		if !strings.Contains(reasons(events), "R CREATE_FAILED mine already exists\n") {
			t.Errorf("%s: events say\n%s", there, reasons(events))
		}
		if got := things(c); got != there {
			t.Errorf("left are %q, want %q", got, there)
		}
	}
}

func TestDeleteBreaksOffACreation(t *testing.T) {
	c := newCloud()
	reached, goOn := make(chan bool), make(chan bool)
	c.before = func(call string) {
		if strings.HasPrefix(call, "CreateApplication ") {
			reached <- true
			<-goOn
		}
	}
	b := newRig(t, c)
	if err := b.create("logs", pipeline(t), OnFailureRollback, nil); err != nil {
		t.Fatal(err)
	}
	<-reached
	id := b.stacksOnly().ID
	if err := b.Delete("logs", "", ""); err != nil {
		t.Fatal(err)
	}
	close(goOn)
	s := b.rests(id)
	if s.Status != DeleteComplete {
		t.Errorf("%s: %s", s.Status, s.Reason)
	}
	if got := things(c); got != "bucket/logs-archive-" {
		t.Errorf("left are\n%s", got)
	}
	if s.Resource("ApplicationOutput") != nil {
		t.Error("a resource was begun after the deletion was asked for")
	}
}

// A resource that cannot be deleted keeps what it depends on, and a second
// deletion takes the rest.
func TestFailedDeletionCanBeRepeated(t *testing.T) {
	c := newCloud()
	b := newRig(t, c)
	if err := b.create("logs", pipeline(t), OnFailureRollback, nil); err != nil {
		t.Fatal(err)
	}
	id := b.rests("logs").ID
	c.refuse = func(call string) error {
		if call == "DELETE /logs-errors-000000000000" {
			return awserr.New("BucketNotEmpty", "The bucket you tried to delete is not empty").With(409)
		}
		return nil
	}
	if err := b.Delete("logs", "", ""); err != nil {
		t.Fatal(err)
	}
	s := b.rests(id)
	if s.Status != DeleteFailed || s.Reason != "The following resource(s) failed to delete: [Errors]. " {
		t.Errorf("%s: %s", s.Status, s.Reason)
	}
	if got := things(c); got != "bucket/logs-archive-\nbucket/logs-errors-000000000000" {
		t.Errorf("left are\n%s", got)
	}
	c.refuse = nil
	if err := b.Delete("logs", "", ""); err != nil {
		t.Fatal(err)
	}
	if s := b.rests(id); s.Status != DeleteComplete {
		t.Errorf("%s: %s", s.Status, s.Reason)
	}
}

func TestPassingFailureIsRepeated(t *testing.T) {
	c := newCloud()
	var refused atomic.Int64
	c.refuse = func(call string) error {
		if strings.HasPrefix(call, "CreateRole") && refused.Add(1) < 3 {
			return (&awserr.Error{Code: "ServiceUnavailable", Message: "later"}).With(503)
		}
		return nil
	}
	b := newRig(t, c)
	if err := b.create("s", "Resources: {R: {Type: 'AWS::IAM::Role', Properties: {AssumeRolePolicyDocument: {}}}}", OnFailureRollback, nil); err != nil {
		t.Fatal(err)
	}
	if s := b.rests("s"); s.Status != CreateComplete || refused.Load() != 3 {
		t.Errorf("%s after %d calls", s.Status, refused.Load())
	}
}

func TestSecretParametersAreMasked(t *testing.T) {
	b := newRig(t, newCloud())
	text := `
Parameters: {Secret: {Type: String, NoEcho: true}}
Resources: {R: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Sub 'b-${Secret}'}}}`
	if err := b.create("s", text, OnFailureRollback, map[string]string{"Secret": "hush"}); err != nil {
		t.Fatal(err)
	}
	s := b.rests("s")
	if s.Status != CreateComplete || s.Resource("R").PhysicalID != "b-hush" || !slices.Equal(s.Hidden, []string{"Secret"}) {
		t.Errorf("%+v", s)
	}
	_, events, _ := b.Events("s")
	for _, e := range events {
		if e.LogicalID == "R" && e.Properties["BucketName"] != "b-****" {
			t.Errorf("event shows %v", e.Properties)
		}
	}
}

func TestDeletedStacksAreForgottenInTime(t *testing.T) {
	b := newRig(t, newCloud())
	if err := b.create("s", "Resources: {R: {Type: 'AWS::S3::Bucket'}}", OnFailureRollback, nil); err != nil {
		t.Fatal(err)
	}
	id := b.rests("s").ID
	if err := b.Delete("s", "", ""); err != nil {
		t.Fatal(err)
	}
	b.rests(id)
	at := func(now time.Time) int {
		e, err := Open(Options{Journal: b.journal, Logger: b.opts.Logger, Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		return len(e.Stacks())
	}
	if n := at(time.Now().Add(keepDeleted - time.Hour)); n != 1 {
		t.Errorf("%d stacks within the time", n)
	}
	if n := at(time.Now().Add(keepDeleted + time.Hour)); n != 0 {
		t.Errorf("%d stacks after it", n)
	}
	for e, err := range b.journal.Scan("stack/") {
		t.Errorf("left is %q %v", e.Key, err)
	}
}

func TestNames(t *testing.T) {
	for _, test := range []struct {
		rule           naming
		stack, logical string
		want           string
	}{
		{naming{most: 64}, "logs", "Role", "logs-Role-"},
		{naming{most: 63, lower: true}, "Logs", "ErrorBucket", "logs-errorbucket-"},
		{naming{most: 28, lower: true}, "status-codes", "SearchDomain", "status-searchd-"},
		{naming{most: 28, lower: true}, "a", "SearchDomain", "a-searchdomain-"},
		{naming{most: 64}, strings.Repeat("s", 128), strings.Repeat("L", 255), strings.Repeat("s", 25) + "-" + strings.Repeat("L", 25) + "-"},
	} {
		got, err := test.rule.generate(test.stack, test.logical, rand.NewChaCha8([32]byte{}))
		if err != nil || !strings.HasPrefix(got, test.want) || len(got) != len(test.want)+randomCharacters || len(got) > test.rule.most {
			t.Errorf("got %q %v, want %s…", got, err, test.want)
		}
	}
}
