package opensearch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

var arrival = time.Date(2026, 11, 22, 23, 59, 59, 0, time.UTC).UnixMilli()

func batchOf(data ...string) *destination.Batch {
	b := &destination.Batch{ID: "b", Stream: record.StreamID{7}, Name: "to-search", Version: 1}
	for i, text := range data {
		b.Records = append(b.Records, record.Record{Sequence: record.Sequence(i + 1), Arrival: arrival, Data: []byte(text)})
	}
	return b
}

func to(t *testing.T, f *fake, change func(*Options)) *Destination {
	t.Helper()
	opts := Options{Endpoint: "https://search.example", IndexName: "logs", Rotation: OneDay, RetryDuration: 5 * time.Minute, Transport: f}
	if change != nil {
		change(&opts)
	}
	d, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRotation(t *testing.T) {
	at := func(text string) int64 {
		when, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return when.UnixMilli()
	}
	for _, c := range []struct {
		rotation Rotation
		time     string
		want     string
	}{
		{NoRotation, "2016-02-25T13:00:00Z", "myindex"},
		{OneHour, "2016-02-25T13:00:00Z", "myindex-2016-02-25-13"},
		{OneDay, "2016-02-25T13:00:00Z", "myindex-2016-02-25"},
		{OneWeek, "2016-02-25T13:00:00Z", "myindex-2016-w08"}, // the guide's table; by its note it were w09
		{OneWeek, "2016-02-28T23:59:59Z", "myindex-2016-w08"}, // a Sunday ends the week; by the note it would begin w10
		{OneWeek, "2016-02-29T00:00:00Z", "myindex-2016-w09"},
		{OneWeek, "2016-01-01T00:00:00Z", "myindex-2015-w53"}, // by the note 2016-w01
		{OneMonth, "2016-02-25T13:00:00Z", "myindex-2016-02"},
		{OneDay, "2016-02-25T23:30:00-05:00", "myindex-2016-02-26"}, // UTC, whatever the clock on the wall
		{OneWeek, "2027-01-01T12:00:00Z", "myindex-2026-w53"},       // the year of the week, not of the day
	} {
		if got := c.rotation.Index("myindex", at(c.time)); got != c.want {
			t.Errorf("%s at %s: %s, want %s", c.rotation, c.time, got, c.want)
		}
	}
}

// Records across midnight go to two indices in one request, ids are Firehose's, line breaks in a record do not matter.
func TestRequest(t *testing.T) {
	f := newFake()
	b := batchOf("{\"a\":1}\n", "{\n \"a\": 2\n}", ` {"a":3}`)
	b.Records[2].Arrival += 2000
	refused, err := to(t, f, nil).Deliver(t.Context(), b)
	if err != nil || len(refused) > 0 || f.requests != 1 {
		t.Fatal(refused, err, f.requests)
	}
	want := map[string]string{
		"logs-2026-11-22/" + DocumentID(b.Stream, 1): `{"a":1}`,
		"logs-2026-11-22/" + DocumentID(b.Stream, 2): `{"a":2}`,
		"logs-2026-11-23/" + DocumentID(b.Stream, 3): `{"a":3}`,
	}
	if fmt.Sprint(f.held) != fmt.Sprint(want) {
		t.Errorf("held %v\nwant %v", f.held, want)
	}
	if id := DocumentID(b.Stream, 1); len(id) != 58 || !strings.HasSuffix(id, ".0") || strings.Trim(id[:56], "0123456789") != "" {
		t.Errorf("id %s is not 56 digits and .0", id)
	}
	if r := f.last; r.URL.String() != "https://search.example/_bulk" || r.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("request %s, %v", r.URL, r.Header)
	}
}

func TestNoObjectIsRefusedUnasked(t *testing.T) {
	f := newFake()
	refused, err := to(t, f, nil).Deliver(t.Context(), batchOf(`[1]`, `plain`, ``, `{"a":1}{"b":2}`, `{"a":`, `null`))
	if err != nil || f.requests != 0 || len(refused) != 6 {
		t.Fatal(refused, err, f.requests)
	}
	for _, r := range refused {
		if r.Code != "400" || !strings.Contains(r.Message, "object") && !strings.Contains(r.Message, "empty") || r.IndexName != "logs-2026-11-22" || r.DocumentID == "" {
			t.Errorf("%+v", r)
		}
	}
}

func TestTooLargeIsHalvedDownToOne(t *testing.T) {
	f := newFake()
	f.maxBytes = 400
	big := `{"big":"` + strings.Repeat("x", 500) + `"}`
	refused, err := to(t, f, nil).Deliver(t.Context(), batchOf(`{"a":1}`, `{"a":2}`, big, `{"a":4}`, `{"a":5}`))
	if err != nil || len(f.held) != 4 || len(refused) != 1 {
		t.Fatal(refused, err, f.held)
	}
	if r := refused[0]; r.Code != "413" || r.Record.Sequence != 3 || r.Attempts != 1 || r.AttemptedAt == 0 {
		t.Errorf("%+v", r)
	}
}

