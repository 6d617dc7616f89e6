package opensearch_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/destination/destinationtest"
	"github.com/millrace/millrace/internal/destination/opensearch"
	"github.com/millrace/millrace/internal/realtest"
	"github.com/millrace/millrace/internal/record"
	"github.com/millrace/millrace/internal/searchindex"
)

// The suite of all destinations, with the embedded index on the far side.
func TestEmbeddedIndex(t *testing.T) { runSuite(t, openServer) }

// The same with a real OpenSearch without security, whose index "logs" may be deleted, at MILLRACE_OPENSEARCH.
func TestOpenSearch(t *testing.T) {
	address := realtest.OpenSearch(t)
	runSuite(t, func(t *testing.T) *server {
		s := &server{url: address, user: "admin", password: "secret"}
		s.call(t, http.MethodDelete, "/logs?ignore_unavailable=true", "")
		return s
	})
}

func runSuite(t *testing.T, open func(t *testing.T) *server) {
	destinationtest.Run(t, func(t *testing.T) destinationtest.Target {
		server := open(t)
		server.call(t, http.MethodPut, "/logs", `{"mappings":{"properties":{"n":{"type":"long"}}}}`)
		return destinationtest.Target{
			Destination: server.destination(t, 10*time.Second),
			Held:        server.held,
			Down: func(*testing.T) func() {
				server.down.Store(true)
				return func() { server.down.Store(false) }
			},
			LoseAnswer: func(*testing.T) { server.lose.Store(1) },
			Good:       func(i int) []byte { return fmt.Appendf(nil, `{"n":%d,"text":"record %d"}`, i, i) },
			Bad: func(i int) []byte {
				if i%2 == 0 {
					return []byte("no JSON")
				}
				return []byte(`{"n":"not a number"}`)
			},
		}
	})
}

type server struct {
	url            string
	user, password string
	transport      http.RoundTripper // nil = http.DefaultTransport

	down atomic.Bool
	lose atomic.Int32 // answers to lose
	sent atomic.Int64 // bytes of bodies
}

