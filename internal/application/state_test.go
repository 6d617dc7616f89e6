package application

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/memory"
	"github.com/millrace/millrace/internal/record"
)

// play starts the tumbling scenario's application in a fresh world.
func play(t *testing.T, m mode) *world {
	s := readScenario(t, "testdata/scenarios/tumbling.txt")
	w := newWorld(t, s, m)
	w.start(LastStoppedPoint)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		w.app.Stop(ctx)
	})
	return w
}

func (w *world) all(directives ...string) {
	for _, d := range directives {
		w.do(d)
		w.settle()
	}
}

func (w *world) first() string { return strings.Join(w.records(w.s.config.Outputs[0]), "\n") }

// TestDamagedSnapshot flips a byte of the newest snapshot: the one before it and
// the steps since give the same results, and the damaged one goes.
func TestDamagedSnapshot(t *testing.T) {
	w := play(t, mode{snapshots: 1})
	w.all("put 00:00:01 {\"k\":\"a\"}", "put 00:00:02 {\"k\":\"a\"}", "put 00:00:12 {\"k\":\"b\"}", "put 00:00:13 {\"k\":\"b\"}")
	w.app.Stop(context.Background())
	state, err := load(w.disk, "app")
	if err != nil || len(state.snapshots) != keptSnapshots {
		t.Fatalf("%d snapshots, %v", len(state.snapshots), err)
	}
	key := chunkKey("app", state.snapshots[0].ID, 0)
	chunk, _ := w.disk.Get(key)
	chunk = bytes.Clone(chunk)
	chunk[len(chunk)/2] ^= 1
	b := &journal.Batch{}
	b.Set(key, chunk)
	if _, err := journal.Put(w.disk, b); err != nil {
		t.Fatal(err)
	}
	w.start(LastStoppedPoint)
	w.all("clock 00:00:20", "put 00:00:25 {\"k\":\"c\"}")
	want := `{"k":"a","n":2,"at":"2020-01-01 00:00:00.000"}` + "\n" + `{"k":"b","n":2,"at":"2020-01-01 00:00:10.000"}`
	if got := w.first(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	w.app.Stop(context.Background())
	after, _ := load(w.disk, "app")
	for _, s := range after.snapshots {
		if s.ID == state.snapshots[0].ID {
			t.Errorf("the damaged snapshot %d is still there", s.ID)
		}
	}
}

// TestChangedCode starts the application with another plan: it goes on where it
// was stopped, with windows that begin anew.
func TestChangedCode(t *testing.T) {
	w := play(t, mode{snapshots: time.Hour})
	w.all("put 00:00:01 {\"k\":\"a\"}")
	w.app.Stop(context.Background())
	w.streams.Put(t, w.disk, w.s.config.Input.ARN, `{"k":"b"}`) // while stopped
	w.s.config.Code = strings.Replace(w.s.config.Code, "COUNT(*)", "COUNT(*) + 100", 1)
	w.start(LastStoppedPoint)
	w.all("clock 00:00:10")
	if got, want := w.first(), `{"k":"b","n":101,"at":"2020-01-01 00:00:00.000"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestGivenUpRecords trims records that the stopped application has not read:
// it says so and goes on with what is left.
func TestGivenUpRecords(t *testing.T) {
	w := play(t, mode{snapshots: time.Hour})
	w.all("put 00:00:01 {\"k\":\"a\"}")
	w.app.Stop(context.Background())
	for range 3 {
		w.streams.Put(t, w.disk, w.s.config.Input.ARN, `{"k":"gone"}`)
	}
	w.streams.Put(t, w.disk, w.s.config.Input.ARN, `{"k":"b"}`)
	id, _ := w.streams.Stream(w.s.config.Input.ARN)
	if err := w.disk.Trim(id, w.disk.Extent(id).Next-1); err != nil {
		t.Fatal(err)
	}
	w.start(LastStoppedPoint)
	w.all("clock 00:00:10")
	want := `{"k":"a","n":1,"at":"2020-01-01 00:00:00.000"}` + "\n" + `{"k":"b","n":1,"at":"2020-01-01 00:00:00.000"}`
	if got := w.first(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// fullJournal refuses appends while it is full, and counts commits.
type fullJournal struct {
	journal.Journal
	mu      sync.Mutex
	full    bool
	refused int
	begun   int
}

func (f *fullJournal) Begin(b *journal.Batch) (journal.Commit, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.full && len(b.Appends) > 0 {
		f.refused++
		return nil, journal.ErrFull
	}
	f.begun++
	return f.Journal.Begin(b)
}

func (f *fullJournal) set(full bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.full = full
}

func (f *fullJournal) counts() (refused, begun int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.refused, f.begun
}

// TestFullJournal keeps a step while the journal is full; its results come once.
func TestFullJournal(t *testing.T) {
	w := play(t, mode{snapshots: time.Hour})
	w.app.Stop(context.Background())
	j := &fullJournal{Journal: w.disk, full: true}
	w.killer = &killer{Journal: j}
	w.start(LastStoppedPoint)
	w.do("put 00:00:01 {\"k\":\"a\"}")
	w.do("put 00:00:10 {\"k\":\"b\"}")
	for n := 0; n < 2; n, _ = j.counts() {
		time.Sleep(time.Millisecond)
	}
	if got := w.app.Status().LastError; got != journal.ErrFull.Error() {
		t.Errorf("last error %q while it waits", got)
	}
	j.set(false)
	w.settle()
	if got, want := w.first(), `{"k":"a","n":1,"at":"2020-01-01 00:00:00.000"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := w.app.Status().LastError; got != "" {
		t.Errorf("last error %q when it is over", got)
	}
}

// TestBacklogFillsJournal fills the journal with what a stopped application has
// not read: its steps pass the quota, because they are how room comes back.
func TestBacklogFillsJournal(t *testing.T) {
	w := play(t, mode{snapshots: time.Millisecond})
	w.app.Stop(context.Background())
	w.disk = memory.New(memory.Options{Now: w.clock.Load, QuotaBytes: 64 << 10})
	w.killer = &killer{Journal: w.disk}
	w.start(LastStoppedPoint)
	w.do("put 00:00:01 {\"k\":\"a\"}")
	w.app.Stop(context.Background())
	in, _ := w.streams.Stream(w.s.config.Input.ARN)
	for err := error(nil); !errors.Is(err, journal.ErrFull); {
		var b record.Builder
		for range 100 {
			b.Append(fmt.Appendf(nil, `{"k":"a","id":"%016x"}`, rand.Uint64()))
		}
		frame, _ := b.Seal()
		var batch journal.Batch
		batch.Append(in, frame)
		if _, err = journal.Put(w.disk, &batch); err != nil && !errors.Is(err, journal.ErrFull) {
			t.Fatal(err)
		}
	}
	n := w.disk.Extent(in).Next - 1
	w.start(LastStoppedPoint)
	w.all("clock 00:00:10")
	if got, want := w.first(), fmt.Sprintf(`{"k":"a","n":%d,"at":"2020-01-01 00:00:00.000"}`, n); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		cursor, _, err := journal.Cursor(w.disk, in, cursorName("app"))
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("the input is held from record %d of %d on (%v)", cursor, n, err)
		}
		if cursor == n+1 {
			return
		}
	}
}