func TestRequestsAreSplit(t *testing.T) {
	f := newFake()
	var data []string
	for i := range 50 {
		data = append(data, fmt.Sprintf(`{"a":%d,"pad":"%s"}`, i, strings.Repeat("x", 100)))
	}
	d := to(t, f, func(o *Options) { o.RequestBytes = 1000 })
	f.script = func(_ int, body []byte) *reply {
		if len(body) > 1000 {
			t.Errorf("request of %d bytes", len(body))
		}
		return nil
	}
	if refused, err := d.Deliver(t.Context(), batchOf(data...)); err != nil || len(refused) > 0 || len(f.held) != 50 || f.requests < 10 {
		t.Fatal(refused, err, len(f.held), f.requests)
	}
}

// Only the documents that were not taken go again, and what is left at the end of the retry duration is refused.
func TestRetriesInsideTheDuration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		b := batchOf(`{"a":1}`, `{"a":2}`, `{"a":3}`, `{"a":4}`)
		busy, mapping, never := DocumentID(b.Stream, 2), DocumentID(b.Stream, 3), DocumentID(b.Stream, 4)
		f.item = func(id string, attempt int) int {
			switch {
			case id == busy && attempt < 4:
				return 429
			case id == mapping:
				return 400
			case id == never:
				return 403
			}
			return 201
		}
		began := time.Now()
		refused, err := to(t, f, nil).Deliver(t.Context(), b)
		if err != nil || len(refused) != 2 || len(f.held) != 2 {
			t.Fatal(refused, err, f.held)
		}
		if took := time.Since(began); took != 5*time.Minute {
			t.Errorf("gave up after %v", took)
		}
		if f.attempts[DocumentID(b.Stream, 1)] != 1 || f.attempts[busy] != 4 || f.attempts[mapping] != 1 || f.attempts[never] < 10 {
			t.Errorf("attempts %v", f.attempts)
		}
		if r := refused[0]; r.Code != "400" || r.Attempts != 1 || r.Message != `{"type":"scripted","reason":"status 400"}` || r.DocumentID != mapping {
			t.Errorf("%+v", r)
		}
		if r := refused[1]; r.Code != "403" || r.Attempts != f.attempts[never] || r.AttemptedAt < began.Add(5*time.Minute).UnixMilli() {
			t.Errorf("%+v", r)
		}
	})
}

// The engine hears of every attempt that is made again, and can end a wait.
func TestAttemptsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.item = func(_ string, attempt int) int {
			if attempt < 8 {
				return 429
			}
			return 201
		}
		again := make(chan struct{}, 1)
		var told []string
		ctx := destination.WithAttempts(t.Context(), destination.Attempts{Again: again, Failed: func(err error) {
			told = append(told, err.Error())
			again <- struct{}{}
		}})
		began := time.Now()
		refused, err := to(t, f, nil).Deliver(ctx, batchOf(`{"a":1}`))
		if err != nil || len(refused) != 0 || time.Since(began) != 0 {
			t.Fatal(refused, err, time.Since(began))
		}
		if len(told) != 7 || told[0] != `search does not take documents: ES.ServiceException: 429: {"type":"scripted","reason":"status 429"}` {
			t.Errorf("told %q", told)
		}
	})
}

func TestNoRetryDurationIsOneAttempt(t *testing.T) {
	f := newFake()
	f.script = func(int, []byte) *reply { return &reply{err: errors.New("connection refused")} }
	refused, err := to(t, f, func(o *Options) { o.RetryDuration = 0 }).Deliver(t.Context(), batchOf(`{"a":1}`))
	if err != nil || len(refused) != 1 || refused[0].Attempts != 1 || refused[0].Code != "ES.ServiceException" || !strings.Contains(refused[0].Message, "connection refused") {
		t.Fatal(refused, err)
	}
}

