//go:build unix

package pebble

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// The test binary is its own child: it works on a journal until the fault that
// the environment names ends it.
const (
	childDir   = "MILLRACE_TEST_JOURNAL"
	childFault = "MILLRACE_TEST_FAULT" // "POINT N": at the N-th time
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		point, n, _ := strings.Cut(os.Getenv(childFault), " ")
		times, err := strconv.ParseInt(n, 10, 64)
		if err != nil {
			panic(err)
		}
		work(dir, &fault{point: point, left: times})
		return
	}
	os.Exit(m.Run())
}

// fault strikes at its point, the N-th time it is passed.
type fault struct {
	point string
	left  int64
}

func (f *fault) due(point string) bool {
	return f.point == point && atomic.AddInt64(&f.left, -1) == 0
}

// at ends the process as kill -9 does if the point is the fault's.
func (f *fault) at(point string) {
	if f.due(point) {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

// faultFS passes the points of the files and of the names in a directory.
type faultFS struct {
	vfs.FS
	fault *fault
}

func (f faultFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f.fault.at("create")
	return f.wrap(name)(f.FS.Create(name, c))
}

func (f faultFS) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f.fault.at("reuse")
	return f.wrap(to)(f.FS.ReuseForWrite(from, to, c))
}

func (f faultFS) Rename(from, to string) error {
	f.fault.at("rename")
	return f.FS.Rename(from, to)
}

func (f faultFS) Remove(name string) error {
	f.fault.at("remove")
	return f.FS.Remove(name)
}

func (f faultFS) wrap(name string) func(vfs.File, error) (vfs.File, error) {
	return func(file vfs.File, err error) (vfs.File, error) {
		if err != nil {
			return nil, err
		}
		kind := filepath.Ext(name)
		if kind == "" {
			kind = ".other" // the manifest, the options, what marks the newest of them
		}
		return faultFile{file, f.fault, kind}, nil
	}
}

type faultFile struct {
	vfs.File
	fault *fault
	kind  string
}

func (f faultFile) Write(b []byte) (int, error) {
	f.fault.at("before-write" + f.kind)
	n, err := f.File.Write(b)
	f.fault.at("after-write" + f.kind)
	return n, err
}

func (f faultFile) Sync() error     { return f.sync(f.File.Sync) }
func (f faultFile) SyncData() error { return f.sync(f.File.SyncData) }

func (f faultFile) sync(sync func() error) error {
	f.fault.at("before-fsync" + f.kind)
	if f.fault.due("failing-fsync" + f.kind) {
		fmt.Println("fault")
		return syscall.EIO
	}
	err := sync()
	f.fault.at("after-fsync" + f.kind)
	return err
}

// work appends to two streams, trims one and drops the other now and then, and
// prints what it was told is durable, before it does anything else.
func work(dir string, f *fault) {
	j, err := Open(Options{Dir: dir, FS: faultFS{vfs.Default, f}, memTableBytes: smallMemTable})
	if err != nil {
		fmt.Println("open:", err)
		os.Exit(3)
	}
	kept, dropped := record.StreamID{1}, record.NewStreamID()
	pad := make([]byte, 8<<10)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(pad) // does not pack
	for i := range 200 {
		for _, id := range []record.StreamID{kept, dropped} {
			text := fmt.Sprintf("%s %d", id, i)
			var records record.Builder
			records.Append([]byte(text))
			records.Append(pad[i*17:])
			sealed, err := records.Seal()
			if err != nil {
				panic(err)
			}
			var b journal.Batch
			b.Append(id, sealed)
			b.SetCursor(id, "reader", j.Extent(id).Next)
			frames, err := journal.Put(j, &b)
			if err != nil {
				fmt.Println("put:", err)
				os.Exit(3)
			}
			f.at("before-reply")
			fmt.Println("durable", frames[0].First, text)
		}
		if i%10 == 9 {
			f.at("before-trim")
			trim := j.Extent(kept).Next - 10
			fmt.Println("trimmed", uint64(trim)) // may be
			if err := j.Trim(kept, trim); err != nil {
				panic(err)
			}
			f.at("after-trim")
		}
		if i%50 == 49 {
			fmt.Println("dropped", dropped) // may be
			f.at("before-drop")
			if err := j.Drop(dropped); err != nil {
				panic(err)
			}
			f.at("after-drop")
			fmt.Println("gone", dropped)
			dropped = record.NewStreamID()
		}
	}
	if err := j.Close(); err != nil {
		panic(err)
	}
	fmt.Println("end")
}

// child is what one run of work said.
type child struct {
	durable  map[string]record.Sequence // text "STREAM i" to sequence
	trimmed  record.Sequence            // of the kept stream, perhaps
	dropping map[string]bool            // perhaps
	gone     map[string]bool
	code     int
	killed   bool
	text     string
}

func run(t *testing.T, dir, fault string) child {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childDir+"="+dir, childFault+"="+fault)
	out, err := c.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	said := child{durable: map[string]record.Sequence{}, dropping: map[string]bool{}, gone: map[string]bool{}, text: string(out)}
	said.code = c.ProcessState.ExitCode()
	status, _ := c.ProcessState.Sys().(syscall.WaitStatus)
	said.killed = status.Signaled() && status.Signal() == syscall.SIGKILL
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "durable":
			first, text, _ := strings.Cut(rest, " ")
			n, err := strconv.ParseUint(first, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			said.durable[text] = record.Sequence(n)
		case "trimmed":
			n, _ := strconv.ParseUint(rest, 10, 64)
			said.trimmed = record.Sequence(n)
		case "dropped":
			said.dropping[rest] = true
		case "gone":
			said.gone[rest] = true
		}
	}
	return said
}