func openServer(t *testing.T) *server {
	t.Helper()
	x, err := searchindex.Open(searchindex.Options{Dir: t.TempDir(), Users: map[string]string{"admin": "secret"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	h := httptest.NewServer(x.Namespace("logs"))
	t.Cleanup(h.Close)
	return &server{url: h.URL, user: "admin", password: "secret"}
}

func (s *server) destination(t *testing.T, retry time.Duration) *opensearch.Destination {
	t.Helper()
	d, err := opensearch.New(opensearch.Options{Endpoint: s.url, IndexName: "logs", Rotation: opensearch.NoRotation, RetryDuration: retry,
		Credentials: opensearch.Basic{Username: s.user, Password: s.password}, Transport: s})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (s *server) roundTripper() http.RoundTripper {
	if s.transport != nil {
		return s.transport
	}
	return http.DefaultTransport
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.down.Load() {
		return nil, errors.New("connection refused")
	}
	s.sent.Add(max(r.ContentLength, 0))
	resp, err := s.roundTripper().RoundTrip(r)
	if err == nil && s.lose.Add(-1) >= 0 {
		resp.Body.Close()
		return nil, errors.New("connection reset by peer")
	}
	return resp, err
}

func (s *server) call(t *testing.T, method, path, body string) string {
	t.Helper()
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(s.user, s.password)
	r.Header.Set("Content-Type", "application/json")
	resp, err := (&http.Client{Transport: s.roundTripper()}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %s %v", method, path, resp.Status, answer, err)
	}
	return string(answer)
}

func (s *server) held(t *testing.T) [][]byte {
	s.call(t, http.MethodPost, "/logs/_refresh", "")
	var found struct {
		Hits struct {
			Hits []struct {
				Source json.RawMessage `json:"_source"`
			} `json:"hits"`
		} `json:"hits"`
	}
	if err := json.Unmarshal([]byte(s.call(t, http.MethodGet, "/logs/_search?size=10000", "")), &found); err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for _, h := range found.Hits.Hits {
		out = append(out, h.Source)
	}
	return out
}

// The same bulk twice changes nothing but versions; a blocked index is tried again, and refused with 403 at the end.
func TestRepeatAndBlock(t *testing.T) {
	s := openServer(t)
	b := &destination.Batch{Stream: record.StreamID{1}, Name: "logs"}
	for i := range 10 {
		b.Records = append(b.Records, record.Record{Sequence: record.Sequence(i + 1), Arrival: 1795341600000, Data: fmt.Appendf(nil, `{"n":%d}`, i)})
	}
	for range 2 {
		if refused, err := s.destination(t, 0).Deliver(t.Context(), b); err != nil || len(refused) > 0 {
			t.Fatal(refused, err)
		}
	}
	const sum = `{"size":0,"aggs":{"sum":{"sum":{"field":"n"}}}}`
	if answer := s.call(t, http.MethodPost, "/logs/_search", sum); !strings.Contains(answer, `"total":{"value":10,`) || !strings.Contains(answer, `"sum":{"value":45.0}`) {
		t.Error(answer)
	}
	if answer := s.call(t, http.MethodGet, "/logs/_doc/"+opensearch.DocumentID(b.Stream, 1), ""); !strings.Contains(answer, `"_version":2`) {
		t.Error(answer)
	}
	s.call(t, http.MethodPut, "/logs/_settings", `{"index.blocks.write":true}`)
	refused, err := s.destination(t, time.Second).Deliver(t.Context(), b)
	if err != nil || len(refused) != 10 || refused[0].Code != "403" || refused[0].Attempts < 2 || !strings.Contains(refused[0].Message, "FORBIDDEN/8/index write (api)") {
		t.Fatal(refused, err)
	}
}

// A compressed request is the same request.
func TestGzip(t *testing.T) {
	s := openServer(t)
	d, err := opensearch.New(opensearch.Options{Endpoint: s.url, IndexName: "logs", Rotation: opensearch.NoRotation, Gzip: true,
		Credentials: opensearch.Basic{Username: "admin", Password: "secret"}, Transport: s})
	if err != nil {
		t.Fatal(err)
	}
	b := &destination.Batch{Stream: record.StreamID{1}, Name: "logs"}
	for i := range 1000 {
		b.Records = append(b.Records, record.Record{Sequence: record.Sequence(i + 1), Arrival: 1795341600000, Data: fmt.Appendf(nil, `{"n":%d}`, i)})
	}
	if refused, err := d.Deliver(t.Context(), b); err != nil || len(refused) > 0 {
		t.Fatal(refused, err)
	}
	if held := s.held(t); len(held) != 1000 || s.sent.Load() > 20_000 {
		t.Fatalf("%d documents, sent in %d bytes", len(held), s.sent.Load())
	}
}

// A server that knows nobody refuses; a wrong password never counts as delivered.
func TestWrongPassword(t *testing.T) {
	s := openServer(t)
	d, err := opensearch.New(opensearch.Options{Endpoint: s.url, IndexName: "logs", Rotation: opensearch.NoRotation,
		Credentials: opensearch.Basic{Username: "admin", Password: "wrong"}})
	if err != nil {
		t.Fatal(err)
	}
	b := &destination.Batch{Records: []record.Record{{Sequence: 1, Data: []byte(`{}`)}}}
	refused, err := d.Deliver(t.Context(), b)
	if err != nil || len(refused) != 1 || refused[0].Code != "401" || !strings.Contains(refused[0].Message, "Unauthorized") {
		t.Fatal(refused, err)
	}
	if err := d.Probe(t.Context()); !record.IsPermanent(err) {
		t.Fatal(err)
	}
	if err := s.destination(t, 0).Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
}
