package console_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/console"
	"github.com/millrace/millrace/internal/console/consoletest"
	"github.com/millrace/millrace/internal/realtest"
)

func quote(s string) string { return strconv.Quote(s) }

func TestStatusGoesOn(t *testing.T) {
	fake := consoletest.New(time.Now())
	options := fake.Options(token)
	options.Refresh = 20 * time.Millisecond
	c, err := console.New(options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(c)
	defer server.Close()
	defer c.Close()

	next, stop := events(t, server.URL+"/api/v1/status/live")
	defer stop()
	_, data := next()
	first := decode[console.Status](t, data)
	fake.Advance(time.Second)
	for range 100 {
		event, data := next()
		if event != "status" {
			t.Fatalf("event %q", event)
		}
		if decode[console.Status](t, data).Agents[0].LinesRead > first.Agents[0].LinesRead {
			return
		}
	}
	t.Error("the counters never moved")
}

type brokenPath struct{ console.Path }

func (brokenPath) Status(context.Context) (*console.Status, error) {
	return nil, errors.New("the journal is closed")
}

func TestStatusTellsTrouble(t *testing.T) {
	options := consoletest.New(time.Now()).Options(token)
	options.Path = brokenPath{}
	c, err := console.New(options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(c)
	defer server.Close()
	defer c.Close()
	next, stop := events(t, server.URL+"/api/v1/status/live")
	defer stop()
	if event, data := next(); event != "problem" || !strings.Contains(string(data), "the journal is closed") {
		t.Errorf("%s %s", event, data)
	}
	if got := ask(c, "GET", "/api/v1/status", bearer); got.StatusCode != 500 {
		t.Errorf("status: %d", got.StatusCode)
	}
}

// A reader that does not read costs the engine nothing, gets the newest rows,
// and is told how many it missed: received + skipped = pushed.
func TestSlowReaderOfRows(t *testing.T) {
	c, fake := newConsole(t)
	server := httptest.NewServer(c)
	defer server.Close()
	defer c.Close()
	next, stop := events(t, server.URL+"/api/v1/applications/status-codes/streams/error_stream/rows/live")
	if _, data := next(); len(decode[console.RowBatch](t, data).Rows) != 0 {
		t.Fatalf("rows before any came: %s", data)
	}

	const pushes, rowsEach = 200, 500
	row := console.Row{RowTime: 1, Record: json.RawMessage(`{"MESSAGE":"` + strings.Repeat("x", 200) + `"}`)}
	for i := range pushes {
		rows := make([]console.Row, rowsEach)
		for j := range rows {
			rows[j] = row
			rows[j].RowTime = int64(i*rowsEach + j + 1)
		}
		began := time.Now()
		fake.Push(consoletest.Errors, rows, 0)
		if took := time.Since(began); took > time.Second {
			t.Fatalf("a push waited %v for the reader", took)
		}
	}
	var got, last int64
	for got < pushes*rowsEach {
		event, data := next()
		if event != "rows" {
			t.Fatalf("event %q after %d rows", event, got)
		}
		batch := decode[console.RowBatch](t, data)
		got += int64(len(batch.Rows)) + batch.Skipped
		for _, r := range batch.Rows {
			if r.RowTime <= last {
				t.Fatalf("row %d after row %d", r.RowTime, last)
			}
			last = r.RowTime
		}
	}
	if got != pushes*rowsEach || last != pushes*rowsEach {
		t.Errorf("received and skipped %d rows of %d, the last is %d", got, pushes*rowsEach, last)
	}

	stop()
	for end := time.Now().Add(5 * time.Second); fake.Watchers(consoletest.Errors) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the subscription outlived its reader")
		}
	}
}

// Close ends live streams, so that a server can shut down.
func TestCloseEndsStreams(t *testing.T) {
	c, fake := newConsole(t)
	server := httptest.NewServer(c)
	defer server.Close()
	status, stopStatus := events(t, server.URL+"/api/v1/status/live")
	defer stopStatus()
	rows, stopRows := events(t, server.URL+"/api/v1/applications/status-codes/streams/error_stream/rows/live")
	defer stopRows()
	status()
	rows()
	c.Close()
	for _, next := range []func() (string, []byte){status, rows} {
		for event, _ := next(); event != ""; event, _ = next() {
		}
	}
	for end := time.Now().Add(5 * time.Second); fake.Watchers(consoletest.Errors) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("a subscription outlived the console")
		}
	}
}

