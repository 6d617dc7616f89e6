package httpendpoint_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/destination/destinationtest"
	"github.com/millrace/millrace/internal/destination/httpendpoint"
)

// The suite of all destinations, with an endpoint on the far side that tells repeats by their request id, as the
// contract advises, and that takes no request with a record "too large".
func TestSuite(t *testing.T) {
	destinationtest.Run(t, func(t *testing.T) destinationtest.Target {
		e := &endpoint{held: map[string][][]byte{}}
		server := httptest.NewServer(e)
		t.Cleanup(server.Close)
		d, err := httpendpoint.New(httpendpoint.Options{URL: server.URL, AccessKey: "secret", SourceARN: "arn:aws:firehose:us-east-1:000000000000:deliverystream/stream",
			GZIP: true, Retry: time.Minute, Transport: e})
		if err != nil {
			t.Fatal(err)
		}
		return destinationtest.Target{
			Destination: d,
			Held:        e.records,
			Down: func(*testing.T) func() {
				e.down.Store(true)
				return func() { e.down.Store(false) }
			},
			LoseAnswer: func(*testing.T) { e.lose.Store(1) },
			Good:       func(i int) []byte { return fmt.Appendf(nil, "record %d\n", i) },
			Bad:        func(i int) []byte { return fmt.Appendf(nil, "too large %d", i) },
		}
	})
}

type endpoint struct {
	down atomic.Bool
	lose atomic.Int32 // answers to lose

	mu   sync.Mutex
	held map[string][][]byte // by request id
}

func (e *endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	if e.down.Load() {
		return nil, errors.New("connection refused")
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && e.lose.Add(-1) >= 0 {
		answer.Body.Close()
		return nil, errors.New("connection reset by peer")
	}
	return answer, err
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := httpendpoint.ReadBody(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var records [][]byte
	for _, x := range body.Records {
		if bytes.HasPrefix(x.Data, []byte("too large")) {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		records = append(records, x.Data)
	}
	e.held[body.RequestID] = records
	w.Header().Set("Content-Type", "application/json")
	answer, _ := json.Marshal(map[string]any{"requestId": r.Header.Get("X-Amz-Firehose-Request-Id"), "timestamp": time.Now().UnixMilli()})
	_, _ = io.Copy(w, bytes.NewReader(answer))
}

func (e *endpoint) records(*testing.T) [][]byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out [][]byte
	for _, records := range e.held {
		out = append(out, records...)
	}
	return out
}
