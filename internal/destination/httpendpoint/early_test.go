package httpendpoint

import (
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
