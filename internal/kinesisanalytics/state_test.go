package kinesisanalytics

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/application/applicationtest"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/journal"
)

const filterCode = `CREATE STREAM "OUT" ("status" INTEGER, "n" INTEGER); CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "status", %s FROM "SOURCE_SQL_STREAM_001";`

// TestReadsTheFirstFormat opens what the program before the second API wrote:
// the application runs on, and is written anew with its next change.
func TestReadsTheFirstFormat(t *testing.T) {
	j, _ := clockedJournal()
	streams := testStreams()
	value, err := os.ReadFile("testdata/stored_1.json")
	if err != nil {
		t.Fatal(err)
	}
	b := &journal.Batch{}
	b.Set(keyPrefix+"web", value)
	if _, err := journal.Put(j, b); err != nil {
		t.Fatal(err)
	}
	s := open(t, testOptions(j, streams))
	waitFor(t, s, "web", statusRunning)
	streams.Put(t, j, applicationtest.ARN("in"), `{"status":200}`)
	waitForRecords(t, streams, j, `{"status":200}`)
	must(t, s, "AddApplicationCloudWatchLoggingOption", fmt.Sprintf(`{"ApplicationName":"web","CurrentApplicationVersionId":2,
		"CloudWatchLoggingOption":{"LogStreamARN":"arn:l","RoleARN":%q}}`, testRole))
	waitFor(t, s, "web", statusRunning)
	s.Close(context.Background())

	s = open(t, testOptions(j.Reopen(), streams))
	waitFor(t, s, "web", statusRunning)
	_, got := invokeAs(s, v2, call.Identity{}, "DescribeApplicationVersion", `{"ApplicationName":"web","ApplicationVersionId":2}`)
	for _, want := range []string{`"ApplicationARN":"arn:aws:kinesisanalytics:eu-west-1:`, `"CreateTimestamp":1577880000.123`, `"ApplicationDescription":"status codes"`,
		`"OutputId":"2.1"`, `"InputStartingPosition":"NOW"`, `"TextContent":"CREATE STREAM`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	_, got = invoke(s, call.Identity{}, "ListTagsForResource", `{"ResourceARN":"arn:aws:kinesisanalytics:eu-west-1:000000000000:application/web"}`)
	if want := `{"Tags":[{"Key":"a"},{"Key":"team","Value":"web"}]}`; got != want {
		t.Errorf("tags %s, want %s", got, want)
	}
}

// TestUnknownFormat refuses what a later program wrote.
func TestUnknownFormat(t *testing.T) {
	j, _ := clockedJournal()
	b := &journal.Batch{}
	b.Set(keyPrefix+"web", []byte(`{"version":3}`))
	if _, err := journal.Put(j, b); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(testOptions(j, testStreams())); err == nil || !strings.Contains(err.Error(), `"kinesisanalytics/application/web": version 3`) {
		t.Error(err)
	}
}

// TestUpdateGoesOn changes the code of a running application again and again
// while records come: each is read once, by the old code or the new.
func TestUpdateGoesOn(t *testing.T) {
	j, _ := clockedJournal()
	streams := testStreams()
	s := open(t, testOptions(j, streams))
	create(t, s, "web")
	version := 1
	update := func() {
		t.Helper()
		must(t, s, "UpdateApplication", fmt.Sprintf(`{"ApplicationName":"web","CurrentApplicationVersionId":%d,"ApplicationUpdate":{"ApplicationCodeUpdate":%q}}`,
			version, fmt.Sprintf(filterCode, fmt.Sprint(version))))
		version++
	}
	update()
	must(t, s, "StartApplication", `{"ApplicationName":"web","InputConfigurations":[]}`)
	waitFor(t, s, "web", statusRunning)
	const updates, each = 5, 20
	for range updates {
		for n := range each {
			streams.Put(t, j, applicationtest.ARN("in"), fmt.Sprintf(`{"status":%d}`, n))
		}
		update()
		waitFor(t, s, "web", statusRunning)
	}
	seen := map[string]int{}
	for len(streams.Records(t, j, applicationtest.ARN("out"))) < updates*each {
	}
	for _, record := range streams.Records(t, j, applicationtest.ARN("out")) {
		status, _, _ := strings.Cut(record, ",")
		seen[status]++
	}
	for n := range each {
		if status := fmt.Sprintf(`{"status":%d`, n); seen[status] != updates {
			t.Errorf("%s: %d times, want %d", status, seen[status], updates)
		}
	}
}

// TestKilledWhileUpdating ends the server between the journal's commit of an
// update and the restart: the next one runs the new code from where the old was.
func TestKilledWhileUpdating(t *testing.T) {
	j, _ := clockedJournal()
	streams := testStreams()
	s := open(t, testOptions(j, streams))
	create(t, s, "web")
	must(t, s, "StartApplication", `{"ApplicationName":"web","InputConfigurations":[]}`)
	waitFor(t, s, "web", statusRunning)
	s.Close(context.Background())
	j = j.Reopen()
	streams.Put(t, j, applicationtest.ARN("in"), `{"status":404}`)
	var a stored
	value, err := j.Get(keyPrefix + "web")
	if err != nil || a.read(value) != nil {
		t.Fatal(err)
	}
	next, id := a.begin(operation{Name: "UpdateApplication", Start: 1, From: 1, To: 2})
	next.Status, next.Config.ID, next.Config.Code = statusUpdating, 2, fmt.Sprintf(filterCode, "7")
	b := &journal.Batch{}
	if err := next.put(b); err != nil {
		t.Fatal(err)
	}
	if _, err := journal.Put(j, b); err != nil {
		t.Fatal(err)
	}

	s = open(t, testOptions(j, streams))
	waitForRecords(t, streams, j, `{"status":404,"n":7}`)
	waitFor(t, s, "web", statusRunning)
	_, got := invokeAs(s, v2, call.Identity{}, "DescribeApplicationOperation", fmt.Sprintf(`{"ApplicationName":"web","OperationId":%q}`, id))
	if !strings.Contains(got, `"OperationStatus":"SUCCESSFUL"`) || !strings.Contains(got, `"ApplicationVersionUpdatedTo":2`) {
		t.Errorf("the operation is %s", got)
	}
}

// TestStatuses calls in every status what it does not allow. What is allowed is
// in the conversations of testdata/wire.
func TestStatuses(t *testing.T) {
	j, _ := clockedJournal()
	s := open(t, testOptions(j, testStreams()))
	create(t, s, "web")
	a := s.apps["web"]
	requests := deniedRequests(v1)
	requests["DeleteApplication"] = fmt.Sprintf(`{"ApplicationName":"web","CreateTimestamp":%d}`, a.Created/1000)
	changes := []string{"UpdateApplication", "AddApplicationInput", "AddApplicationInputProcessingConfiguration", "DeleteApplicationInputProcessingConfiguration",
		"AddApplicationOutput", "DeleteApplicationOutput", "AddApplicationReferenceDataSource", "DeleteApplicationReferenceDataSource",
		"AddApplicationCloudWatchLoggingOption", "DeleteApplicationCloudWatchLoggingOption"}
	for status, refused := range map[string][]string{
		statusReady:    {"StopApplication"},
		statusStarting: append([]string{"StartApplication"}, changes...),
		statusRunning:  {"StartApplication"},
		statusUpdating: append([]string{"StartApplication"}, changes...),
		statusStopping: append([]string{"StartApplication", "StopApplication", "DeleteApplication"}, changes...),
		statusDeleting: append([]string{"StartApplication", "StopApplication", "DeleteApplication", "TagResource", "UntagResource"}, changes...),
	} {
		s.mu.Lock()
		a.stored.Status = status
		s.mu.Unlock()
		for _, operation := range refused {
			code, answer := invoke(s, call.Identity{}, operation, requests[operation])
			if code != 400 || !strings.Contains(answer, "ResourceInUseException") || !strings.Contains(answer, "is in status "+status+", which does not allow "+operation) {
				t.Errorf("%s while %s: %d %s", operation, status, code, answer)
			}
		}
	}
	s.mu.Lock()
	a.stored.Status = statusReady
	s.mu.Unlock()
}

// TestStopOvertakesUpdate stops an application that is about to be restarted
// with a new version: it rests, and nothing of it runs.
func TestStopOvertakesUpdate(t *testing.T) {
	j, _ := clockedJournal()
	streams := testStreams()
	s := open(t, testOptions(j, streams))
	create(t, s, "web")
	for n := range 20 {
		must(t, s, "StartApplication", `{"ApplicationName":"web","InputConfigurations":[]}`)
		waitFor(t, s, "web", statusRunning)
		must(t, s, "UpdateApplication", fmt.Sprintf(`{"ApplicationName":"web","CurrentApplicationVersionId":%d,"ApplicationUpdate":{"ApplicationCodeUpdate":%q}}`,
			n+1, fmt.Sprintf(filterCode, fmt.Sprint(n))))
		must(t, s, "StopApplication", `{"ApplicationName":"web"}`)
		waitFor(t, s, "web", statusReady)
		s.mu.Lock()
		if a := s.apps["web"]; a.runner != nil || a.Operations[len(a.Operations)-1].Status != successful {
			t.Errorf("runner %v, operations %+v", a.runner, a.Operations)
		}
		s.mu.Unlock()
	}
}

// TestHistoriesAreBounded makes more versions, operations, tags and applications
// than are kept or allowed.
func TestHistoriesAreBounded(t *testing.T) {
	j, _ := clockedJournal()
	s := open(t, testOptions(j, testStreams()))
	create(t, s, "web")
	const updates = maxVersions + 20
	for n := range updates {
		must(t, s, "UpdateApplication", fmt.Sprintf(`{"ApplicationName":"web","CurrentApplicationVersionId":%d,"ApplicationUpdate":{"ApplicationCodeUpdate":"%d"}}`, n+1, n))
	}
	kept := 0
	for range j.Scan(versionPrefix + "web/") {
		kept++
	}
	if kept != maxVersions || len(s.apps["web"].Operations) != maxOperations {
		t.Errorf("%d versions and %d operations are kept", kept, len(s.apps["web"].Operations))
	}
	oldest := updates + 1 - maxVersions
	code, answer := invokeAs(s, v2, call.Identity{}, "DescribeApplicationVersion", fmt.Sprintf(`{"ApplicationName":"web","ApplicationVersionId":%d}`, oldest))
	if code != 200 || !strings.Contains(answer, fmt.Sprintf(`"TextContent":"%d"`, oldest-2)) {
		t.Errorf("version %d: %s", oldest, answer)
	}
	if code, answer = invokeAs(s, v2, call.Identity{}, "DescribeApplicationVersion", fmt.Sprintf(`{"ApplicationName":"web","ApplicationVersionId":%d}`, oldest-1)); code != 400 {
		t.Errorf("version %d: %s", oldest-1, answer)
	}

	var tags []string
	for n := range maxTags + 1 {
		tags = append(tags, fmt.Sprintf(`{"Key":"k%02d"}`, n))
	}
	tag := func(tags []string) (int, string) {
		return invoke(s, call.Identity{}, "TagResource", fmt.Sprintf(`{"ResourceARN":%q,"Tags":[%s]}`, arn("us-east-1", "web"), strings.Join(tags, ",")))
	}
	if code, answer := tag(tags); code != 400 || !strings.Contains(answer, "TooManyTagsException") {
		t.Errorf("%d tags: %s", len(tags), answer)
	}
	if code, answer := tag(tags[1:]); code != 200 {
		t.Errorf("%d tags: %s", len(tags)-1, answer)
	}

	for n := range maxApplications - 1 {
		must(t, s, "CreateApplication", fmt.Sprintf(`{"ApplicationName":"app%d"}`, n))
	}
	if code, answer := invoke(s, call.Identity{}, "CreateApplication", `{"ApplicationName":"more"}`); code != 400 || !strings.Contains(answer, "LimitExceededException") {
		t.Errorf("one more application: %s", answer)
	}
}

// slowObjects opens objects when it is let.
type slowObjects struct {
	opening chan struct{}
	let     chan struct{}
}

func (o *slowObjects) Open(ctx context.Context, _, _ string) (io.ReadCloser, error) {
	o.opening <- struct{}{}
	select {
	case <-o.let:
		return io.NopCloser(strings.NewReader("200,ok\n")), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func addTable(t *testing.T, s *Service) {
	t.Helper()
	must(t, s, "AddApplicationReferenceDataSource", fmt.Sprintf(`{"ApplicationName":"web","CurrentApplicationVersionId":1,"ReferenceDataSource":{"TableName":"T",
		"S3ReferenceDataSource":{"BucketARN":"arn:aws:s3:::data","FileKey":"t.csv","ReferenceRoleARN":%q},
		"ReferenceSchema":{"RecordFormat":{"RecordFormatType":"CSV"},"RecordColumns":[{"Name":"code","SqlType":"INTEGER"},{"Name":"name","SqlType":"VARCHAR(8)"}]}}}`, testRole))
}

// TestSlowStart reads a table that takes its time: meanwhile everything else is
// answered, and what would change the application waits.
func TestSlowStart(t *testing.T) {
	j, _ := clockedJournal()
	o := testOptions(j, testStreams())
	objects := &slowObjects{make(chan struct{}, 100), make(chan struct{})}
	o.Application.Objects = objects
	s := open(t, o)
	create(t, s, "web")
	addTable(t, s)
	answers := make(chan string, 2)
	go func() {
		_, answer := invoke(s, call.Identity{}, "StartApplication", `{"ApplicationName":"web","InputConfigurations":[]}`)
		answers <- answer
	}()
	<-objects.opening
	waitFor(t, s, "web", statusReady)
	must(t, s, "CreateApplication", `{"ApplicationName":"other"}`)
	must(t, s, "TagResource", fmt.Sprintf(`{"ResourceARN":%q,"Tags":[{"Key":"meanwhile"}]}`, arn("us-east-1", "web")))
	stopped := make(chan int, 1)
	go func() {
		code, _ := invoke(s, call.Identity{}, "StopApplication", `{"ApplicationName":"web"}`)
		stopped <- code
	}()
	close(objects.let)
	if answer := <-answers; answer != "{}" {
		t.Errorf("start: %s", answer)
	}
	switch code := <-stopped; code {
	case 200:
		waitFor(t, s, "web", statusReady)
	case 400: // it came first
		waitFor(t, s, "web", statusRunning)
	}
	if _, answer := invoke(s, call.Identity{}, "ListTagsForResource", fmt.Sprintf(`{"ResourceARN":%q}`, arn("us-east-1", "web"))); answer != `{"Tags":[{"Key":"meanwhile"}]}` {
		t.Errorf("tags %s", answer)
	}
}

// TestStopWhileStartHangs stops an application that is to run again, but whose
// table does not come.
func TestStopWhileStartHangs(t *testing.T) {
	j, _ := clockedJournal()
	o := testOptions(j, testStreams())
	objects := &slowObjects{make(chan struct{}, 100), make(chan struct{})}
	o.Application.Objects = objects
	s := open(t, o)
	create(t, s, "web")
	addTable(t, s)
	s.mu.Lock()
	if err := s.save(s.apps["web"], s.apps["web"].with(statusRunning)); err != nil {
		t.Fatal(err)
	}
	s.mu.Unlock()
	s.Close(context.Background())
	o.Application.Journal = j.Reopen()
	s = open(t, o)
	<-objects.opening
	must(t, s, "StopApplication", `{"ApplicationName":"web"}`)
	waitFor(t, s, "web", statusReady)
	s.Close(context.Background())
}
