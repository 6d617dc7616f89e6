package application

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/application/applicationtest"
	"github.com/millrace/millrace/internal/application/input"
)

// withTable is an application that looks up each row in a reference table.
func withTable(t *testing.T) *world {
	s := readScenario(t, "testdata/scenarios/filter.txt")
	s.config.Code = `CREATE OR REPLACE STREAM "OUT" ("host" VARCHAR(16), "name" VARCHAR(16));
		CREATE OR REPLACE PUMP "P" AS INSERT INTO "OUT"
		SELECT STREAM S."host", R."name" FROM "SOURCE_SQL_STREAM_001" AS S LEFT JOIN "NAMES" AS R ON S."host" = R."host";`
	s.config.Outputs = []Output{{Stream: "OUT", ARN: applicationtest.ARN("OUT")}}
	s.config.Tables = []Table{{Name: "NAMES", BucketARN: "arn:aws:s3:::bucket", Key: "names.csv", RoleARN: "arn:aws:iam::000000000000:role/tables",
		Schema: input.Schema{Format: input.CSV, Columns: []input.Column{{Name: "host", SQLType: "VARCHAR(16)"}, {Name: "name", SQLType: "VARCHAR(16)"}}}}}
	s.config.Revision = "1"
	w := newWorld(t, s, mode{snapshots: 1})
	w.objects.Put("bucket/names.csv", "a,Anna\nb,Berta\n")
	return w
}

// TestReferenceTable reads an object when the application is started, keeps what
// it said over a kill, and reads it anew for another revision.
func TestReferenceTable(t *testing.T) {
	w := withTable(t)
	w.start(LastStoppedPoint)
	w.all(`put 00:00:01 {"host":"a"} | {"host":"c"}`)
	w.objects.Put("bucket/names.csv", "a,Agnes\nc,Carla\n")
	w.all(`put 00:00:02 {"host":"a"}`, "kill", `put 00:00:03 {"host":"a"} | {"host":"c"}`, "restart", `put 00:00:04 {"host":"a"}`)
	if n := w.objects.Opened(); n != 1 {
		t.Errorf("the object was read %d times, want once", n)
	}
	w.s.config.Revision = "2"
	w.all("restart", `put 00:00:05 {"host":"a"} | {"host":"c"}`)
	w.app.Stop(context.Background())
	want := `{"host":"a","name":"Anna"} {"host":"c","name":null} {"host":"a","name":"Anna"} {"host":"a","name":"Anna"} {"host":"c","name":null} {"host":"a","name":"Anna"} {"host":"a","name":"Agnes"} {"host":"c","name":"Carla"}`
	if got := strings.Join(w.records(w.s.config.Outputs[0]), " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestReferenceTableRefused refuses to start without the object, without the
// right to it, and where there are no objects at all.
func TestReferenceTableRefused(t *testing.T) {
	w := withTable(t)
	start := func(change func(o *Options, c *Config)) error {
		o, c := w.options(), w.s.config
		c.Tables = append([]Table(nil), c.Tables...)
		change(&o, &c)
		a, err := Start(context.Background(), o, c, LastStoppedPoint)
		if err == nil {
			a.Stop(context.Background())
		}
		return err
	}
	for _, c := range []struct {
		change func(o *Options, c *Config)
		want   string
	}{
		{func(_ *Options, c *Config) { c.Tables[0].Key = "none" }, `there is no object arn:aws:s3:::bucket/none`},
		{func(_ *Options, c *Config) { c.Tables[0].BucketARN = "bucket" }, `BucketARN is "bucket"`},
		{func(_ *Options, c *Config) { c.Tables[0].Schema.Columns = nil }, `reference table "NAMES": the schema has no RecordColumns`},
		{func(o *Options, _ *Config) { o.Objects = nil }, "reference data is not supported here"},
		{func(_ *Options, c *Config) { c.Input.Processor = &Function{} }, ""},
		{func(o *Options, c *Config) { c.Input.Processor, o.Functions = &Function{}, nil }, "functions are not supported here"},
	} {
		err := start(c.change)
		var refused *InvalidError
		if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &refused) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
	}
	if err := start(func(o *Options, c *Config) { o.Authorizer = applicationtest.Roles{Denied: c.Tables[0].RoleARN} }); err == nil || !strings.Contains(err.Error(), "s3:GetObject") {
		t.Errorf("error %v, want one that names s3:GetObject", err)
	}
}