// keeps opens the journal that a child left and compares it with what the
// child said.
func keeps(t *testing.T, dir string, said ...child) {
	t.Helper()
	j, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for _, c := range said {
		for text, first := range c.durable {
			name, _, _ := strings.Cut(text, " ")
			id, err := record.ParseStreamID(name)
			if err != nil {
				t.Fatal(err)
			}
			if j.Extent(id).Next <= first {
				if !c.dropping[name] {
					t.Fatalf("%s was durable at %d; the journal ends before %d", text, first, j.Extent(id).Next)
				}
				continue
			}
			if c.gone[name] {
				t.Fatalf("%s was dropped and is there", name)
			}
			if first < max(j.Extent(id).First, c.trimmed) {
				continue
			}
			f, err := j.Read(id, first).Next(context.Background())
			if err != nil {
				t.Fatalf("%s at %d: %v", text, first, err)
			}
			if string(f.Record(0)) != text || f.First != first {
				t.Fatalf("%q at %d, want %q", f.Record(0), f.First, text)
			}
		}
	}
	kept := record.StreamID{1}
	extent := j.Extent(kept)
	r := j.Read(kept, extent.First)
	for next := extent.First; next < extent.Next; {
		f, err := r.Next(context.Background())
		if err != nil || f.First != next {
			t.Fatalf("%v %v, want record %d", f, err, next)
		}
		next = f.Next()
	}
}

// Killed at each of these points, at several times, the journal keeps what was
// acknowledged, is whole, and goes on.
func TestKillAtFailPoints(t *testing.T) {
	for point, times := range map[string][]int{
		"before-write.log": {1, 2, 150}, "after-write.log": {60, 200}, "before-fsync.log": {1, 3, 140}, "after-fsync.log": {1, 8, 170},
		"before-reply": {1, 100}, "before-trim": {4}, "after-trim": {5}, "before-drop": {2}, "after-drop": {2},
		"before-write.sst": {1, 9}, "before-fsync.sst": {2}, "before-write.blob": {1, 20}, "after-write.blob": {7}, "before-fsync.blob": {2}, "before-write.other": {1, 3, 6}, "after-fsync.other": {1, 4},
		"rename": {1}, "remove": {1, 3}, "create": {1, 3, 6}, "reuse": {2},
	} {
		t.Run(point, func(t *testing.T) {
			t.Parallel() // they wait for fsyncs more than they compute
			for _, n := range times {
				dir := filepath.Join(t.TempDir(), "j")
				first := run(t, dir, fmt.Sprint(point, " ", n))
				if !first.killed {
					t.Fatalf("%s %d: not killed, exit %d: %s", point, n, first.code, last(first.text))
				}
				// again on what is left: the point is passed during the open, too
				second := run(t, dir, fmt.Sprint(point, " ", n))
				if !second.killed {
					t.Fatalf("%s %d, second run: not killed, exit %d: %s", point, n, second.code, last(second.text))
				}
				keeps(t, dir, first, second)
				if third := run(t, dir, "none 0"); !strings.HasSuffix(third.text, "end\n") {
					t.Fatalf("%s %d: what is left does not go on: exit %d: %s", point, n, third.code, last(third.text))
				}
			}
		})
	}
}

// A process whose fsync fails ends with status 1 and acknowledges nothing more.
func TestFailedSyncEndsTheProcess(t *testing.T) {
	for _, n := range []int{1, 2, 7, 100} {
		dir := filepath.Join(t.TempDir(), "j")
		said := run(t, dir, fmt.Sprint("failing-fsync.log ", n))
		before, after, fired := strings.Cut(said.text, "fault\n")
		if !fired || said.code != 1 || after != "" {
			t.Fatalf("sync %d: exit %d, fault fired: %t, said after it: %q; before: %s", n, said.code, fired, after, last(before))
		}
		keeps(t, dir, said)
	}
}

func last(text string) string { return text[max(0, len(text)-300):] }
