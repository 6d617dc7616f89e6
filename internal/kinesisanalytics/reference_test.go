package kinesisanalytics

import (
	"context"
	"fmt"
	"testing"

	"github.com/millrace/millrace/internal/application/applicationtest"
)

// TestReferenceDataIsReadAtStartsAndUpdates changes the object behind a table:
// rows see it after an update or a start, and not before, even when the service
// ends in between.
func TestReferenceDataIsReadAtStartsAndUpdates(t *testing.T) {
	j, _ := clockedJournal()
	streams := testStreams()
	o := testOptions(j, streams)
	objects := &applicationtest.Objects{}
	o.Application.Objects = objects
	s := open(t, o)
	create(t, s, "web")
	addTable(t, s)
	code := `CREATE STREAM "OUT" ("name" VARCHAR(8)); CREATE PUMP P AS INSERT INTO "OUT"
		SELECT STREAM T."name" FROM SOURCE_SQL_STREAM_001 AS S JOIN T ON S."status" = T."code"`
	must(t, s, "UpdateApplication", fmt.Sprintf(`{"ApplicationName":"web","CurrentApplicationVersionId":2,"ApplicationUpdate":{"ApplicationCodeUpdate":%q}}`, code))
	want := ""
	row := func(name string) {
		t.Helper()
		streams.Put(t, j, applicationtest.ARN("in"), `{"status":200}`)
		want += fmt.Sprintf(` {"name":%q}`, name)
		waitForRecords(t, streams, j, want[1:])
	}
	start := func() {
		must(t, s, "StartApplication", `{"ApplicationName":"web","InputConfigurations":[{"Id":"1.1","InputStartingPositionConfiguration":{"InputStartingPosition":"LAST_STOPPED_POINT"}}]}`)
		waitFor(t, s, "web", statusRunning)
	}

	objects.Put("data/t.csv", "200,first\n")
	start()
	row("first")
	objects.Put("data/t.csv", "200,second\n")
	row("first")
	s.Close(context.Background())
	j = j.Reopen()
	o.Application.Journal = j
	s = open(t, o)
	waitFor(t, s, "web", statusRunning)
	row("first")
	must(t, s, "UpdateApplication", `{"ApplicationName":"web","CurrentApplicationVersionId":3,"ApplicationUpdate":{"InputUpdates":[{"InputId":"1.1","NamePrefixUpdate":"SOURCE_SQL_STREAM"}]}}`)
	waitFor(t, s, "web", statusRunning)
	row("second")
	must(t, s, "StopApplication", `{"ApplicationName":"web"}`)
	waitFor(t, s, "web", statusReady)
	objects.Put("data/t.csv", "200,third\n")
	start()
	row("third")
}
