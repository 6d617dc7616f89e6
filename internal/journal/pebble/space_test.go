package pebble

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// smallDisk is a file system with so many bytes; what does not fit gets ENOSPC.
type smallDisk struct {
	vfs.FS
	mu       sync.Mutex
	capacity int64
	sizes    map[string]int64 // of files by path
	refused  int
}

func newSmallDisk(capacity int64) *smallDisk {
	return &smallDisk{FS: vfs.NewMem(), capacity: capacity, sizes: map[string]int64{}}
}

func (d *smallDisk) used() (n int64) {
	for _, size := range d.sizes {
		n += size
	}
	return n
}

func (d *smallDisk) resize(capacity int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.capacity = capacity
}

func (d *smallDisk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return vfs.DiskUsage{AvailBytes: uint64(max(0, d.capacity-d.used())), TotalBytes: uint64(d.capacity), UsedBytes: uint64(d.used())}, nil
}

func (d *smallDisk) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := d.FS.Create(name, c)
	return d.file(name, f, err)
}

func (d *smallDisk) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := d.FS.ReuseForWrite(from, to, c)
	d.move(from, to)
	return d.file(to, f, err)
}

func (d *smallDisk) Rename(from, to string) error {
	err := d.FS.Rename(from, to)
	if err == nil {
		d.move(from, to)
	}
	return err
}

func (d *smallDisk) Remove(name string) error {
	err := d.FS.Remove(name)
	if err == nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.sizes, name)
	}
	return err
}

func (d *smallDisk) move(from, to string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sizes[to] = d.sizes[from]
	delete(d.sizes, from)
}

func (d *smallDisk) file(name string, f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return &smallFile{File: f, disk: d, name: name}, nil
}

type smallFile struct {
	vfs.File
	disk *smallDisk
	name string
	at   int64
}

func (f *smallFile) Write(b []byte) (int, error) {
	f.disk.mu.Lock()
	grown := max(0, f.at+int64(len(b))-f.disk.sizes[f.name])
	if f.disk.used()+grown > f.disk.capacity {
		f.disk.refused++
		f.disk.mu.Unlock()
		return 0, &os.PathError{Op: "write", Path: f.name, Err: syscall.ENOSPC}
	}
	f.disk.sizes[f.name] += grown
	f.at += int64(len(b))
	f.disk.mu.Unlock()
	return f.File.Write(b)
}

// noise is a frame that does not pack.
func noise(t testing.TB, bytes int, seed uint64) *record.Sealed {
	t.Helper()
	data := make([]byte, bytes)
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	_, _ = rand.NewChaCha8(key).Read(data)
	return seal(t, fmt.Sprint(seed), string(data))
}

