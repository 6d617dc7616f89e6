package opensearch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// A buffer that spans midnight goes to two indices by the arrival of each record, in UTC, to the millisecond.
func TestMidnightInOneBuffer(t *testing.T) {
	f := newFake()
	b := batchOf(`{"at":"before"}`, `{"at":"after"}`)
	midnight := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	b.Records[0].Arrival = midnight.Add(-100 * time.Millisecond).UnixMilli()
	b.Records[1].Arrival = midnight.Add(100 * time.Millisecond).UnixMilli()
	refused, err := to(t, f, nil).Deliver(t.Context(), b)
	if err != nil || len(refused) > 0 || f.requests != 1 {
		t.Fatal(refused, err, f.requests)
	}
	if f.held["logs-2026-11-22/"+DocumentID(b.Stream, 1)] != `{"at":"before"}` || f.held["logs-2026-11-23/"+DocumentID(b.Stream, 2)] != `{"at":"after"}` {
		t.Error(f.held)
	}
}

// A retry after midnight makes the same document in the same index: the time is the record's.
func TestRetryAcrossMidnight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(23*time.Hour + 59*time.Minute + 59*time.Second)
		f := newFake()
		f.item = func(_ string, attempt int) int {
			if attempt < 12 {
				return 429
			}
			return 201
		}
		b := batchOf(`{}`)
		b.Records[0].Arrival = time.Now().UnixMilli()
		refused, err := to(t, f, nil).Deliver(t.Context(), b)
		if err != nil || len(refused) > 0 || len(f.held) != 1 || f.held["logs-2000-01-01/"+DocumentID(b.Stream, 1)] == "" || time.Now().UTC().Day() != 2 {
			t.Fatal(refused, err, f.held, time.Now())
		}
	})
}

// With NO_DOCUMENT_ID the lines have no _id, whatever the answer calls the document; without a type there is no _type.
func TestLines(t *testing.T) {
	for _, c := range []struct {
		change func(*Options)
		want   string
	}{
		{func(o *Options) {}, `{"index":{"_index":"logs","_id":"ID"}}` + "\n{}\n"},
		{func(o *Options) { o.NoDocumentID = true }, `{"index":{"_index":"logs"}}` + "\n{}\n"},
		{func(o *Options) { o.TypeName = `_d"oc` }, `{"index":{"_index":"logs","_type":"_d\"oc","_id":"ID"}}` + "\n{}\n"},
	} {
		f := newFake()
		var body string
		f.script = func(_ int, b []byte) *reply { body = string(b); return nil }
		b := batchOf(`{}`)
		refused, err := to(t, f, func(o *Options) { o.Rotation = NoRotation; c.change(o) }).Deliver(t.Context(), b)
		if err != nil || len(refused) > 0 {
			t.Fatal(refused, err)
		}
		if want := strings.ReplaceAll(c.want, "ID", DocumentID(b.Stream, 1)); body != want {
			t.Errorf("got  %swant %s", body, want)
		}
	}
}

// One bad document among 100: 99 are in the index, one is refused with what an error object shows.
func TestOneBadAmongHundred(t *testing.T) {
	f := newFake()
	var data []string
	for i := range 100 {
		data = append(data, fmt.Sprintf(`{"n":%d}`, i))
	}
	b := batchOf(data...)
	bad := DocumentID(b.Stream, 43)
	f.item = func(id string, _ int) int {
		if id == bad {
			return 400
		}
		return 201
	}
	refused, err := to(t, f, nil).Deliver(t.Context(), b)
	if err != nil || len(f.held) != 99 || len(refused) != 1 || f.requests != 1 {
		t.Fatal(refused, err, len(f.held))
	}
	r := refused[0]
	if r.Code != "400" || r.Attempts != 1 || r.DocumentID != bad || r.IndexName != "logs-2026-11-22" || r.TypeName != "" ||
		string(r.Record.Data) != `{"n":42}` || r.Record.Arrival != arrival || r.Message != `{"type":"scripted","reason":"status 400"}` || r.AttemptedAt == 0 {
		t.Errorf("%+v", r)
	}
}

// An outage that is shorter than the retry duration refuses nothing; one that is longer refuses all, at its end.
func TestOutages(t *testing.T) {
	for _, c := range []struct{ outage, retry time.Duration }{
		{2 * time.Minute, 300 * time.Second}, {10 * time.Minute, 60 * time.Second}, {time.Hour, 7200 * time.Second}, {time.Second, 0},
	} {
		for name, trouble := range map[string]reply{"no connection": {err: errors.New("connection refused")}, "503": {status: 503}, "lost answers": {drop: true}} {
			t.Run(fmt.Sprint(name, c.outage, c.retry), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f, began := newFake(), time.Now()
					f.script = func(int, []byte) *reply {
						if time.Since(began) < c.outage {
							return &trouble
						}
						return nil
					}
					refused, err := to(t, f, func(o *Options) { o.RetryDuration = c.retry }).Deliver(t.Context(), batchOf(`{"a":1}`, `{"a":2}`))
					if err != nil {
						t.Fatal(err)
					}
					if c.outage < c.retry {
						if len(refused) > 0 || len(f.held) != 2 || time.Since(began) > c.outage+longPause*3/2 {
							t.Fatal(refused, f.held, time.Since(began))
						}
						return
					}
					if len(refused) != 2 || time.Since(began) != c.retry || refused[0].Attempts < 1 || refused[1].Attempts != f.requests {
						t.Fatal(refused, time.Since(began), f.requests)
					}
				})
			})
		}
	}
}

