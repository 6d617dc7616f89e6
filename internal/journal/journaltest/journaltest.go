// Package journaltest is the conformance suite of journal.Journal: what every
// part above relies on, run on each implementation.
package journaltest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// Harness opens journals for the suite.
type Harness struct {
	// Open returns a journal with the clock on the directory; the second one on
	// the same directory holds what the first one did.
	Open func(t *testing.T, dir string, now func() int64, quota int64) journal.Journal
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	for name, test := range map[string]func(*testing.T, Harness){
		"append and read":                  appendAndRead,
		"reader waits for the next frame":  readerWaits,
		"many writers, one order":          manyWriters,
		"a batch is whole":                 batchIsWhole,
		"arrivals never decrease":          arrivalsNeverDecrease,
		"bound holds, also after restart":  boundHolds,
		"the highest floor is kept":        highestFloor,
		"reopen goes on":                   reopenGoesOn,
		"lagging reader reads back":        laggingReader,
		"trim keeps the newest frame":      trim,
		"trim under a lagging reader":      trimUnderReader,
		"drop forgets":                     drop,
		"drop ends readers":                dropEndsReaders,
		"state: set, delete, scan, cursor": state,
		"quota refuses appends only":       quota,
		"what makes room passes the quota": makesRoom,
		"close ends readers":               closeEndsReaders,
	} {
		t.Run(name, func(t *testing.T) { test(t, h) })
	}
}

func sealed(t testing.TB, records ...string) *record.Sealed {
	t.Helper()
	var b record.Builder
	for _, r := range records {
		b.Append([]byte(r))
	}
	s, err := b.Seal()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t testing.TB, j journal.Journal, id record.StreamID, records ...string) *record.Frame {
	t.Helper()
	var b journal.Batch
	b.Append(id, sealed(t, records...))
	frames, err := journal.Put(j, &b)
	if err != nil {
		t.Fatal(err)
	}
	return frames[0]
}

// read returns the next n records of a stream as text.
func read(t testing.TB, j journal.Journal, id record.StreamID, from record.Sequence, n int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r := j.Read(id, from)
	defer r.Close()
	var out []string
	for len(out) < n {
		f, err := r.Next(ctx)
		if err != nil {
			t.Fatalf("after %q: %v", out, err)
		}
		for rec := range f.All(from) {
			out = append(out, fmt.Sprintf("%d %s", rec.Sequence, rec.Data))
		}
	}
	return out
}

func same(t testing.TB, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
}

func clock() int64 { return time.Now().UnixMilli() }

func open(t *testing.T, h Harness) journal.Journal {
	j := h.Open(t, t.TempDir(), clock, 0)
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func appendAndRead(t *testing.T, h Harness) {
	j, a, b := open(t, h), record.NewStreamID(), record.NewStreamID()
	put(t, j, a, "one", "two")
	put(t, j, b, "other")
	put(t, j, a, "", "four")
	same(t, read(t, j, a, 0, 4), "1 one", "2 two", "3 ", "4 four")
	same(t, read(t, j, a, 2, 3), "2 two", "3 ", "4 four")
	same(t, read(t, j, b, 1, 1), "1 other")
	if e := j.Extent(a); e.First != 1 || e.Next != 5 || e.Bytes <= 0 || e.Skipped != 0 || j.After(a, 3) != 3 {
		t.Fatalf("extent %+v", e)
	}
}

func readerWaits(t *testing.T, h Harness) {
	j, id := open(t, h), record.NewStreamID()
	got := make(chan []string)
	go func() { got <- read(t, j, id, 1, 1) }()
	time.Sleep(10 * time.Millisecond)
	put(t, j, id, "late")
	same(t, <-got, "1 late")

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	r := j.Read(id, 2)
	defer r.Close()
	if _, err := r.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("next past the end: %v", err)
	}
	put(t, j, id, "later") // the reader is still usable
	if f, err := r.Next(context.Background()); err != nil || f.First != 2 {
		t.Fatalf("%v %v", f, err)
	}
}