// fill appends until the journal is full and returns how many frames it took.
func fill(t *testing.T, j *Journal, id record.StreamID, bytes int) (n int) {
	t.Helper()
	for ; n < 10_000; n++ {
		var b journal.Batch
		b.Append(id, noise(t, bytes, uint64(n)))
		if _, err := journal.Put(j, &b); errors.Is(err, journal.ErrFull) {
			return n
		} else if err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("the journal is never full")
	return n
}

// fills a disk several times: at the reserve puts are refused, all else works,
// and what is given up makes room again while the journal stays open.
func fillsAndRecovers(t *testing.T, opts Options, rounds int) {
	opts.memTableBytes = 1 << 20
	j, err := Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	id := record.NewStreamID()
	next := record.Sequence(1)
	for round := range rounds {
		var n int
		for deadline := time.Now().Add(time.Minute); n == 0; { // the store gives space back in its own time
			if n = fill(t, j, id, 128<<10); n == 0 && time.Now().After(deadline) {
				t.Fatalf("round %d: no room again: %+v", round, j.Usage())
			}
			time.Sleep(usageEvery / 10)
		}
		// what was acknowledged can be read
		r := j.Read(id, next)
		for i := range 2 * n {
			if i%2 == 1 {
				continue
			}
			f, err := r.Next(context.Background())
			if err != nil || f.First != next {
				t.Fatalf("round %d: %v %v, want record %d", round, f, err, next)
			}
			next = f.Next()
		}
		r.Close()
		// and states change, which is how a reader makes room
		for i := range 50 {
			var b journal.Batch
			b.SetCursor(id, "reader", next)
			b.Set(fmt.Sprint("other/", i), []byte("x"))
			if _, err := journal.Put(j, &b); err != nil {
				t.Fatalf("round %d: state in a full journal: %v", round, err)
			}
		}
		if err := j.Trim(id, next); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if j, err = Open(opts); err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if got := j.Extent(id).Next; got != next {
		t.Fatalf("reopened, the next record is %d, want %d", got, next)
	}
}

func TestDiskReserve(t *testing.T) {
	disk := newSmallDisk(48 << 20)
	fillsAndRecovers(t, Options{Dir: "j", FS: disk, DiskReserveBytes: 24 << 20}, 5)
	if disk.refused > 0 {
		t.Errorf("the disk was full %d times in spite of the reserve", disk.refused)
	}
}

// Frames that are trimmed leave the disk also where each file holds one of a
// stream that keeps everything.
func TestTrimmedFramesLeaveTheDisk(t *testing.T) {
	const frameBytes, keptEvery = 64 << 10, 16
	disk := newSmallDisk(1 << 30)
	opts := Options{Dir: "j", FS: disk, RecentBytes: 1, memTableBytes: 1 << 20, rewriteBlobAge: time.Millisecond}
	j, err := Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	kept, trimmed := record.NewStreamID(), record.NewStreamID()
	put := func(id record.StreamID, i int) {
		var b journal.Batch
		b.Append(id, noise(t, frameBytes, uint64(i)))
		if _, err := journal.Put(j, &b); err != nil {
			t.Fatal(err)
		}
	}
	var most int64
	for i := range 2000 {
		put(trimmed, i)
		if i%keptEvery == 0 {
			put(kept, i)
		}
		if i%8 == 7 {
			if err := j.Trim(trimmed, j.Extent(trimmed).Next-8); err != nil {
				t.Fatal(err)
			}
		}
		disk.mu.Lock()
		most = max(most, disk.used())
		disk.mu.Unlock()
	}
	t.Logf("%d MiB written, %d MiB on disk at most, %d at the end, %d MiB of frames left", 2000*frameBytes>>20, most>>20, disk.used()>>20, j.Usage().Bytes>>20)
	if left := j.Usage().Bytes; most > 4*left {
		t.Errorf("%d bytes on disk at most for %d of frames that are left", most, left)
	}
	for range 2 { // what is kept is there, also after opening
		r := j.Read(kept, 1)
		for i := 0; i < 2000; i += keptEvery {
			f, err := r.Next(context.Background())
			if err != nil || string(f.Record(0)) != fmt.Sprint(i) {
				t.Fatalf("frame %d: %v %v", i, f, err)
			}
		}
		r.Close()
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if j, err = Open(opts); err != nil {
			t.Fatal(err)
		}
	}
	_ = j.Close()
}

// The same on a real file system, where one can be mounted.
func TestDiskReserveOnTmpfs(t *testing.T) {
	dir := t.TempDir()
	if err := mountTmpfs(dir, "64m"); err != nil {
		t.Skipf("no tmpfs can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := unmount(dir); err != nil {
			t.Error(err)
		}
	})
	fillsAndRecovers(t, Options{Dir: filepath.Join(dir, "j"), DiskReserveBytes: 32 << 20}, 3)
}

// Somebody else takes the reserve, too: the process is told to end, nothing is
// acknowledged that is not there, and with space again it goes on.
func TestDiskFullOfOthers(t *testing.T) {
	disk, id := newSmallDisk(64<<20), record.NewStreamID()
	fatal := make(chan error, 1)
	j, err := Open(Options{Dir: "j", FS: disk, Fatal: func(err error) {
		fatal <- err
		select {} // the process would be gone
	}})
	if err != nil {
		t.Fatal(err)
	}
	disk.resize(4 << 20)
	put := make(chan int, 100)
	go func() {
		for i := range 100 {
			var b journal.Batch
			b.Append(id, noise(t, 128<<10, uint64(i)))
			if _, err := journal.Put(j, &b); err != nil {
				return
			}
			put <- i
		}
	}()
	if err := <-fatal; !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("fatal with %v, want no space", err)
	}
	acknowledged := len(put)
	close(j.done)
	disk.resize(64 << 20)
	left, err := Open(Options{Dir: "copy", FS: copied(t, disk)})
	if err != nil {
		t.Fatal(err)
	}
	defer left.Close()
	if got := int(left.Extent(id).Next-1) / 2; got < acknowledged || acknowledged == 0 {
		t.Errorf("%d frames are left of %d that were acknowledged", got, acknowledged)
	}
	var b journal.Batch
	b.Append(id, noise(t, 128<<10, 0))
	if _, err := journal.Put(left, &b); err != nil {
		t.Error(err)
	}
}

// copied is the disk as another process finds it: the first one holds no lock
// on it any more.
func copied(t *testing.T, disk *smallDisk) vfs.FS {
	t.Helper()
	fs := vfs.NewMem()
	if ok, err := vfs.Clone(disk, fs, "j", "copy"); err != nil || !ok {
		t.Fatal(ok, err)
	}
	return fs
}

// A commit is taken whatever its size beside the store's memory: the largest
// frames, alone and several of them in one batch.
func TestLargeFrames(t *testing.T) {
	for _, memTable := range []uint64{64 << 10, 1 << 20, memTableBytes} {
		t.Run(fmt.Sprint(memTable), func(t *testing.T) {
			opts := Options{Dir: t.TempDir(), memTableBytes: memTable, RecentBytes: 1}
			j, err := Open(opts)
			if err != nil {
				t.Fatal(err)
			}
			id := record.NewStreamID()
			sizes := []int{1, 4 << 20, record.MaxFrameBytes - 64, 100}
			for _, size := range sizes {
				var b journal.Batch
				b.Append(id, noise(t, size, uint64(size)))
				b.Set(fmt.Sprint("size/", size), []byte("x"))
				if _, err := journal.Put(j, &b); err != nil {
					t.Fatalf("%d bytes: %v", size, err)
				}
			}
			var b journal.Batch
			for range 3 {
				b.Append(id, noise(t, record.MaxFrameBytes-64, 3))
			}
			if _, err := journal.Put(j, &b); err != nil {
				t.Fatal(err)
			}
			for range 2 { // in this journal, and in the one that is opened on what it wrote
				r := j.Read(id, 1)
				for i := range len(sizes) + 3 {
					f, err := r.Next(context.Background())
					if err != nil {
						t.Fatalf("frame %d: %v", i, err)
					}
					want := record.MaxFrameBytes - 64
					if i < len(sizes) {
						want = sizes[i]
					}
					if got := len(f.Record(1)); got != want {
						t.Fatalf("frame %d: %d bytes, want %d", i, got, want)
					}
				}
				r.Close()
				if err := j.Close(); err != nil {
					t.Fatal(err)
				}
				if j, err = Open(opts); err != nil {
					t.Fatal(err)
				}
			}
			_ = j.Close()
		})
	}
}