// TestStopWhileFull gives up waiting: the next start does the step again.
func TestStopWhileFull(t *testing.T) {
	w := play(t, mode{snapshots: time.Hour})
	w.app.Stop(context.Background())
	j := &fullJournal{Journal: w.disk, full: true}
	w.killer = &killer{Journal: j}
	w.start(LastStoppedPoint)
	w.do("put 00:00:01 {\"k\":\"a\"}")
	w.do("clock 00:00:10")
	for n := 0; n < 1; n, _ = j.counts() {
		time.Sleep(time.Millisecond)
	}
	soon, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	w.app.Stop(soon)
	if err := w.app.Err(); err != nil {
		t.Errorf("stopped with %v", err)
	}
	j.set(false)
	w.start(LastStoppedPoint)
	w.settle()
	if got, want := w.first(), `{"k":"a","n":1,"at":"2020-01-01 00:00:00.000"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestIdleCommitsNothing lets time pass without rows.
func TestIdleCommitsNothing(t *testing.T) {
	w := play(t, mode{snapshots: time.Hour})
	w.app.Stop(context.Background())
	j := &fullJournal{Journal: w.disk}
	w.killer = &killer{Journal: j}
	w.start(LastStoppedPoint)
	w.all("put 00:00:01 {\"k\":\"a\"}", "clock 00:00:10", "clock 00:00:11")
	_, before := j.counts()
	w.all("clock 00:01:00", "clock 00:02:00", "clock 00:03:00")
	if _, after := j.counts(); after != before {
		t.Errorf("%d commits while idle", after-before)
	}
}

// TestKeeper writes a state of several chunks, twice, and a third that loses
// its head; what is no longer needed goes.
func TestKeeper(t *testing.T) {
	j := memory.New(memory.Options{})
	input := record.NewStreamID()
	k := &keeper{journal: j, app: "a", source: input, firstStep: 1}
	state := bytes.Repeat([]byte("state of the engine "), 3*chunkBytes/20)
	steps := &journal.Batch{}
	for n := uint64(1); n <= 30; n++ {
		set(steps, stepKey("a", n), stepRecord{Version: stateVersion, Next: record.Sequence(n * 100)})
	}
	if _, err := journal.Put(j, steps); err != nil {
		t.Fatal(err)
	}
	for i, step := range []uint64{5, 15, 25} {
		head := snapshotHead{Version: stateVersion, Step: step, Input: input, Next: record.Sequence(step * 100)}
		if err := k.keep(head, state[i*7:], nil); err != nil {
			t.Fatal(err)
		}
	}
	stray := snapshotHead{ID: k.newID()}
	if err := stray.putChunks(j, "a", state); err != nil {
		t.Fatal(err)
	}
	s, err := load(j, "a")
	if err != nil {
		t.Fatal(err)
	}
	if len(s.snapshots) != 2 || s.snapshots[0].Step != 25 || s.snapshots[1].Step != 15 || s.steps[0].Number != 16 || len(s.steps) != 15 || len(s.strays) != 3 || s.lastID != 4 {
		t.Errorf("snapshots %+v, %d steps, strays %v, last id %d", s.snapshots, len(s.steps), s.strays, s.lastID)
	}
	for i := range s.snapshots {
		if got, err := s.snapshots[i].state(j, "a"); err != nil || !slices.Equal(got, state[(2-i)*7:]) {
			t.Errorf("snapshot %d: %d bytes, %v", i, len(got), err)
		}
	}
	if next, ok, _ := journal.Cursor(j, input, cursorName("a")); !ok || next != 1500 {
		t.Errorf("cursor %d %v, want 1500: the older snapshot needs the input from there", next, ok)
	}
	if step, next := s.last(); step != 30 || next != 3000 {
		t.Errorf("last step %d, next %d", step, next)
	}
	if err := Forget(j, "a"); err != nil {
		t.Fatal(err)
	}
	for e := range j.Scan("") {
		t.Errorf("key %q is left", e.Key)
	}
}

// TestStateFromTheFuture refuses a format that this program does not know.
func TestStateFromTheFuture(t *testing.T) {
	j := memory.New(memory.Options{})
	b := &journal.Batch{}
	b.Set(stepKey("a", 1), []byte(`{"version":2,"next":5}`))
	if _, err := journal.Put(j, b); err != nil {
		t.Fatal(err)
	}
	if _, err := load(j, "a"); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("error %v, want one that names version 2", err)
	}
}