// Whole requests that are refused, redirected, cut short or answered with nonsense are made again.
func TestWholeRequestTrouble(t *testing.T) {
	for name, trouble := range map[string]reply{
		"401": {status: 401, body: "Unauthorized"}, "403": {status: 403, body: `{"error":{"type":"security_exception","reason":"no permissions"}}`},
		"429": {status: 429}, "503": {status: 503, body: "OpenSearch Security not initialized."}, "302": {status: 302}, "404": {status: 404},
		"reset": {err: errors.New("reset")}, "lost answer": {drop: true}, "no JSON": {status: 200, body: "<html>"},
		"items missing": {status: 200, body: `{"items":[]}`}, "other ids": {status: 200, body: `{"items":[{"index":{"_id":"x","status":201}},{"index":{"_id":"y","status":201}}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				f.script = func(n int, _ []byte) *reply {
					if n <= 3 {
						return &trouble
					}
					return nil
				}
				refused, err := to(t, f, nil).Deliver(t.Context(), batchOf(`{"a":1}`, `{"a":2}`))
				if err != nil || len(refused) > 0 || len(f.held) != 2 || f.requests != 4 {
					t.Fatal(refused, err, f.held, f.requests)
				}
			})
		})
	}
}

func TestCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.script = func(int, []byte) *reply { return &reply{status: 503} }
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		refused, err := to(t, f, nil).Deliver(ctx, batchOf(`{"a":1}`))
		if !errors.Is(err, context.DeadlineExceeded) || len(refused) > 0 {
			t.Fatal(refused, err)
		}
	})
}

func TestCredentials(t *testing.T) {
	keys := credentials.NewStaticCredentialsProvider("AKID", "secret", "token")
	for _, secret := range []Credentials{Basic{"u", "p"}, APIKey("a2V5"), SigV4{Provider: keys, Region: "eu-west-1"}} {
		for _, endpoint := range []string{"http://search.example:9200", "http://10.0.0.1", "http://127.0.0.1.example"} {
			if _, err := New(Options{Endpoint: endpoint, IndexName: "i", Rotation: NoRotation, Credentials: secret}); err == nil || !strings.Contains(err.Error(), "use https") {
				t.Errorf("%T would go to %s: %v", secret, endpoint, err)
			}
		}
		for _, endpoint := range []string{"https://search.example", "http://127.0.0.1:9200", "http://[::1]:9200", "http://localhost"} {
			if _, err := New(Options{Endpoint: endpoint, IndexName: "i", Rotation: NoRotation, Credentials: secret}); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := New(Options{Endpoint: "https://s", IndexName: "i", Rotation: NoRotation, Credentials: APIKey("id key")}); err == nil {
		t.Error("an API key that is none is taken")
	}
	f := newFake()
	d := to(t, f, func(o *Options) { o.Credentials = Basic{"u", "p"} })
	if _, err := d.Deliver(t.Context(), batchOf(`{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	if u, p, ok := f.last.BasicAuth(); !ok || u != "u" || p != "p" {
		t.Error("no basic authentication")
	}
	d = to(t, f, func(o *Options) { o.Credentials = APIKey("a2V5") })
	if _, err := d.Deliver(t.Context(), batchOf(`{"a":1}`)); err != nil || f.last.Header.Get("Authorization") != "ApiKey a2V5" {
		t.Fatal(err, f.last.Header)
	}
	d = to(t, f, func(o *Options) { o.Credentials = SigV4{Provider: keys, Region: "eu-west-1"} })
	if _, err := d.Deliver(t.Context(), batchOf(`{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	if auth := f.last.Header.Get("Authorization"); !strings.Contains(auth, "/eu-west-1/es/aws4_request") || f.last.Header.Get("X-Amz-Security-Token") != "token" {
		t.Errorf("authorization %q", auth)
	}
}

func TestOptionsRefused(t *testing.T) {
	for name, opts := range map[string]Options{
		"no scheme":   {Endpoint: "search.example", IndexName: "i", Rotation: OneDay},
		"user":        {Endpoint: "https://u:p@search.example", IndexName: "i", Rotation: OneDay},
		"no index":    {Endpoint: "https://search.example", Rotation: OneDay},
		"rotation":    {Endpoint: "https://search.example", IndexName: "i", Rotation: "OneYear"},
		"negative":    {Endpoint: "https://search.example", IndexName: "i", Rotation: OneDay, RetryDuration: -1},
		"no provider": {Endpoint: "https://search.example", IndexName: "i", Rotation: OneDay, Credentials: SigV4{Region: "x"}},
	} {
		if _, err := New(opts); err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), ":p@") {
			t.Errorf("%s: the error shows the password: %v", name, err)
		}
	}
}

func TestProbe(t *testing.T) {
	f := newFake()
	f.script = func(int, []byte) *reply { return &reply{status: 200, body: "{}"} }
	if err := to(t, f, nil).Probe(t.Context()); err != nil || f.last.Method != http.MethodGet {
		t.Fatal(err)
	}
	f.script = func(int, []byte) *reply { return &reply{status: 403, body: `{"error":{"reason":"no permissions"}}`} }
	if err := to(t, f, nil).Probe(t.Context()); !record.IsPermanent(err) || !strings.Contains(err.Error(), "no permissions") {
		t.Fatal(err)
	}
	f.script = func(int, []byte) *reply { return &reply{err: errors.New("refused")} }
	if err := to(t, f, nil).Probe(t.Context()); err == nil || record.IsPermanent(err) {
		t.Fatal(err)
	}
}
