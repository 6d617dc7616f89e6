// Package consoletest is a pipeline that only looks like one: scripted parts
// behind the console's interfaces, for its tests and for work on its pages.
//
//	fake := consoletest.New(time.Now())
//	go fake.Run(ctx)            // visits arrive, windows close
//	console.New(fake.Options(token))
package consoletest

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/millrace/millrace/internal/console"
)

// Names of the scripted parts, those of the demo.
const (
	Flow        = "access-log"
	Ingest      = "status-codes-ingest"
	Results     = "status-codes-results"
	Application = "status-codes"
	Source      = "SOURCE_SQL_STREAM_001"
	Destination = "DESTINATION_SQL_STREAM"
	Errors      = "error_stream"
)

const (
	window      = 10 * time.Second
	ratePerTick = 5
	tick        = 100 * time.Millisecond
	keptRows    = 1000
)

//go:embed hostile.txt
var hostile string

// Hostile are texts as attackers put them into user agents, one a line of
// hostile.txt, and some that a text file does not show. A text that gets to run
// sets window.hacked.
func Hostile() []string {
	texts := strings.Split(strings.TrimSpace(hostile), "\n")
	return append(texts,
		"\x1b[31mred\x1b[0m\x07", "right-to-left \u202etxt.exe", "zero\u200bwidth\ufeff", "nul\x00byte", "line\u2028separator", "tab\tand\nline")
}

// Fake is the pipeline. It is safe for concurrent use.
type Fake struct {
	mu       sync.Mutex
	started  time.Time
	now      time.Time
	random   *rand.Rand
	visits   int64
	inBuffer int64
	flushed  time.Time
	objects  []console.ObjectRecord
	byStatus map[int]int64 // of the open window
	docs     []document
	indexed  int64
	streams  map[string]*stream
	failure  *console.Failure
	downs    int
	flushes  []string
}

type stream struct {
	console.AppStream
	kept     []console.Row
	watchers map[int]func(console.RowBatch)
	nextID   int
}

// New returns a pipeline that has just started and is empty.
func New(now time.Time) *Fake {
	f := &Fake{
		started: now, now: now, flushed: now,
		random:   rand.New(rand.NewPCG(1, 2)),
		byStatus: make(map[int]int64),
		streams:  make(map[string]*stream),
	}
	f.addStream(Source, "host VARCHAR(64)", "request VARCHAR(2048)", "response INTEGER", "bytes BIGINT", "agent VARCHAR(2048)")
	f.addStream(Destination, "DATETIME TIMESTAMP", "STATUS INTEGER", "STATUSCOUNT INTEGER", "@timestamp VARCHAR(32)")
	f.addStream(Errors, "ERROR_TIME TIMESTAMP", "ERROR_LEVEL VARCHAR(10)", "ERROR_NAME VARCHAR(32)", "MESSAGE VARCHAR(4096)", "DATA_ROW VARCHAR(49152)", "PUMP_NAME VARCHAR(128)")
	return f
}

func (f *Fake) addStream(name string, columns ...string) {
	s := &stream{AppStream: console.AppStream{Name: name}, watchers: make(map[int]func(console.RowBatch))}
	for _, c := range columns {
		name, kind, _ := strings.Cut(c, " ")
		s.Columns = append(s.Columns, console.Column{Name: name, Type: kind})
	}
	f.streams[name] = s
}

// Options wire the fake into a console.
func (f *Fake) Options(token string) console.Options {
	registry := prometheus.NewRegistry()
	visits := prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "millrace_fake_visits_total"}, func() float64 {
		f.mu.Lock()
		defer f.mu.Unlock()
		return float64(f.visits)
	})
	registry.MustRegister(visits)
	return console.Options{
		Token: token, Path: f, Rows: f, Search: f, Flusher: f, Tapper: f, Shutdown: f.shutdown,
		Metrics: registry, Logger: slog.New(slog.DiscardHandler),
	}
}

// Run lets the pipeline live in real time.
func (f *Fake) Run(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			f.Advance(tick)
		}
	}
}