// Half of the documents find the queue full: only these go again.
func TestHalfThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		var data []string
		for i := range 50 {
			data = append(data, fmt.Sprintf(`{"n":%d}`, i))
		}
		b := batchOf(data...)
		f.item = func(id string, attempt int) int {
			if attempt == 1 && (id[len(id)-3]-'0')%2 == 1 {
				return 429
			}
			return 201
		}
		refused, err := to(t, f, nil).Deliver(t.Context(), b)
		if err != nil || len(refused) > 0 || len(f.held) != 50 || f.requests != 2 {
			t.Fatal(refused, err, len(f.held), f.requests)
		}
		twice := 0
		for _, n := range f.attempts {
			twice += n - 1
		}
		if twice != 25 {
			t.Errorf("%d documents went again", twice)
		}
	})
}

// Parts of one record have ids of their own, and are refused in their order.
func TestSubRecords(t *testing.T) {
	f := newFake()
	b := batchOf(`{"n":0}`, `plain`, `{"n":2}`, `[]`)
	for i := range b.Records {
		b.Records[i].Sequence, b.Records[i].Sub = 9, i
	}
	slices.Reverse(b.Records)
	refused, err := to(t, f, nil).Deliver(t.Context(), b)
	if err != nil || len(refused) != 2 || refused[0].Record.Sub != 1 || refused[1].DocumentID != record.DeliveredID(b.Stream, 9, 3) {
		t.Fatal(refused, err)
	}
	if len(f.held) != 2 || f.held["logs-2026-11-22/"+record.DeliveredID(b.Stream, 9, 2)] != `{"n":2}` {
		t.Error(f.held)
	}
}

// A server that hangs, before or after its headers, or that answers a byte at a time, has the time of one request.
func TestEachAttemptHasItsDeadline(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"hang": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"hang after headers": func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
		"one byte at a time": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, " ")
				w.(http.Flusher).Flush()
				time.Sleep(10 * time.Millisecond)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				handler(w, r)
			}))
			defer server.Close()
			d, err := New(Options{Endpoint: server.URL, IndexName: "i", Rotation: NoRotation, RequestTimeout: 200 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			refused, err := d.Deliver(t.Context(), batchOf(`{}`))
			if err != nil || len(refused) != 1 || refused[0].Code != unreachable {
				t.Fatal(refused, err)
			}
		})
	}
}

// The failures that the engine is told of carry the codes of Firehose's logs.
func TestFailureCodes(t *testing.T) {
	for code, trouble := range map[string]reply{
		"ES.AccessDenied": {status: 403}, "ES.ResourceNotFound": {status: 404}, "ES.ServiceException": {err: errors.New("reset")},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			f.script = func(int, []byte) *reply { return &trouble }
			var failure *record.Failure
			ctx := destination.WithAttempts(t.Context(), destination.Attempts{Failed: func(err error) {
				if !errors.As(err, &failure) {
					t.Error(err)
				}
			}})
			if _, err := to(t, f, func(o *Options) { o.RetryDuration = time.Second }).Deliver(ctx, batchOf(`{}`)); err != nil || failure == nil || failure.Code != code {
				t.Fatal(err, failure)
			}
		})
	}
}

// A batch is held once more at most in the size of a request, however large it is and however long the server is away.
func TestMemoryIsBounded(t *testing.T) {
	const records, size = 40_000, 1000
	source := []byte(`{"pad":"` + strings.Repeat("x", size) + `"}`)
	b := &destination.Batch{Stream: record.StreamID{7}, Name: "web"}
	for i := range records {
		b.Records = append(b.Records, record.Record{Sequence: record.Sequence(i + 1), Data: bytes.Clone(source)})
	}
	var most uint64
	measure := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := measure()
	transport := roundTrip(func(r *http.Request) (*http.Response, error) {
		_, _ = io.Copy(io.Discard, r.Body)
		most = max(most, measure())
		return nil, errors.New("connection refused")
	})
	d, err := New(Options{Endpoint: "https://search.example", IndexName: "i", Rotation: NoRotation, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	refused, err := d.Deliver(t.Context(), b)
	if err != nil || len(refused) != records {
		t.Fatal(len(refused), err)
	}
	// its ids and places, and one request: less than the records' own 40 MB
	if more := most - min(most, before); most == 0 || more > records*size*2/3 {
		t.Errorf("%d bytes more for a batch of %d", more, records*size)
	}
	runtime.KeepAlive(b)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