func manyWriters(t *testing.T, h Harness) {
	const writers, each = 8, 50
	j, id := open(t, h), record.NewStreamID()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				var b journal.Batch
				b.Append(id, sealed(t, fmt.Sprintf("%d/%d", w, i), "x"))
				if _, err := journal.Put(j, &b); err != nil {
					t.Error(err)
				}
			}
		})
	}
	seen := map[string]bool{}
	next := record.Sequence(1)
	r := j.Read(id, 1)
	defer r.Close()
	for len(seen) < writers*each {
		f, err := r.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if f.First != next {
			t.Fatalf("frame at %d, want %d", f.First, next)
		}
		next = f.Next()
		seen[string(f.Record(0))] = true
	}
	wg.Wait()
}

func batchIsWhole(t *testing.T, h Harness) {
	dir := t.TempDir()
	j, a, b := h.Open(t, dir, clock, 0), record.NewStreamID(), record.NewStreamID()
	var batch journal.Batch
	batch.Append(a, sealed(t, "in a"))
	batch.Append(b, sealed(t, "in b"))
	batch.Append(a, sealed(t, "in a too"))
	batch.Set("k", []byte("v"))
	batch.SetCursor(a, "app", 7)
	frames, err := journal.Put(j, &batch)
	if err != nil || len(frames) != 3 || frames[2].First != 2 {
		t.Fatalf("%v %v", frames, err)
	}
	_ = j.Close()
	j = h.Open(t, dir, clock, 0)
	defer j.Close()
	same(t, read(t, j, a, 1, 2), "1 in a", "2 in a too")
	same(t, read(t, j, b, 1, 1), "1 in b")
	if v, err := j.Get("k"); string(v) != "v" || err != nil {
		t.Fatalf("%q %v", v, err)
	}
}

func arrivalsNeverDecrease(t *testing.T, h Harness) {
	now := int64(1000)
	j, id := h.Open(t, t.TempDir(), func() int64 { return now }, 0), record.NewStreamID()
	defer j.Close()
	last := int64(0)
	for _, now = range []int64{1000, 900, 1001, 10, 2000} {
		f := put(t, j, id, "x")
		if f.Arrival < last || f.Arrival < now {
			t.Fatalf("arrival %d after %d at %d", f.Arrival, last, now)
		}
		last = f.Arrival
	}
}

func boundHolds(t *testing.T, h Harness) {
	now := int64(5000)
	dir := t.TempDir()
	j, id := h.Open(t, dir, func() int64 { return now }, 0), record.NewStreamID()
	put(t, j, id, "a", "b")
	now = 9000
	at, next := j.Bound(id)
	if at != 9000 || next != 3 {
		t.Fatalf("bound %d next %d", at, next)
	}
	now = 6000
	if f := put(t, j, id, "c"); f.Arrival < 9000 {
		t.Fatalf("arrival %d breaks the bound", f.Arrival)
	}
	now = 20000
	at, _ = j.Bound(id)
	var b journal.Batch
	b.SetFloor(id, at)
	if _, err := journal.Put(j, &b); err != nil {
		t.Fatal(err)
	}
	_ = j.Close()
	now = 7000
	j = h.Open(t, dir, func() int64 { return now }, 0)
	defer j.Close()
	if f := put(t, j, id, "d"); f.Arrival < 20000 || f.First != 4 {
		t.Fatalf("after restart: record %d at %d", f.First, f.Arrival)
	}
}

// Two readers keep the bounds that they were given, the higher one first.
func highestFloor(t *testing.T, h Harness) {
	now := int64(5000)
	dir := t.TempDir()
	j, id := h.Open(t, dir, func() int64 { return now }, 0), record.NewStreamID()
	put(t, j, id, "a")
	low, _ := j.Bound(id)
	now = 9000
	high, _ := j.Bound(id)
	for _, bound := range []int64{high, low} {
		var b journal.Batch
		b.SetFloor(id, bound)
		if _, err := journal.Put(j, &b); err != nil {
			t.Fatal(err)
		}
	}
	_ = j.Close()
	now = 6000
	j = h.Open(t, dir, func() int64 { return now }, 0)
	defer j.Close()
	if f := put(t, j, id, "b"); f.Arrival < high {
		t.Fatalf("after restart: arrival %d breaks the bound %d", f.Arrival, high)
	}
}

