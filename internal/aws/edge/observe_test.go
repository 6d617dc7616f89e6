package edge

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// What Observe is told are names of the tables, never the client's: labels of
// metrics are made of them.
func TestObserveIsToldNamesOfTheTables(t *testing.T) {
	observe := func(ro route) string {
		var seen string
		e := testEdge(t, nil)
		e.Observe = func(service, operation string, _ int, _ time.Duration) { seen = service + "/" + operation }
		e.ServeHTTP(httptest.NewRecorder(), authenticate(t, "signed", ro))
		return seen
	}
	target := func(name string) http.Header { return http.Header{"X-Amz-Target": {name}} }
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for _, c := range []struct {
		route route
		want  string
	}{
		{route{service: "firehose", body: `{"Name":"a"}`, header: target("Firehose_20150804.Echo")}, "firehose/Echo"},
		{route{service: "firehose", body: `{}`, header: target("Firehose_20150804.X\xff")}, "firehose/"},
		{route{service: "dynamodb", body: `{}`, header: target("DynamoDB.Scan")}, "/"},
		{route{service: "iam", body: "Action=Echo&Version=2010-05-08&Name=a", header: form}, "iam/Echo"},
		{route{service: "iam", body: "Action=Fly%FF&Version=2010-05-08", header: form}, "iam/"},
		{route{service: "polly", body: "Action=Speak&Version=1", header: form}, "/"},
		{route{service: "es", path: "/2021-01-01/echo", body: `{"Name":"a"}`, header: http.Header{}}, "es/Echo"},
		{route{service: "es", path: "/2021-01-01/nothing", body: `{}`, header: http.Header{}}, "es/"},
		{route{service: "s3", method: "BREW", path: "/bucket", header: http.Header{}}, "s3/"},
	} {
		if c.route.method == "" {
			c.route.method = "POST"
		}
		if c.route.path == "" {
			c.route.path = "/"
		}
		if got := observe(c.route); got != c.want {
			t.Errorf("%v %s: observed %q, want %q", c.route.header, c.route.body, got, c.want)
		}
	}
}
