//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// sinkArgument makes the command a sink.
const sinkArgument = "__sink"

// recordIDLength is that of AWS.
const recordIDLength = 224

// received is what a sink has got since the last reset.
type received struct {
	Records int64
	Calls   int64
	Bytes   int64     // of bodies
	Delays  []float64 // seconds since the lines that tell when they were written
}

// sinkServer answers PutRecordBatch: every record is accepted, signatures are
// not looked at, and data only where it is asked for delays.
type sinkServer struct {
	buffers sync.Pool // of *bytes.Buffer

	mu      sync.Mutex
	got     received
	delays  bool
	changed chan struct{} // closed when got changes
}

// serveSink listens on a free port, prints it, and ends with its stdin.
func serveSink() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &sinkServer{changed: make(chan struct{}), buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{$}", s.put)
	mux.HandleFunc("POST /reset", s.reset)
	mux.HandleFunc("GET /received", s.received)
	fmt.Println("http://" + l.Addr().String())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	return http.Serve(l, mux)
}

func (s *sinkServer) put(w http.ResponseWriter, r *http.Request) {
	arrived := time.Now()
	if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".PutRecordBatch") {
		http.Error(w, `{"__type":"UnknownOperationException"}`, http.StatusBadRequest)
		return
	}
	body := s.buffers.Get().(*bytes.Buffer)
	defer s.buffers.Put(body)
	body.Reset()
	if _, err := body.ReadFrom(r.Body); err != nil {
		http.Error(w, `{"__type":"SerializationException"}`, http.StatusBadRequest)
		return
	}
	n, size := bytes.Count(body.Bytes(), []byte(`"Data"`)), body.Len() // no quotes within base64
	s.mu.Lock()
	s.got.Records += int64(n)
	s.got.Calls++
	s.got.Bytes += int64(size)
	if s.delays {
		s.got.Delays = appendDelays(s.got.Delays, body.Bytes(), arrived)
	}
	close(s.changed)
	s.changed = make(chan struct{})
	s.mu.Unlock()
	body.Reset()
	body.WriteString(`{"FailedPutCount":0,"RequestResponses":[`)
	id := strings.Repeat("x", recordIDLength)
	for i := range n {
		if i > 0 {
			body.WriteByte(',')
		}
		body.WriteString(`{"RecordId":"`)
		body.WriteString(id)
		body.WriteString(`"}`)
	}
	body.WriteString(`]}`)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_, _ = w.Write(body.Bytes()) // a client that is gone asks again
}

// appendDelays reads the times out of a body's records.
func appendDelays(delays []float64, body []byte, arrived time.Time) []float64 {
	var put struct{ Records []struct{ Data []byte } }
	if json.Unmarshal(body, &put) != nil {
		return delays
	}
	for _, r := range put.Records {
		_, rest, ok := bytes.Cut(r.Data, []byte(writtenAt))
		end := bytes.IndexByte(rest, ' ')
		if !ok || end < 0 {
			continue
		}
		if at, err := strconv.ParseInt(string(rest[:end]), 10, 64); err == nil {
			delays = append(delays, arrived.Sub(time.Unix(0, at)).Seconds())
		}
	}
	return delays
}

// reset begins a measurement; ?delays= says of what kind.
func (s *sinkServer) reset(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got, s.delays = received{}, r.FormValue("delays") != ""
}

// received waits for ?records= and tells what has come until then; it waits a
// second at most.
func (s *sinkServer) received(w http.ResponseWriter, r *http.Request) {
	want, _ := strconv.ParseInt(r.FormValue("records"), 10, 64)
	timeout := time.After(time.Second)
	for {
		s.mu.Lock()
		got, changed := s.got, s.changed
		got.Delays = slices.Clone(got.Delays)
		s.mu.Unlock()
		if got.Records < want {
			select {
			case <-changed:
				continue
			case <-timeout:
			}
		}
		_ = json.NewEncoder(w).Encode(got)
		return
	}
}
