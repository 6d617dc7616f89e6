//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// endpointServer is an HTTP endpoint that takes what delivery streams with its
// key and attributes send, unless it is broken. A request that comes again
// replaces itself.
type endpointServer struct {
	t               *testing.T
	key, attributes string

	mu       sync.Mutex
	broken   bool
	requests map[string][]string // records, by request id
}

func (e *endpointServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct {
		RequestID string
		Records   []struct{ Data []byte }
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		e.t.Error(err)
	}
	if r.Header.Get("X-Amz-Firehose-Access-Key") != e.key || r.Header.Get("X-Amz-Firehose-Common-Attributes") != e.attributes {
		e.t.Errorf("headers %v", r.Header)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.broken {
		http.Error(w, "out of order", http.StatusServiceUnavailable)
		return
	}
	if e.requests == nil {
		e.requests = map[string][]string{}
	}
	e.requests[body.RequestID] = nil
	for _, record := range body.Records {
		e.requests[body.RequestID] = append(e.requests[body.RequestID], string(record.Data))
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"requestId":%q,"timestamp":%d}`, body.RequestID, time.Now().UnixMilli())
}

func (e *endpointServer) setBroken(broken bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.broken = broken
}

// taken are all records, in alphabetical order.
func (e *endpointServer) taken() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []string
	for _, records := range e.requests {
		all = append(all, records...)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}
