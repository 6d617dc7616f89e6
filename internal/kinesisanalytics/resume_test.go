package kinesisanalytics

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/application/applicationtest"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/memory"
)

// clockedJournal is a memory journal whose arrivals a test decides.
func clockedJournal() (*memory.Journal, *atomic.Int64) {
	clock := &atomic.Int64{}
	clock.Store(1577836800000)
	return memory.New(memory.Options{Now: clock.Load}), clock
}

func create(t *testing.T, s *Service, name string) {
	t.Helper()
	body := fmt.Sprintf(`{"ApplicationName":%q,"ApplicationCode":%q,"Inputs":[{"NamePrefix":"SOURCE_SQL_STREAM",
		"KinesisFirehoseInput":{"ResourceARN":%q,"RoleARN":%q},"InputSchema":{"RecordFormat":{"RecordFormatType":"JSON"},
		"RecordColumns":[{"Name":"status","SqlType":"INTEGER","Mapping":"$.status"}]}}],
		"Outputs":[{"Name":"OUT","KinesisFirehoseOutput":{"ResourceARN":%q,"RoleARN":%q},"DestinationSchema":{"RecordFormatType":"JSON"}}]}`,
		name, testCode, applicationtest.ARN("in"), testRole, applicationtest.ARN("out"), testRole)
	must(t, s, "CreateApplication", body)
}

func must(t *testing.T, s *Service, operation, body string) {
	t.Helper()
	if code, answer := invoke(s, call.Identity{}, operation, body); code != 200 {
		t.Fatalf("%s: %d %s", operation, code, answer)
	}
}

func waitForRecords(t *testing.T, streams *applicationtest.Streams, j journal.Journal, want string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		got := strings.Join(streams.Records(t, j, applicationtest.ARN("out")), " ")
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("output %s, want %s", got, want)
		}
	}
}

// TestOpenGoesOn ends the service in the middle of a window and opens another
// on the same journal: the application runs again and the window is whole.
func TestOpenGoesOn(t *testing.T) {
	j, clock := clockedJournal()
	streams := testStreams()
	s := open(t, testOptions(j, streams))
	create(t, s, "web")
	must(t, s, "StartApplication", `{"ApplicationName":"web","InputConfigurations":[]}`)
	waitFor(t, s, "web", statusRunning)
	streams.Put(t, j, applicationtest.ARN("in"), `{"status":200}`, `{"status":404}`)
	s.Close(context.Background())

	j = j.Reopen()
	s = open(t, testOptions(j, streams))
	waitFor(t, s, "web", statusRunning)
	streams.Put(t, j, applicationtest.ARN("in"), `{"status":200}`)
	clock.Add(10_000)
	waitForRecords(t, streams, j, `{"status":200,"n":2} {"status":404,"n":1}`)

	st := s.Applications()[0]
	if st.Status != statusRunning || st.Run.Records == 0 || st.Run.Streams[0].Name != "SOURCE_SQL_STREAM_001" || st.Run.Streams[1].Rows != 2 {
		t.Errorf("status %+v", st)
	}
}

// TestOpenFinishesWhatWasUnderWay finds applications that were being stopped
// and deleted.
func TestOpenFinishesWhatWasUnderWay(t *testing.T) {
	j, _ := clockedJournal()
	streams := testStreams()
	s := open(t, testOptions(j, streams))
	create(t, s, "stopping")
	create(t, s, "deleting")
	s.mu.Lock()
	for name, status := range map[string]string{"stopping": statusStopping, "deleting": statusDeleting} {
		if err := s.save(s.apps[name], s.apps[name].with(status)); err != nil {
			t.Fatal(err)
		}
	}
	s.mu.Unlock()
	s.Close(context.Background())
	j = j.Reopen()
	s = open(t, testOptions(j, streams))
	waitFor(t, s, "stopping", statusReady)
	waitFor(t, s, "deleting", "gone")
	for e := range j.Scan("") {
		if strings.Contains(e.Key, "deleting") {
			t.Errorf("key %q is left", e.Key)
		}
	}
}

// TestRunsAgain lets a run end by an error that goes away.
func TestRunsAgain(t *testing.T) {
	j, clock := clockedJournal()
	streams := testStreams()
	s := open(t, testOptions(j, streams))
	create(t, s, "web")
	must(t, s, "StartApplication", `{"ApplicationName":"web","InputConfigurations":[]}`)
	waitFor(t, s, "web", statusRunning)
	streams.Fail(applicationtest.ARN("out"), fmt.Errorf("stream is away"))
	streams.Put(t, j, applicationtest.ARN("in"), `{"status":200}`)
	clock.Add(10_000)
	for s.Applications()[0].LastError != "stream is away" {
		time.Sleep(time.Millisecond)
	}
	streams.Fail(applicationtest.ARN("out"), nil)
	waitForRecords(t, streams, j, `{"status":200,"n":1}`)
	for s.Applications()[0].LastError != "" {
		time.Sleep(time.Millisecond)
	}
}

// TestInputMadeAnew deletes the stream under a running application and makes it
// again: the run ends, says why, and the next one reads the new stream.
func TestInputMadeAnew(t *testing.T) {
	j, clock := clockedJournal()
	streams := testStreams()
	s := open(t, testOptions(j, streams))
	create(t, s, "web")
	must(t, s, "StartApplication", `{"ApplicationName":"web","InputConfigurations":[]}`)
	waitFor(t, s, "web", statusRunning)
	streams.Put(t, j, applicationtest.ARN("in"), `{"status":200}`)
	streams.Renew(t, j, applicationtest.ARN("in"))
	for !strings.Contains(s.Applications()[0].LastError, journal.ErrDropped.Error()) {
		time.Sleep(time.Millisecond)
	}
	streams.Put(t, j, applicationtest.ARN("in"), `{"status":404}`)
	for st := s.Applications()[0]; st.LastError != "" || st.Run.Records != 1; st = s.Applications()[0] {
		time.Sleep(time.Millisecond)
	}
	clock.Add(10_000)
	waitForRecords(t, streams, j, `{"status":404,"n":1}`)
}
