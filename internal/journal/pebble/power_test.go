package pebble

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// smallMemTable makes the store turn its logs and tables over within a test.
const smallMemTable = 256 << 10

// ledger is what a test was told is durable.
type ledger struct {
	mu    sync.Mutex
	names map[string]bool
}

func (l *ledger) add(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.names == nil {
		l.names = map[string]bool{}
	}
	l.names[name] = true
}

func (l *ledger) size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.names)
}

func (l *ledger) all() map[string]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	names := make(map[string]bool, len(l.names))
	for name := range l.names {
		names[name] = true
	}
	return names
}

// writers makes n of them. They append until they are stopped or the journal
// ends them, each frame with a change of the state, and enter into the ledger
// what Wait confirmed.
func writers(t *testing.T, n int, j *Journal, id record.StreamID, l *ledger, stop *atomic.Bool) *sync.WaitGroup {
	var work sync.WaitGroup
	for w := range n {
		work.Go(func() {
			for i := 0; !stop.Load(); i++ {
				name := fmt.Sprintf("%d/%d", w, i)
				var b journal.Batch
				b.Append(id, seal(t, name, strings.Repeat("x", i%7*1000)))
				b.Set("state/"+name, []byte("x"))
				if _, err := journal.Put(j, &b); err != nil {
					return // only after Fatal, which the test looks at
				}
				l.add(name)
			}
		})
	}
	return &work
}

// holds opens what is left and looks for all that was acknowledged: each frame
// with its state, no sequence missing between them, no frame of which a part
// is gone.
func holds(t *testing.T, fs vfs.FS, id record.StreamID, due map[string]bool) {
	t.Helper()
	j, err := Open(Options{Dir: "j", FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	found := map[string]bool{}
	r := j.Read(id, 1)
	for next := record.Sequence(1); next < j.Extent(id).Next; {
		f, err := r.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if f.First != next {
			t.Fatalf("record %d, want %d", f.First, next)
		}
		next = f.Next()
		name := string(f.Record(0))
		found[name] = true
		if v, _ := j.Get("state/" + name); v == nil {
			t.Fatalf("frame %s without its state", name)
		}
	}
	for name := range due {
		if !found[name] {
			t.Fatalf("%s was acknowledged and is lost", name)
		}
	}
}

// A machine that loses power keeps what was acknowledged: the file system is
// cut back to what was synced, and a random part of what was not, while
// writers are at work. A third of the cuts come with the first few commits.
func TestPowerCutKeepsAcknowledged(t *testing.T) {
	const cuts = 200
	random := rand.New(rand.NewPCG(7, 7))
	for cut := range cuts {
		fs := vfs.NewCrashableMem()
		j, err := Open(Options{Dir: "j", FS: fs, memTableBytes: smallMemTable})
		if err != nil {
			t.Fatal(err)
		}
		after := random.IntN(400)
		if cut%3 == 0 {
			after = random.IntN(4)
		}
		var told ledger
		var stop atomic.Bool
		id := record.NewStreamID()
		work := writers(t, 4, j, id, &told, &stop)
		for told.size() < after {
			runtime.Gosched()
		}
		due := told.all() // before the cut, so that it is a part of what was told by then
		left := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: random.IntN(101), RNG: rand.New(rand.NewPCG(1, uint64(cut)))})
		stop.Store(true)
		work.Wait()
		_ = j.Close()
		holds(t, left, id, due)
		if t.Failed() {
			t.Fatalf("cut %d, after %d commits", cut, after)
		}
	}
}

// Power is lost while a journal is made or opened: what it held is there, and
// it opens again. Of what was not synced all is kept or nothing. The store
// needs that of names in one directory, and file systems with a journal of
// their own give it: a new manifest and the name that points to it become
// durable by one sync.
func TestPowerCutDuringOpen(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	cuts := 0
	for cut := range 100 {
		fs, id := vfs.NewCrashableMem(), record.NewStreamID()
		var told ledger
		for range cut % 3 { // the first, second and third open
			j, err := Open(Options{Dir: "j", FS: fs, memTableBytes: smallMemTable})
			if err != nil {
				t.Fatal(err)
			}
			name := fmt.Sprint("before ", told.size())
			var b journal.Batch
			b.Append(id, seal(t, name))
			b.Set("state/"+name, []byte("x"))
			if _, err := journal.Put(j, &b); err != nil {
				t.Fatal(err)
			}
			told.add(name)
			_ = j.Close()
		}
		// the cut comes with the n-th call that changes the file system
		at, calls := int64(random.IntN(40)), atomic.Int64{}
		var left *vfs.MemFS
		watched := errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && calls.Add(1) == at+1 {
				left = fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: random.IntN(2) * 100, RNG: rand.New(rand.NewPCG(4, uint64(cut)))})
			}
			return nil
		}))
		j, err := Open(Options{Dir: "j", FS: watched})
		if err != nil {
			t.Fatal(err)
		}
		_ = j.Close()
		if left == nil { // fewer calls than that
			continue
		}
		cuts++
		holds(t, left, id, told.all())
		if t.Failed() {
			t.Fatalf("cut %d at call %d", cut, at)
		}
	}
	if cuts < 50 {
		t.Errorf("power went %d times only", cuts)
	}
}

