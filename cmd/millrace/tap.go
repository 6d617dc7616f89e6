package main

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/console"
	"github.com/millrace/millrace/internal/record"
)

// tapper shows what passes a stage: it is console.Tapper.
type tapper struct{ s *server }

// tapped is one JSON object of a tap, or the error that ends it.
type tapped struct {
	line []byte
	err  error
}

// source feeds a tap until ctx ends.
type source func(ctx context.Context, out chan<- tapped)

// Tap implements console.Tapper.
func (t tapper) Tap(ctx context.Context, where string) (iter.Seq2[[]byte, error], error) {
	sources, err := t.sources(where)
	if err != nil {
		return nil, err
	}
	if len(sources) == 0 {
		return nil, fmt.Errorf("tap %q: nothing matches: %w", where, console.ErrNotFound)
	}
	return func(yield func([]byte, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		out := make(chan tapped, 64)
		var running sync.WaitGroup
		for _, feed := range sources {
			running.Go(func() { feed(ctx, out) })
		}
		defer running.Wait()
		defer cancel()
		for {
			select {
			case one := <-out:
				if !yield(one.line, one.err) || one.err != nil {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}, nil
}

// sources resolves WHERE: kind, then a name or glob.
func (t tapper) sources(where string) ([]source, error) {
	kind, name, ok := strings.Cut(where, "/")
	if _, err := path.Match(name, ""); err != nil || !ok || name == "" {
		return nil, fmt.Errorf("tap %q: want agent/FLOW, stream/NAME, app/NAME/STREAM or delivery/NAME: %w", where, console.ErrInvalid)
	}
	switch kind {
	case "agent":
		return t.agents(name), nil
	case "stream":
		return t.streams(name), nil
	case "app":
		return t.applications(name)
	case "delivery":
		return t.deliveries(name), nil
	}
	return nil, fmt.Errorf("tap %q: there is no stage %q, only agent, stream, app and delivery: %w", where, kind, console.ErrInvalid)
}

func matches(glob, name string) bool {
	ok, _ := path.Match(glob, name)
	return ok || glob == name
}

// send gives a line to the tap, as long as somebody listens.
func send(ctx context.Context, out chan<- tapped, v any) bool {
	line, err := json.Marshal(v)
	select {
	case out <- tapped{line, err}:
		return err == nil
	case <-ctx.Done():
		return false
	}
}

// fail ends the tap with an error, unless nobody listens any more.
func fail(ctx context.Context, out chan<- tapped, err error) {
	select {
	case out <- tapped{err: err}:
	case <-ctx.Done():
	}
}

// text shows a record as the JSON that it is, or as a string.
func text(data []byte) any {
	if json.Valid(data) {
		return json.RawMessage(data)
	}
	return string(data)
}

func (t tapper) streams(glob string) []source {
	var out []source
	for _, st := range t.s.firehose.Streams() {
		if !matches(glob, st.Name) {
			continue
		}
		from := t.s.journal.Extent(st.ID).Next
		out = append(out, func(ctx context.Context, lines chan<- tapped) {
			r := t.s.journal.Read(st.ID, from)
			defer r.Close()
			for {
				f, err := r.Next(ctx)
				if err != nil {
					fail(ctx, lines, err)
					return
				}
				for rec := range f.All(from) {
					if !send(ctx, lines, streamLine(st.Name, rec)) {
						return
					}
				}
			}
		})
	}
	return out
}

func streamLine(name string, r record.Record) any {
	return struct {
		Stream   string          `json:"stream"`
		Sequence record.Sequence `json:"sequence"`
		Arrival  string          `json:"arrival"`
		Record   any             `json:"record"`
	}{name, r.Sequence, time.UnixMilli(r.Arrival).UTC().Format("2006-01-02T15:04:05.000Z"), text(r.Data)}
}

func (t tapper) applications(where string) ([]source, error) {
	appGlob, streamGlob, ok := strings.Cut(where, "/")
	if !ok {
		return nil, fmt.Errorf("tap app/%s: want app/NAME/STREAM: %w", where, console.ErrInvalid)
	}
	var out []source
	for _, a := range t.s.analytics.Applications() {
		if !matches(appGlob, a.Name) {
			continue
		}
		for _, st := range a.Run.Streams {
			if !matches(streamGlob, st.Name) {
				continue
			}
			out = append(out, func(ctx context.Context, lines chan<- tapped) {
				batches := make(chan console.RowBatch, 16)
				cancel, err := rows(t).Subscribe(a.Name, st.Name, func(b console.RowBatch) {
					select {
					case batches <- b:
					case <-ctx.Done():
					}
				})
				if err != nil {
					fail(ctx, lines, err)
					return
				}
				defer cancel()
				for {
					select {
					case b := <-batches:
						for _, row := range b.Rows {
							if !send(ctx, lines, appLine{a.Name, st.Name, row.RowTime, row.Record, b.Skipped}) {
								return
							}
							b.Skipped = 0
						}
					case <-ctx.Done():
						return
					}
				}
			})
		}
	}
	return out, nil
}

type appLine struct {
	Application string          `json:"application"`
	Stream      string          `json:"stream"`
	RowTime     int64           `json:"rowtime"`
	Row         json.RawMessage `json:"row"`
	Skipped     int64           `json:"skipped,omitempty"` // rows before this one that were not shown
}

// deliveryPoll is how often a tap of deliveries looks.
const deliveryPoll = 200 * time.Millisecond

func (t tapper) deliveries(glob string) []source {
	var out []source
	for _, st := range t.s.firehose.Streams() {
		if !matches(glob, st.Name) {
			continue
		}
		out = append(out, func(ctx context.Context, lines chan<- tapped) {
			since := time.Now()
			for tick := time.NewTicker(deliveryPoll); ; {
				select {
				case <-ctx.Done():
					tick.Stop()
					return
				case <-tick.C:
				}
				for _, now := range t.s.firehose.Streams() {
					if now.Name != st.Name {
						continue
					}
					for i := len(now.Delivery.Last) - 1; i >= 0; i-- { // oldest first
						if o := now.Delivery.Last[i]; o.Time.After(since) {
							since = o.Time
							if !send(ctx, lines, deliveryLine{st.Name, o.Key, o.Time.UTC(), o.Records, o.Bytes, o.Refused}) {
								return
							}
						}
					}
				}
			}
		})
	}
	return out
}

type deliveryLine struct {
	Stream  string    `json:"stream"`
	Key     string    `json:"key,omitempty"`
	At      time.Time `json:"at"`
	Records int       `json:"records"`
	Bytes   int       `json:"bytes"`
	Refused int       `json:"refused"`
}

func (t tapper) agents(glob string) []source {
	var out []source
	for _, flow := range t.s.pipelines.flows() {
		if !matches(glob, flow.Name) {
			continue
		}
		out = append(out, func(ctx context.Context, lines chan<- tapped) {
			records, cancel := t.s.pipelines.taps.listen(flow.Name)
			defer cancel()
			for {
				select {
				case data := <-records:
					if !send(ctx, lines, struct {
						Flow   string `json:"flow"`
						Record any    `json:"record"`
					}{flow.Name, text(data)}) {
						return
					}
				case <-ctx.Done():
					return
				}
			}
		})
	}
	return out
}

// agentTaps hands the records of agents to whoever listens. A listener that is
// slow misses records: an agent never waits for one.
type agentTaps struct {
	mu        sync.RWMutex
	listeners map[string]map[chan []byte]bool
}

func (a *agentTaps) listen(flow string) (<-chan []byte, func()) {
	c := make(chan []byte, 1024)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.listeners == nil {
		a.listeners = map[string]map[chan []byte]bool{}
	}
	if a.listeners[flow] == nil {
		a.listeners[flow] = map[chan []byte]bool{}
	}
	a.listeners[flow][c] = true
	return c, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.listeners[flow], c)
	}
}

// pass is agent.Options.Tap. The agent names a flow fh:STREAM:FILE; people name
// it by its stream.
func (a *agentTaps) pass(flow string, data []byte) {
	if parts := strings.SplitN(flow, ":", 3); len(parts) == 3 {
		flow = parts[1]
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	for c := range a.listeners[flow] {
		select {
		case c <- append([]byte(nil), data...):
		default:
		}
	}
}
