package httpendpoint

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A server that says 413 without reading what it does not want is understood: the body is halved until it fits.
func TestTooLargeSaidEarly(t *testing.T) {
	const limit = 1 << 20
	taken := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > limit {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		b, err := ReadBody(r)
		if err != nil {
			t.Error(err)
		}
		taken[b.RequestID] = len(b.Records)
		answer := `{"requestId":"` + b.RequestID + `","timestamp":1}`
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(answer))
	}))
	defer server.Close()
	var data []string
	for range 100 {
		data = append(data, strings.Repeat("x", 100_000))
	}
	d, err := New(Options{URL: server.URL, Retry: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	refused, err := d.Deliver(t.Context(), batchOf(data...))
	if err != nil || len(refused) > 0 {
		t.Fatal(len(refused), err)
	}
	sum := 0
	for _, n := range taken {
		sum += n
	}
	if sum != 100 {
		t.Errorf("%d records taken in %d requests", sum, len(taken))
	}
}

// early answers before it reads, as a server may, and goes on reading.
type early struct{ body chan io.Reader }

func (e early) RoundTrip(r *http.Request) (*http.Response, error) {
	e.body <- r.Body
	text := `{"requestId":"` + r.Header.Get("X-Amz-Firehose-Request-Id") + `","timestamp":1}`
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		ContentLength: int64(len(text)), Body: io.NopCloser(strings.NewReader(text))}, nil
}

// The records are the engine's again once they are delivered: a body that is still being sent then reads no more of them.
func TestBodyEndsWithTheDelivery(t *testing.T) {
	e := early{make(chan io.Reader, 1)}
	d, err := New(Options{URL: "https://endpoint.example", Transport: e})
	if err != nil {
		t.Fatal(err)
	}
	b := batchOf(strings.Repeat("x", 100_000), "secret of another stream")
	if refused, err := d.Deliver(t.Context(), b); err != nil || len(refused) > 0 {
		t.Fatal(refused, err)
	}
	if sent, err := io.ReadAll(<-e.body); err == nil {
		t.Errorf("%d bytes of the body are read after Deliver", len(sent))
	}
}