func reopenGoesOn(t *testing.T, h Harness) {
	dir, id := t.TempDir(), record.NewStreamID()
	for i := range 3 {
		j := h.Open(t, dir, clock, 0)
		put(t, j, id, fmt.Sprintf("r%d", i))
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	j := h.Open(t, dir, clock, 0)
	defer j.Close()
	same(t, read(t, j, id, 1, 3), "1 r0", "2 r1", "3 r2")
}

func laggingReader(t *testing.T, h Harness) {
	j, id := open(t, h), record.NewStreamID()
	big := string(make([]byte, 100<<10))
	const n = 200 // 20 MB, more than any hand-over keeps
	for i := range n {
		put(t, j, id, fmt.Sprint(i), big)
	}
	r := j.Read(id, 1)
	defer r.Close()
	for i := range n {
		f, err := r.Next(context.Background())
		if err != nil || string(f.Record(0)) != fmt.Sprint(i) {
			t.Fatalf("frame %d: %v", i, err)
		}
	}
}

func trim(t *testing.T, h Harness) {
	dir, id := t.TempDir(), record.NewStreamID()
	j := h.Open(t, dir, clock, 0)
	for i := range 5 {
		put(t, j, id, fmt.Sprint(i), "x")
	}
	before := j.Extent(id).Bytes
	if err := j.Trim(id, 6); err != nil { // in the middle of the third frame
		t.Fatal(err)
	}
	if e := j.Extent(id); e.First != 5 || e.Next != 11 || e.Bytes >= before {
		t.Fatalf("extent %+v, %d bytes before", e, before)
	}
	same(t, read(t, j, id, 1, 6), "5 2", "6 x", "7 3", "8 x", "9 4", "10 x")
	if err := j.Trim(id, 100); err != nil {
		t.Fatal(err)
	}
	_ = j.Close()
	j = h.Open(t, dir, clock, 0)
	defer j.Close()
	if f := put(t, j, id, "new"); f.First != 11 {
		t.Fatalf("sequence %d was used before", f.First)
	}
}

// A reader that lags goes on behind what is trimmed while it reads.
func trimUnderReader(t *testing.T, h Harness) {
	j, id := open(t, h), record.NewStreamID()
	const frames = 400
	for i := range frames {
		put(t, j, id, fmt.Sprint(i), string(make([]byte, 64<<10)))
	}
	var trimming sync.WaitGroup
	trimming.Go(func() {
		for i := range frames {
			if err := j.Trim(id, record.Sequence(2*i+1)); err != nil {
				t.Error(err)
			}
		}
	})
	for last := record.Sequence(0); last < 2*frames; {
		r := j.Read(id, last+1)
		f, err := r.Next(context.Background())
		if err != nil {
			t.Fatalf("after %d: %v", last, err)
		}
		if f.Next()-1 <= last {
			t.Fatalf("%d to %d after %d", f.First, f.Next(), last)
		}
		last = f.Next() - 1
		r.Close()
	}
	trimming.Wait()
}

// Readers learn that their stream is gone, those that wait and those that lag.
func dropEndsReaders(t *testing.T, h Harness) {
	j, id := open(t, h), record.NewStreamID()
	put(t, j, id, "one")
	ended := make(chan error)
	for _, from := range []record.Sequence{1, 2} {
		r := j.Read(id, from)
		go func() {
			for {
				if _, err := r.Next(context.Background()); err != nil {
					ended <- err
					return
				}
			}
		}()
	}
	time.Sleep(5 * time.Millisecond)
	if err := j.Drop(id); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-ended; !errors.Is(err, journal.ErrDropped) {
			t.Fatal(err)
		}
	}
}