// Advance lets some time pass: visits arrive, windows close, buffers go.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for ; d > 0; d -= tick {
		before := f.now
		f.now = f.now.Add(tick)
		f.visit()
		if f.now.Truncate(window) != before.Truncate(window) {
			f.closeWindow(f.now.Truncate(window))
		}
		if f.now.Sub(f.flushed) >= 5*time.Second {
			f.seal()
		}
	}
}

func (f *Fake) visit() {
	texts := Hostile()
	statuses := []int{200, 200, 200, 200, 200, 200, 200, 200, 200, 301, 304, 304, 404, 404, 500}
	for range ratePerTick {
		status := statuses[f.random.IntN(len(statuses))]
		f.byStatus[status]++
		f.inBuffer++
		f.visits++
		f.emit(Source, map[string]any{
			"host": fmt.Sprintf("10.0.%d.%d", f.random.IntN(4), f.random.IntN(250)), "request": "GET /" + texts[f.visits%int64(len(texts))] + " HTTP/1.1",
			"response": status, "bytes": 9007199254740993 + f.visits, "agent": texts[f.visits%int64(len(texts))],
		})
		if f.visits%50 == 0 {
			f.emit(Errors, map[string]any{
				"ERROR_TIME": stamp(f.now), "ERROR_LEVEL": "ERROR", "ERROR_NAME": "Coercion error", "MESSAGE": "cannot read " + texts[f.visits%int64(len(texts))] + " as INTEGER",
				"DATA_ROW": "3C7363726970743E", "PUMP_NAME": "null",
			})
		}
	}
}

func (f *Fake) closeWindow(end time.Time) {
	start := end.Add(-window)
	texts := Hostile()
	for status, n := range f.byStatus {
		f.emit(Destination, map[string]any{"DATETIME": stamp(start), "STATUS": status, "STATUSCOUNT": n, "@timestamp": iso(start)})
		f.docs = append(f.docs, document{at: start.UnixMilli(), status: status, count: n, agent: texts[len(f.docs)%len(texts)]})
		f.indexed++
	}
	clear(f.byStatus)
}

func (f *Fake) seal() {
	f.flushed = f.now
	if f.inBuffer == 0 {
		return
	}
	key := fmt.Sprintf("status-codes-archive/%s/%s-1-%s", f.now.Format("2006/01/02/15"), Ingest, f.now.Format("2006-01-02-15-04-05"))
	f.objects = append([]console.ObjectRecord{{Key: key, At: f.now.UnixMilli(), Records: f.inBuffer, Bytes: f.inBuffer * 230}}, f.objects...)
	f.objects = f.objects[:min(len(f.objects), 10)]
	f.inBuffer = 0
}

func (f *Fake) emit(name string, record map[string]any) {
	body, err := json.Marshal(record)
	if err != nil {
		panic("BUG: a scripted record does not marshal: " + err.Error())
	}
	f.push(name, []console.Row{{RowTime: f.now.UnixMilli(), Record: body}}, 0)
}

func (f *Fake) push(name string, rows []console.Row, skipped int64) {
	s := f.streams[name]
	s.Rows += int64(len(rows))
	s.LastRowAt = f.now.UnixMilli()
	s.kept = append(s.kept, rows...)
	s.kept = s.kept[max(0, len(s.kept)-keptRows):]
	for _, deliver := range s.watchers {
		deliver(console.RowBatch{Columns: s.Columns, Rows: rows, Skipped: skipped})
	}
}

// Push gives rows to a stream's watchers, as an engine with much to do does.
func (f *Fake) Push(stream string, rows []console.Row, skipped int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.push(stream, rows, skipped)
}

// Fail shows trouble at the search delivery; an empty message ends it.
func (f *Fake) Fail(message string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case message != "":
		f.failure = &console.Failure{Message: message, At: f.now.UnixMilli(), Current: true}
	case f.failure != nil:
		over := *f.failure
		over.Current = false
		f.failure = &over
	}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000") }
func iso(t time.Time) string   { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
