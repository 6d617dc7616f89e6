package pebble

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

func seal(t testing.TB, records ...string) *record.Sealed {
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

// A machine that loses power keeps what was acknowledged: the file system is
// cut back to what was synced (and a random part of what was not) while
// writers are at work, and every batch whose Wait had returned is there, whole.
func TestPowerCutKeepsAcknowledged(t *testing.T) {
	for round := range 20 {
		fs := vfs.NewCrashableMem()
		j, err := Open(Options{Dir: "j", FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		id := record.NewStreamID()
		var mu sync.Mutex
		acknowledged := map[string]bool{}
		var stop atomic.Bool
		var writers sync.WaitGroup
		for w := range 4 {
			writers.Go(func() {
				for i := 0; !stop.Load(); i++ {
					name := fmt.Sprintf("%d/%d", w, i)
					var b journal.Batch
					b.Append(id, seal(t, name))
					b.Set("state/"+name, []byte("x"))
					if _, err := journal.Put(j, &b); err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					acknowledged[name] = true
					mu.Unlock()
				}
			})
		}
		var crashed *vfs.MemFS
		var due map[string]bool
		for n := 0; n < 50+round*20; {
			mu.Lock()
			n = len(acknowledged)
			mu.Unlock()
			runtime.Gosched()
		}
		mu.Lock()
		due = map[string]bool{}
		for k := range acknowledged {
			due[k] = true
		}
		mu.Unlock()
		crashed = fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: round * 5, RNG: rand.New(rand.NewPCG(1, uint64(round)))})
		stop.Store(true)
		writers.Wait()
		_ = j.Close()

		j, err = Open(Options{Dir: "j", FS: crashed})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		found := map[string]bool{}
		r := j.Read(id, 1)
		for next := record.Sequence(1); next < j.Extent(id).Next; {
			f, err := r.Next(context.Background())
			if err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			if f.First != next {
				t.Fatalf("round %d: record %d, want %d", round, f.First, next)
			}
			next = f.Next()
			name := string(f.Record(0))
			found[name] = true
			if v, _ := j.Get("state/" + name); v == nil {
				t.Fatalf("round %d: frame %s without its state", round, name)
			}
		}
		for name := range due {
			if !found[name] {
				t.Fatalf("round %d: %s was acknowledged and is lost", round, name)
			}
		}
		_ = j.Close()
	}
}

// When the n-th sync fails, nothing is acknowledged from then on and the
// process is told to end.
func TestFailedSyncIsFatal(t *testing.T) {
	for n := range 5 {
		var armed, fired atomic.Bool
		var syncs atomic.Int64
		fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
			if !armed.Load() || (op.Kind != errorfs.OpFileSync && op.Kind != errorfs.OpFileSyncData && op.Kind != errorfs.OpFileSyncTo) {
				return nil
			}
			if syncs.Add(1) > int64(n) {
				fired.Store(true)
				return errorfs.ErrInjected
			}
			return nil
		}))
		fatal := make(chan error, 1)
		j, err := Open(Options{Dir: "j", FS: fs, Fatal: func(err error) {
			fatal <- err
			runtime.Goexit() // as ending the process would: nothing after it runs
		}})
		if err != nil {
			t.Fatal(err)
		}
		armed.Store(true)
		id := record.NewStreamID()
		var acknowledged atomic.Int64
		go func() {
			for range 100 {
				var b journal.Batch
				b.Append(id, seal(t, "x"))
				if _, err := journal.Put(j, &b); err != nil {
					return
				}
				if fired.Load() {
					acknowledged.Add(1)
				}
			}
		}()
		if err := <-fatal; err == nil || !fired.Load() {
			t.Fatalf("sync %d: fatal with %v, fault fired: %t", n, err, fired.Load())
		}
		if acknowledged.Load() > 0 {
			t.Fatalf("sync %d: %d commits acknowledged after it failed", n, acknowledged.Load())
		}
	}
}

// A frame that is not what was written stops its stream, names the place, and
// leaves other streams alone.
func TestDamagedFrameStopsItsStreamOnly(t *testing.T) {
	dir := t.TempDir()
	j, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	hurt, well := record.NewStreamID(), record.NewStreamID()
	for i := range 3 {
		for _, id := range []record.StreamID{hurt, well} {
			var b journal.Batch
			b.Append(id, seal(t, fmt.Sprint("r", i)))
			if _, err := journal.Put(j, &b); err != nil {
				t.Fatal(err)
			}
		}
	}
	raw, err := j.get(frameKey(hurt, 2))
	if err != nil || raw == nil {
		t.Fatal(err)
	}
	raw[len(raw)-1] ^= 1
	if err := j.db.Set(frameKey(hurt, 2), raw, pebble.Sync); err != nil {
		t.Fatal(err)
	}
	_ = j.Close()

	j, err = Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	r := j.Read(hurt, 1)
	if f, err := r.Next(context.Background()); err != nil || f.First != 1 {
		t.Fatalf("the whole frame before it: %v", err)
	}
	var damage *journal.Damage
	if _, err := r.Next(context.Background()); !errors.As(err, &damage) || damage.Stream != hurt || damage.Sequence != 2 || !errors.Is(err, record.ErrDamaged) {
		t.Fatalf("got %v", err)
	}
	for r, i := j.Read(well, 1), 0; i < 3; i++ {
		if _, err := r.Next(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

// A frame that is gone from the middle is damage, too, not a silent jump.
func TestMissingFrameIsDamage(t *testing.T) {
	dir := t.TempDir()
	j, _ := Open(Options{Dir: dir})
	id := record.NewStreamID()
	for range 3 {
		var b journal.Batch
		b.Append(id, seal(t, "x"))
		if _, err := journal.Put(j, &b); err != nil {
			t.Fatal(err)
		}
	}
	_ = j.db.Delete(frameKey(id, 2), pebble.Sync)
	_ = j.Close()
	j, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	r := j.Read(id, 1)
	_, _ = r.Next(context.Background())
	var damage *journal.Damage
	if _, err := r.Next(context.Background()); !errors.As(err, &damage) || damage.Sequence != 2 {
		t.Fatalf("got %v", err)
	}
}

func TestSecondOpenIsRefused(t *testing.T) {
	dir := t.TempDir()
	j, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if second, err := Open(Options{Dir: dir}); err == nil {
		_ = second.Close()
		t.Fatal("two journals on one directory")
	}
}

// The cost of an acknowledged frame of 500 records of 292 bytes, from 8 writers.
func BenchmarkAppend(b *testing.B) {
	j, err := Open(Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	id := record.NewStreamID()
	line := make([]byte, 292)
	for i := range line {
		line[i] = "abcdefghij \":/"[i*i%14]
	}
	b.SetBytes(500 * int64(len(line)))
	b.SetParallelism(4)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			var frame record.Builder
			for range 500 {
				frame.Append(line)
			}
			s, _ := frame.Seal()
			var batch journal.Batch
			batch.Append(id, s)
			if _, err := journal.Put(j, &batch); err != nil {
				b.Error(err)
			}
		}
	})
}