func TestTap(t *testing.T) {
	c, fake := newConsole(t)
	server := httptest.NewServer(c)
	defer server.Close()
	defer c.Close()
	r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/api/v1/tap?where=app/status-codes/SOURCE_SQL_STREAM_001", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	fake.Advance(time.Second)
	lines := bufio.NewScanner(answer.Body)
	for i := range 50 {
		if !lines.Scan() || !json.Valid(lines.Bytes()) {
			t.Fatalf("line %d: %q %v", i, lines.Text(), lines.Err())
		}
	}
	for target, want := range map[string]int{"": 400, "?where=nonsense": 400, "?where=app/x/y": 404} {
		if got := ask(c, "GET", "/api/v1/tap"+target, bearer); got.StatusCode != want {
			t.Errorf("tap%s: %d, want %d", target, got.StatusCode, want)
		}
	}
}

// Operations and what they answer to what does not exist.
func TestOperations(t *testing.T) {
	c, fake := newConsole(t)
	fake.Advance(20 * time.Second)
	for _, test := range []struct {
		request, body string
		status        int
		answer        string
	}{
		{"GET /api/v1/applications/status-codes", "", 200, "CREATE OR REPLACE PUMP"},
		{"GET /api/v1/applications/none", "", 404, `application \"none\": not found`},
		{"GET /api/v1/applications/none/streams/x/rows/live", "", 404, "not found"},
		{"GET /api/v1/applications/status-codes/streams/x%2Fy/rows/live", "", 404, `in-application stream \"x/y\"`},
		{"POST /api/v1/streams/status-codes-ingest/flush", "", 204, ""},
		{"POST /api/v1/streams/none/flush", "", 404, `delivery stream \"none\"`},
		{"GET /api/v1/search/analysed-logs*/mapping", "", 200, `"STATUS":{"type":"long"}`},
		{"GET /api/v1/search/analysed-logs%2A/mapping?domain=status-codes", "", 200, `"STATUS"`},
		{"POST /api/v1/search/analysed-logs*", `{"size":0,"aggs":{"a":{"sum":{"field":"STATUSCOUNT"}}}}`, 200, `"aggregations":{"a":{"value":`},
		{"POST /api/v1/search/analysed-logs*", `{"sise":0}`, 400, "parsing_exception"},
		{"POST /api/v1/search/none", `{}`, 404, "index_not_found_exception"},
		{"GET /api/v1/search/forbidden/mapping", "", 502, "refused the console's credentials"},
		{"GET /api/v1/search/down/mapping", "", 502, "connection refused"},
		{"POST /api/v1/search/_bulk", `{}`, 400, "is not an index pattern"},
		{"POST /api/v1/search/a%2F_delete_by_query", `{}`, 400, "is not an index pattern"},
		{"POST /api/v1/search/a%3Fq=1", `{}`, 400, "is not an index pattern"},
		{"POST /api/v1/search/a,_all", `{}`, 400, "is not an index pattern"},
		{"POST /api/v1/search/a*", strings.Repeat(" ", 1<<20+1), 413, "at most 1 MiB"},
		{"GET /metrics", "", 200, "millrace_fake_visits_total"},
		{"DELETE /api/v1/status", "", 404, "no such operation"},
		{"POST /api/v1/shutdown", "", 202, ""},
	} {
		method, target, _ := strings.Cut(test.request, " ")
		r := httptest.NewRequest(method, target, strings.NewReader(test.body))
		r.Host = "localhost"
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.answer) {
			t.Errorf("%s: %d %s\nwant %d %s", test.request, w.Code, w.Body, test.status, test.answer)
		}
		if strings.HasPrefix(test.request, "GET /api/v1/applications/none") && w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: content type %s", test.request, w.Header().Get("Content-Type"))
		}
	}
	if fake.Shutdowns() != 1 {
		t.Errorf("%d shutdowns", fake.Shutdowns())
	}
}

func TestHealth(t *testing.T) {
	options := consoletest.New(time.Now()).Options(token)
	var sick error
	options.Health = func(context.Context) error { return sick }
	c, err := console.New(options)
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(c, "GET", "/healthz"); got.StatusCode != 200 {
		t.Errorf("healthy: %d", got.StatusCode)
	}
	sick = fmt.Errorf("journal full")
	got := ask(c, "GET", "/healthz")
	if body, _ := io.ReadAll(got.Body); got.StatusCode != 503 || !strings.Contains(string(body), "journal full") {
		t.Errorf("sick: %d %s", got.StatusCode, body)
	}
}

// The committed pages are what web/ builds to. Building needs node and the
// packages that npm ci brought: where they are not, only CI can tell.
func TestBuiltPagesAreCurrent(t *testing.T) {
	realtest.Program(t, "node")
	if _, err := os.Stat("../../web/node_modules"); err != nil {
		realtest.Missing(t, "web/node_modules (npm ci in web/)")
	}
	if out, err := exec.Command("../../web/check-build.sh").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
