package processing

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

const (
	streamARN = "arn:aws:firehose:us-east-1:000000000000:deliverystream/web"
	lambdaARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
)

// invoker is a function made of a Go function.
type invoker func(ctx context.Context, payload []byte) ([]byte, error)

func (f invoker) Invoke(ctx context.Context, _ string, payload []byte) ([]byte, error) {
	return f(ctx, payload)
}

func withFunction(t *testing.T, l Lambda, f Invoker) *Processor {
	t.Helper()
	l.ARN = lambdaARN
	p, err := New(Options{StreamARN: streamARN, Region: "us-east-1", Lambda: &l, Functions: f})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func batch(records ...string) *destination.Batch {
	b := &destination.Batch{ID: "b", Stream: record.StreamID{1}}
	for i, r := range records {
		b.Records = append(b.Records, record.Record{Sequence: record.Sequence(i + 1), Arrival: 1_495_072_949_453, Data: []byte(r)})
	}
	return b
}

// The event, byte for byte.
func TestEvent(t *testing.T) {
	want, err := os.ReadFile("testdata/event.json")
	if err != nil {
		t.Fatal(err)
	}
	items := []item{
		{Record: record.Record{Sequence: 7, Arrival: 1_495_072_949_453, Data: []byte("hello")}},
		{Record: record.Record{Sequence: 7, Sub: 1, Arrival: 1_495_072_949_453}},
	}
	event := appendEvent(nil, streamARN, "us-east-1", newRecordIDs(record.StreamID{1}), items)
	first := strings.Replace(string(event), "00000000-0000-0000-0000-000000000000", "<fresh>", 1)
	if first != strings.TrimSpace(string(want)) {
		t.Errorf("got\n%s", first)
	}
	stamp(event)
	var shape struct{ InvocationID string }
	if err := json.Unmarshal(event, &shape); err != nil || len(shape.InvocationID) != 36 || strings.HasPrefix(shape.InvocationID, "00000000") {
		t.Errorf("%v %s", err, event)
	}
	if most := eventBytes(streamARN, "us-east-1", items); len(event) > most {
		t.Errorf("an event of %d bytes was taken for at most %d", len(event), most)
	}
}

// Another attempt is another invocation of the same records, and comes later.
func TestAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []string
		var at []time.Duration
		start := time.Now()
		p := withFunction(t, Lambda{Retries: 3}, invoker(func(_ context.Context, payload []byte) ([]byte, error) {
			events = append(events, string(payload))
			at = append(at, time.Since(start))
			return nil, &record.Failure{Code: "Lambda.FunctionTimedOut", Message: "late"}
		}))
		var failed []string
		ctx := destination.WithAttempts(context.Background(), destination.Attempts{Failed: func(err error) { failed = append(failed, err.Error()) }})
		done, err := p.Process(ctx, batch("one"))
		if err != nil {
			t.Fatal(err)
		}
		const id = len(eventHead)
		for i, e := range events[1:] {
			if e[:id] != events[0][:id] || e[id+36:] != events[0][id+36:] || e[id:id+36] == events[i][id:id+36] {
				t.Errorf("attempt %d: %s", i+2, e)
			}
		}
		if len(events) != 4 || len(failed) != 3 || failed[0] != "invoke function: Lambda.FunctionTimedOut: late" {
			t.Errorf("%d invocations, told of %q", len(events), failed)
		}
		for i, most := range []time.Duration{0, 1, 3, 7} {
			if near := most * time.Second; at[i] < near*85/100 || at[i] > near*115/100 {
				t.Errorf("attempt %d after %s", i+1, at[i])
			}
		}
		r := done.Refusals[0]
		if r.Attempts != 4 || r.LambdaARN != lambdaARN || r.Code != "Lambda.FunctionTimedOut" || r.AttemptedAt != time.Now().UnixMilli() {
			t.Errorf("%+v", r)
		}
	})
}

// A flush does not wait for the next attempt.
func TestFlushEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		again := make(chan struct{}, 1)
		n := 0
		f := &fakeFunction{}
		p := withFunction(t, Lambda{Retries: 1}, invoker(func(ctx context.Context, payload []byte) ([]byte, error) {
			if n++; n == 1 {
				return nil, errors.New("not now")
			}
			return f.Invoke(ctx, "", payload)
		}))
		again <- struct{}{}
		done, err := p.Process(destination.WithAttempts(context.Background(), destination.Attempts{Again: again}), batch("one"))
		if err != nil || len(done.Records) != 1 || time.Since(start) != 0 {
			t.Errorf("%+v %v after %s", done, err, time.Since(start))
		}
	})
}

