//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/millrace/millrace/bench/cputime"
)

const bulkDocuments = 1000

// document writes the i-th document as an application's results look: a window's end, a status and a count.
func document(b *bytes.Buffer, i int) {
	t := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC).Add(time.Duration(i/60) * time.Second)
	fmt.Fprintf(b, "{\"index\":{\"_id\":\"4959374406328551097107836221583605004%d.0\"}}\n", i)
	fmt.Fprintf(b, "{\"TIME\":%q,\"STATUS\":%d,\"STATUSCOUNT\":%d}\n", t.Format("2006-01-02T15:04:05.000Z"), status(i), i%97)
}

func status(i int) int { return []int{200, 200, 200, 304, 404, 500}[i%6] }

// search is something to ask, and what its answer has to come to.
type search struct {
	name, body string
	check      func(*answer) int
}

type answer struct {
	Aggregations struct {
		S struct{ Buckets []bucket }
		T struct {
			Buckets []struct{ S struct{ Buckets []bucket } }
		}
	}
}

type bucket struct {
	N struct{ Value float64 }
}

func (a *answer) sum(buckets []bucket) (n int) {
	for _, b := range buckets {
		n += int(b.N.Value)
	}
	return n
}

const bySum = `"s":{"terms":{"field":"STATUS"},"aggs":{"n":{"sum":{"field":"STATUSCOUNT"}}}}`

var searches = []search{
	{"terms with sum", `{"size":0,"aggs":{` + bySum + `}}`, func(a *answer) int { return a.sum(a.Aggregations.S.Buckets) }},
	{"date_histogram split by terms", `{"size":0,"aggs":{"t":{"date_histogram":{"field":"TIME","fixed_interval":"10m"},"aggs":{` + bySum + `}}}}`, func(a *answer) (n int) {
		for _, b := range a.Aggregations.T.Buckets {
			n += a.sum(b.S.Buckets)
		}
		return n
	}},
}

func (s *server) measure(ctx context.Context, o options) error {
	_ = s.call(ctx, "DELETE", "/bench", nil, nil) // of a run before; it may not be there
	if err := s.call(ctx, "PUT", "/bench", []byte(`{"settings":{"number_of_shards":1,"number_of_replicas":0}}`), nil); err != nil {
		return err
	}
	if err := s.measureBulk(ctx, o); err != nil {
		return err
	}
	if err := s.call(ctx, "POST", "/bench/_refresh", nil, nil); err != nil {
		return err
	}
	for _, q := range searches {
		if err := s.measureSearch(ctx, o, q); err != nil {
			return err
		}
	}
	fmt.Printf("%-12s memory, most                    %8d MiB\n", s.name, s.memory())
	return nil
}

func (s *server) measureBulk(ctx context.Context, o options) error {
	cpu, err := cputime.Of(s.pid)
	if err != nil {
		return err
	}
	begin := time.Now()
	bodies, failed := make(chan []byte, o.connections), make(chan error, o.connections)
	var wg sync.WaitGroup
	for range o.connections {
		wg.Go(func() {
			for body := range bodies {
				var done struct{ Errors bool }
				err := s.bulk(ctx, body, &done)
				if err == nil && done.Errors {
					err = fmt.Errorf("a bulk was answered with errors")
				}
				if err != nil {
					failed <- err
					return
				}
			}
		})
	}
feed:
	for first := 0; first < o.documents; first += bulkDocuments {
		var b bytes.Buffer
		for i := first; i < min(first+bulkDocuments, o.documents); i++ {
			document(&b, i)
		}
		select {
		case bodies <- b.Bytes():
		case err = <-failed:
			break feed
		}
	}
	close(bodies)
	wg.Wait()
	select {
	case err = <-failed:
	default:
	}
	if err != nil {
		return fmt.Errorf("%s: bulk: %w", s.name, err)
	}
	wall := time.Since(begin)
	after, err := cputime.Of(s.pid)
	used := after - cpu
	fmt.Printf("%-12s bulk of %d documents         %8.0f a second of CPU, %.0f a second, %.1f s\n", s.name, o.documents, float64(o.documents)/used.Seconds(), float64(o.documents)/wall.Seconds(), wall.Seconds())
	return err
}

// errBusy is the answer 429.
var errBusy = errors.New("too many requests")

// bulk sends a body until the server is not too busy for it.
func (s *server) bulk(ctx context.Context, body []byte, into any) error {
	for {
		err := s.call(ctx, "POST", "/bench/_bulk", body, into)
		if !errors.Is(err, errBusy) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (s *server) measureSearch(ctx context.Context, o options, q search) error {
	wanted := 0
	for i := range o.documents {
		wanted += i % 97
	}
	first, best, used := time.Duration(0), time.Hour, time.Hour
	for i := range o.repeats + 1 {
		cpu, err := cputime.Of(s.pid)
		if err != nil {
			return err
		}
		begin := time.Now()
		var a answer
		// Spaces make the request a new one, for servers that keep answers.
		body := append([]byte(q.body), bytes.Repeat([]byte(" "), i)...)
		if err := s.call(ctx, "POST", "/bench/_search?request_cache=false", body, &a); err != nil {
			return fmt.Errorf("%s: %s: %w", s.name, q.name, err)
		}
		wall := time.Since(begin)
		after, err := cputime.Of(s.pid)
		if err != nil {
			return err
		}
		if found := q.check(&a); found != wanted {
			return fmt.Errorf("%s: %s: the sums come to %d, not %d", s.name, q.name, found, wanted)
		}
		if i == 0 {
			first = wall
			continue
		}
		best, used = min(best, wall), min(used, after-cpu)
	}
	fmt.Printf("%-12s %-30s %8.0f ms (first %.0f ms), CPU %.0f ms\n", s.name, q.name, ms(best), ms(first), ms(used))
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func (s *server) call(ctx context.Context, method, path string, body []byte, into any) error {
	r, err := http.NewRequestWithContext(ctx, method, s.address+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.SetBasicAuth(user, password)
	r.Header.Set("Content-Type", "application/x-ndjson")
	if method == http.MethodPut || path == "/bench/_search?request_cache=false" {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return err
	case answer.StatusCode == http.StatusTooManyRequests:
		return errBusy
	case answer.StatusCode >= 300:
		return fmt.Errorf("%s %s: %s: %.300s", method, path, answer.Status, text)
	case into == nil:
		return nil
	}
	return json.Unmarshal(text, into)
}
