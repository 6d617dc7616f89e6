package opensearch

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// torturer is a search server on a real socket that goes wrong in every way it can. What it holds, it holds for good.
type torturer struct {
	mu      sync.Mutex
	rand    *rand.Rand
	trouble float64 // of requests, and of documents
	bad     map[string]bool
	held    map[string]string // source by id
	places  map[string]string // index by id
	moved   []string          // documents that came to a second index, or with another source
	ways    map[string]int
}

func (s *torturer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	way := "well"
	if s.rand.Float64() < s.trouble {
		ways := []string{"reset before", "reset while reading", "reset after", "half an answer", "wrong length", "answer of another", "no JSON", "slow", "503", "429", "413", "401"}
		way = ways[s.rand.IntN(len(ways))]
	}
	s.ways[way]++
	switch way {
	case "reset before":
		reset(w)
		return
	case "reset while reading":
		_, _ = io.CopyN(io.Discard, r.Body, r.ContentLength/2)
		reset(w)
		return
	case "503", "429", "401":
		status, _ := strconv.Atoi(way)
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
		return
	}
	body, err := bodyOf(r)
	if err != nil {
		return // the client was killed
	}
	if way == "413" && bytes.Count(body, []byte("\n")) > 2 { // one document alone is never too large
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	answer := s.apply(body)
	switch way {
	case "reset after":
		reset(w)
	case "half an answer":
		w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
		_, _ = io.WriteString(w, answer[:len(answer)/2])
		w.(http.Flusher).Flush()
		reset(w)
	case "wrong length":
		w.Header().Set("Content-Length", strconv.Itoa(len(answer)-1))
		_, _ = io.WriteString(w, answer[:len(answer)-1])
	case "answer of another":
		_, _ = io.WriteString(w, strings.Replace(answer, `"_id":"`, `"_id":"9`, 1))
	case "no JSON":
		_, _ = io.WriteString(w, "<html>gateway</html>")
	case "slow":
		for part := range bytes.Lines([]byte(strings.ReplaceAll(answer, ",", ",\n"))) {
			_, _ = w.Write(part)
			if s.rand.IntN(20) == 0 {
				w.(http.Flusher).Flush()
			}
		}
	default:
		_, _ = io.WriteString(w, answer)
	}
}

func bodyOf(r *http.Request) ([]byte, error) {
	if r.Header.Get("Content-Encoding") != "gzip" {
		return io.ReadAll(r.Body)
	}
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// reset ends the connection as a dying process does.
func reset(w http.ResponseWriter) {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}

func (s *torturer) apply(body []byte) string {
	var items []string
	lines := strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		var action struct {
			Index struct {
				Index string `json:"_index"`
				ID    string `json:"_id"`
			} `json:"index"`
		}
		if err := json.Unmarshal([]byte(lines[i]), &action); err != nil {
			panic(err)
		}
		id, index, status := action.Index.ID, action.Index.Index, 201
		switch {
		case s.bad[id]:
			status = 400
		case s.rand.Float64() < s.trouble:
			status = []int{429, 403, 404, 500, 503}[s.rand.IntN(5)]
		default:
			if old, there := s.held[id]; there {
				status = []int{200, 409}[s.rand.IntN(2)]
				if old != lines[i+1] || s.places[id] != index {
					s.moved = append(s.moved, id)
				}
			}
			s.held[id], s.places[id] = lines[i+1], index
		}
		fault := ""
		if status >= 300 {
			fault = `,"error":{"type":"scripted","reason":"r"}`
		}
		items = append(items, fmt.Sprintf(`{"index":{"_index":%q,"_id":%q,"status":%d%s}}`, index, id, status, fault))
	}
	return `{"errors":true,"items":[` + strings.Join(items, ",") + `]}`
}

// In = indexed + refused, exactly, whatever happens on the way and however often the deliverer is killed in between: a
// batch that was cut off comes again, as after a restart.
func TestTorture(t *testing.T) {
	var all sync.Map
	t.Run("seeds", func(t *testing.T) {
		for seed := range uint64(24) {
			t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
				t.Parallel()
				for way := range torture(t, seed) {
					all.Store(way, true)
				}
			})
		}
	})
	ways := 0
	all.Range(func(_, _ any) bool { ways++; return true })
	if ways != 13 {
		t.Errorf("only %d of 13 ways were met", ways)
	}
}

func torture(t *testing.T, seed uint64) map[string]int {
	r := rand.New(rand.NewPCG(seed, 1))
	s := &torturer{rand: rand.New(rand.NewPCG(seed, 2)), trouble: 0.05 + 0.4*r.Float64(),
		bad: map[string]bool{}, held: map[string]string{}, places: map[string]string{}, ways: map[string]int{}}
	server := httptest.NewServer(s)
	defer server.Close()
	d, err := New(Options{Endpoint: server.URL, IndexName: "logs", Rotation: OneHour, RetryDuration: time.Minute, RequestTimeout: 10 * time.Second,
		RequestBytes: 200 + r.IntN(3000), Gzip: r.IntN(2) == 0})
	if err != nil {
		t.Fatal(err)
	}
	b := &destination.Batch{ID: "b", Stream: record.StreamID{byte(seed)}, Name: "to-search", Version: 1}
	wrong := map[record.Sequence]bool{} // no JSON, or refused by the mapping
	for i := range 20 + r.IntN(200) {
		x := record.Record{Sequence: record.Sequence(i + 1), Arrival: arrival - 1000 + int64(10*i), Data: fmt.Appendf(nil, `{"n":%d,"pad":%q}`, i, strings.Repeat("x", r.IntN(100)))}
		switch r.IntN(20) {
		case 0:
			x.Data, wrong[x.Sequence] = x.Data[:len(x.Data)-1], true
		case 1:
			s.bad[DocumentID(b.Stream, x.Sequence)], wrong[x.Sequence] = true, true
		}
		b.Records = append(b.Records, x)
	}
	again := make(chan struct{})
	close(again) // nobody waits between attempts
	var refused []destination.Refusal
	for kill := 0; ; kill++ {
		ctx := destination.WithAttempts(t.Context(), destination.Attempts{Failed: func(error) {}, Again: again})
		cancel := func() {}
		if kill < 5 {
			ctx, cancel = context.WithTimeout(ctx, time.Duration(r.IntN(8000))*time.Microsecond)
		}
		refused, err = d.Deliver(ctx, b)
		cancel()
		if err == nil {
			break
		}
		if ctx.Err() == nil {
			t.Fatal(err)
		}
	}
	server.Close()
	gone := map[record.Sequence]bool{}
	for _, x := range refused {
		if gone[x.Record.Sequence] || !wrong[x.Record.Sequence] {
			t.Fatalf("refused %+v", x)
		}
		gone[x.Record.Sequence] = true
	}
	for _, x := range b.Records {
		id := DocumentID(b.Stream, x.Sequence)
		if _, held := s.held[id]; held == gone[x.Sequence] || held && (s.held[id] != string(x.Data) || s.places[id] != OneHour.Index("logs", x.Arrival)) {
			t.Fatalf("record %d: held %q in %q, refused %v", x.Sequence, s.held[id], s.places[id], gone[x.Sequence])
		}
	}
	if len(s.held)+len(refused) != len(b.Records) || len(s.moved) > 0 {
		t.Fatalf("%d records, %d held, %d refused, moved %v", len(b.Records), len(s.held), len(refused), s.moved)
	}
	return s.ways
}