// At most five invocations are under way, and the records keep their order
// whichever ends first.
func TestInvocationsAtOnceKeepOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		f := &fakeFunction{}
		var under, most, n atomic.Int32
		p := withFunction(t, Lambda{BufferBytes: 10}, invoker(func(ctx context.Context, payload []byte) ([]byte, error) {
			most.Store(max(most.Load(), under.Add(1)))
			defer under.Add(-1)
			time.Sleep(time.Duration(100-n.Add(1)) * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			return f.Invoke(ctx, "", payload)
		}))
		var records []string
		for i := range 50 {
			records = append(records, fmt.Sprintf("r%03d", i))
		}
		done, err := p.Process(context.Background(), batch(records...))
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range done.Records {
			if string(r.Data) != strings.ToUpper(records[i]) || r.Sequence != record.Sequence(i+1) {
				t.Errorf("%d: %q", i, r.Data)
			}
		}
		// two records of four bytes fit into a buffer of ten
		if len(done.Records) != 50 || f.invocations != 25 || most.Load() != 5 {
			t.Errorf("%d records by %d invocations, %d at once", len(done.Records), f.invocations, most.Load())
		}
	})
}

// One part of a batch that fails leaves the others alone.
func TestPartsFailAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeFunction{}
		p := withFunction(t, Lambda{BufferBytes: 1}, invoker(func(ctx context.Context, payload []byte) ([]byte, error) {
			if bytes.Contains(payload, []byte(`"data":"Yg=="`)) { // b
				return nil, &record.Failure{Code: functionError, Message: "boom"}
			}
			return f.Invoke(ctx, "", payload)
		}))
		b := batch("a", "b")
		p2, err := p.Process(context.Background(), b)
		if err != nil || len(p2.Records) != 1 || string(p2.Records[0].Data) != "A" || len(p2.Refusals) != 1 || p2.Refusals[0].Record.Sequence != 2 {
			t.Errorf("%+v %v", p2, err)
		}
	})
}

// Events stay within Lambda's limit however small their records are; a record
// that is too large for any event goes alone, and whoever invokes refuses it.
func TestEventsAreWithinLambdasLimit(t *testing.T) {
	p := withFunction(t, Lambda{BufferBytes: 3 << 20}, &fakeFunction{})
	f := p.stages[0].(*function)
	items := make([]item, 200_000)
	for i := range items {
		items[i].Data = []byte("x")
	}
	items[7].Data = make([]byte, 5<<20)
	total := 0
	for _, chunk := range f.chunks(items) {
		event := appendEvent(nil, streamARN, "us-east-1", newRecordIDs(record.StreamID{1}), chunk)
		if len(event) > maxEventBytes && len(chunk) > 1 {
			t.Errorf("%d records in %d bytes", len(chunk), len(event))
		}
		total += len(chunk)
	}
	if total != len(items) {
		t.Errorf("%d of %d records", total, len(items))
	}
}

// A stop ends invocations and waits, and decides nothing.
func TestStop(t *testing.T) {
	for name, f := range map[string]invoker{
		"while invoking": func(ctx context.Context, _ []byte) ([]byte, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
		"while waiting": func(context.Context, []byte) ([]byte, error) { return nil, errors.New("not now") },
		"as it is answered": func(ctx context.Context, _ []byte) ([]byte, error) {
			<-ctx.Done()
			return []byte(`{"records":[]}`), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := withFunction(t, Lambda{Retries: 300, BufferBytes: 1}, f)
				ctx, stop := context.WithTimeout(context.Background(), 100*time.Millisecond)
				defer stop()
				start := time.Now()
				done, err := p.Process(ctx, batch("a", "b", "c", "d", "e", "f", "g"))
				if !errors.Is(err, context.DeadlineExceeded) || len(done.Records)+len(done.Refusals)+done.Dropped > 0 {
					t.Errorf("%+v %v", done, err)
				}
				if time.Since(start) != 100*time.Millisecond {
					t.Errorf("after %s", time.Since(start))
				}
			})
		})
	}
}

// The role is asked before each invocation, for the function as it is named.
func TestRoleIsAsked(t *testing.T) {
	var asked []string
	p, err := New(Options{Lambda: &Lambda{ARN: lambdaARN + ":prod", RoleARN: "arn:aws:iam::000000000000:role/r"}, Functions: &fakeFunction{},
		Authorize: func(_ context.Context, role, action, resource string) error {
			asked = append(asked, role+" "+action+" "+resource)
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Process(context.Background(), batch("a")); err != nil {
		t.Fatal(err)
	}
	if want := "arn:aws:iam::000000000000:role/r lambda:InvokeFunction " + lambdaARN + ":prod"; len(asked) != 1 || asked[0] != want {
		t.Errorf("asked %q", asked)
	}
}