func isSync(op errorfs.Op) bool {
	return op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo
}

// The n-th fsync of the log fails, once, for each n: the process is told to
// end, nothing that waited for it is acknowledged, and power may go at once.
// After a failure the system has forgotten what it could not write; the next
// fsync would say yes to nothing.
func TestFailedSyncIsFatal(t *testing.T) {
	for n := int64(1); n <= 200; n++ {
		var armed atomic.Bool
		var syncs atomic.Int64
		crashable := vfs.NewCrashableMem()
		fs := errorfs.Wrap(crashable, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if armed.Load() && isSync(op) && strings.HasSuffix(op.Path, ".log") && syncs.Add(1) == n {
				return errorfs.ErrInjected
			}
			return nil
		}))
		fatal := make(chan error, 100)
		j, err := Open(Options{Dir: "j", FS: fs, Fatal: func(err error) {
			fatal <- err
			runtime.Goexit() // as ending the process would: nothing after it runs
		}})
		if err != nil {
			t.Fatal(err)
		}
		armed.Store(true)
		id := record.NewStreamID()
		var told ledger
		var stop atomic.Bool
		work := writers(t, 2, j, id, &told, &stop) // what they write fits into the store's first memory
		select {
		case err := <-fatal:
			if err == nil || syncs.Load() < n {
				t.Fatalf("sync %d: fatal with %v after %d syncs", n, err, syncs.Load())
			}
		case <-time.After(time.Minute):
			t.Fatalf("sync %d failed and the process goes on", n)
		}
		left := crashable.CrashClone(vfs.CrashCloneCfg{})
		stop.Store(true)
		close(j.done)
		// What waited is not acknowledged: the writers end, but those that wait
		// for a lock with which the store has panicked.
		ended := make(chan struct{})
		go func() { work.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(100 * time.Millisecond):
		}
		holds(t, left, id, told.all())
		if t.Failed() {
			t.Fatalf("sync %d", n)
		}
	}
}

// A log that has failed makes the store panic in whoever writes next, before the
// one who waits for the failed write has heard of it. A server recovers the
// panics of its handlers; the process is told to end all the same.
func TestPanicOfTheStoreIsFatal(t *testing.T) {
	var armed atomic.Bool
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if armed.Load() && op.Kind == errorfs.OpFileWrite && strings.HasSuffix(op.Path, ".log") {
			return errorfs.ErrInjected
		}
		return nil
	}))
	fatal := make(chan error, 1)
	j, err := Open(Options{Dir: "j", FS: fs, Fatal: func(err error) {
		fatal <- err
		runtime.Goexit()
	}})
	if err != nil {
		t.Fatal(err)
	}
	armed.Store(true)
	id := record.NewStreamID()
	var handler sync.WaitGroup
	handler.Go(func() {
		defer func() {
			if failure := recover(); failure != nil {
				t.Errorf("a handler's panic is all there is: %v", failure)
				fatal <- nil
			}
		}()
		for n := range 6 { // none of them waits, and all of them fit into the store's first memory
			var b journal.Batch
			b.Append(id, noise(t, 36_000, uint64(n)))
			if _, err := j.Begin(&b); err != nil {
				t.Errorf("fatal returned: %v", err)
				break
			}
			time.Sleep(5 * time.Millisecond) // the log's own goroutine meets the error
		}
		fatal <- nil
	})
	if err := <-fatal; !errors.Is(err, errorfs.ErrInjected) {
		t.Errorf("fatal with %v", err)
	}
	handler.Wait()
	close(j.done)
}