func drop(t *testing.T, h Harness) {
	dir, id, other := t.TempDir(), record.NewStreamID(), record.NewStreamID()
	j := h.Open(t, dir, clock, 0)
	put(t, j, id, "gone")
	put(t, j, other, "stays")
	var b journal.Batch
	b.SetCursor(id, "delivery", 2)
	b.SetCursor(other, "delivery", 2)
	if _, err := journal.Put(j, &b); err != nil {
		t.Fatal(err)
	}
	if err := j.Drop(id); err != nil {
		t.Fatal(err)
	}
	_ = j.Close()
	j = h.Open(t, dir, clock, 0)
	defer j.Close()
	if e := j.Extent(id); e.Bytes != 0 {
		t.Fatalf("extent %+v", e)
	}
	if c, err := journal.Cursors(j, id); len(c) != 0 || err != nil {
		t.Fatalf("cursors %v %v", c, err)
	}
	same(t, read(t, j, other, 1, 1), "1 stays")
}

func state(t *testing.T, h Harness) {
	dir, id := t.TempDir(), record.NewStreamID()
	j := h.Open(t, dir, clock, 0)
	var b journal.Batch
	b.Set("a/1", []byte("x"))
	b.Set("a/2", nil)
	b.Set("a/3", []byte("y"))
	b.Delete("a/3")
	b.Set("b/1", []byte("z"))
	b.SetCursor(id, "delivery", 42)
	if _, err := journal.Put(j, &b); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var keys []string
		for e, err := range j.Scan("a/") {
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, e.Key+"="+string(e.Value))
		}
		same(t, keys, "a/1=x", "a/2=")
		if v, err := j.Get("a/3"); v != nil || err != nil {
			t.Fatalf("%q %v", v, err)
		}
		if next, ok, err := journal.Cursor(j, id, "delivery"); next != 42 || !ok || err != nil {
			t.Fatalf("%d %t %v", next, ok, err)
		}
		_ = j.Close()
		j = h.Open(t, dir, clock, 0)
	}
	_ = j.Close()
}

func quota(t *testing.T, h Harness) {
	j, id := h.Open(t, t.TempDir(), clock, 64<<10), record.NewStreamID()
	defer j.Close()
	fillUp(t, j, id, false)
	var b journal.Batch
	b.SetCursor(id, "delivery", j.Extent(id).Next)
	if _, err := journal.Put(j, &b); err != nil {
		t.Fatalf("state in a full journal: %v", err)
	}
	if err := j.Trim(id, j.Extent(id).Next); err != nil {
		t.Fatal(err)
	}
	put(t, j, id, "there is space again")
}

// fillUp appends until the journal refuses, and returns how many it took.
func fillUp(t *testing.T, j journal.Journal, id record.StreamID, makesRoom bool) (n int) {
	t.Helper()
	noise := make([]byte, 8<<10)
	x := uint32(1)
	for ; n < 100; n++ {
		for k := range noise { // does not pack
			x = x*1664525 + 1013904223
			noise[k] = byte(x >> 24)
		}
		b := journal.Batch{MakesRoom: makesRoom}
		b.Append(id, sealed(t, string(noise)))
		if _, err := journal.Put(j, &b); errors.Is(err, journal.ErrFull) {
			return n
		} else if err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("the journal is never full")
	return n
}

func makesRoom(t *testing.T, h Harness) {
	j, id := h.Open(t, t.TempDir(), clock, 64<<10), record.NewStreamID()
	defer j.Close()
	fillUp(t, j, id, false)
	if n := fillUp(t, j, id, true); n != 1 { // an eighth of the quota
		t.Fatalf("%d batches that make room passed the quota", n)
	}
}

func closeEndsReaders(t *testing.T, h Harness) {
	j, id := open(t, h), record.NewStreamID()
	ended := make(chan error)
	go func() {
		_, err := j.Read(id, 1).Next(context.Background())
		ended <- err
	}()
	time.Sleep(5 * time.Millisecond)
	_ = j.Close()
	if err := <-ended; !errors.Is(err, journal.ErrClosed) {
		t.Fatal(err)
	}
	var b journal.Batch
	b.Append(id, sealed(t, "x"))
	if _, err := j.Begin(&b); !errors.Is(err, journal.ErrClosed) {
		t.Fatal(err)
	}
}
