package witness

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/memory"
	"github.com/millrace/millrace/internal/journal/pebble"
	"github.com/millrace/millrace/internal/record"
)

// site is a data directory.
type site struct {
	t         testing.TB
	dir, file string
}

func newSite(t testing.TB) *site {
	dir := t.TempDir()
	return &site{t, filepath.Join(dir, "journal"), filepath.Join(dir, "journal.json")}
}

// open opens journal and witness as a start does.
func (s *site) open(acceptLoss bool) (*pebble.Journal, *Witness, error) {
	s.t.Helper()
	if err := Check(s.file, s.dir, acceptLoss); err != nil {
		return nil, nil, err
	}
	j, err := pebble.Open(pebble.Options{Dir: s.dir})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = j.Close() })
	w, err := Open(j, Options{File: s.file, AcceptLoss: acceptLoss, Name: func(record.StreamID) string { return "logs" }})
	if err != nil {
		return nil, nil, errors.Join(err, j.Close())
	}
	s.t.Cleanup(func() { _ = w.Close() })
	return j, w, nil
}

func (s *site) mustOpen(acceptLoss bool) (*pebble.Journal, *Witness) {
	s.t.Helper()
	j, w, err := s.open(acceptLoss)
	if err != nil {
		s.t.Fatal(err)
	}
	return j, w
}

func (s *site) close(j *pebble.Journal, w *Witness) {
	s.t.Helper()
	if err := errors.Join(w.Close(), j.Close()); err != nil {
		s.t.Fatal(err)
	}
}

// copyJournal keeps the journal's directory as it is now, and gives it back.
func (s *site) copyJournal() (restore func()) {
	s.t.Helper()
	copied := filepath.Join(s.t.TempDir(), "copy")
	if err := os.CopyFS(copied, os.DirFS(s.dir)); err != nil {
		s.t.Fatal(err)
	}
	return func() {
		if err := errors.Join(os.RemoveAll(s.dir), os.CopyFS(s.dir, os.DirFS(copied))); err != nil {
			s.t.Fatal(err)
		}
	}
}

func put(t testing.TB, j journal.Journal, id record.StreamID, text string) *record.Frame {
	t.Helper()
	var records record.Builder
	records.Append([]byte(text))
	sealed, err := records.Seal()
	if err != nil {
		t.Fatal(err)
	}
	var b journal.Batch
	b.Append(id, sealed)
	frames, err := journal.Put(j, &b)
	if err != nil {
		t.Fatal(err)
	}
	return frames[0]
}

// refused expects a refusal with all of these words.
func refused(t testing.TB, err error, words ...string) {
	t.Helper()
	var loss *Loss
	if !errors.As(err, &loss) {
		t.Fatalf("got %v, want a loss", err)
	}
	for _, word := range append(words, "found", "expected", "--accept-journal-loss") {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q is not in: %v", word, err)
		}
	}
}

// The journal's directory of an hour ago under the file of now.
func TestOlderCopyIsRefused(t *testing.T) {
	s, id, idle := newSite(t), record.NewStreamID(), record.NewStreamID()
	j, w := s.mustOpen(false)
	put(t, j, id, "one")
	put(t, j, idle, "x")
	s.close(j, w)
	restore := s.copyJournal()
	j, w = s.mustOpen(false)
	put(t, j, id, "two")
	put(t, j, id, "three")
	s.close(j, w)
	restore()
	for range 2 { // a refusal changes nothing
		_, _, err := s.open(false)
		refused(t, err, "an older state", "stream logs ("+id.String()+"): next record 2", "stream logs ("+id.String()+"): next record 4")
	}

	// Accepted, it goes on where no sequence was ever given out.
	j, w = s.mustOpen(true)
	if f := put(t, j, id, "four"); f.First != 4+epochGap {
		t.Errorf("record %d after 3 were given out", f.First)
	}
	s.close(j, w)
	j, w = s.mustOpen(true) // the flag may stay: there is nothing to accept any more
	put(t, j, id, "five")
	s.close(j, w)
	j, _ = s.mustOpen(false)
	r := j.Read(id, 1)
	defer r.Close()
	var read []string
	for range 3 {
		f, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		read = append(read, fmt.Sprint(f.First%epochGap), string(f.Record(0)))
	}
	if got := strings.Join(read, " "); got != "1 one 4 four 5 five" {
		t.Errorf("read %s", got)
	}
}

// The process ends between the skip and the note: the loss is accepted once
// more. Each time sequences skip ahead of all that were given out or skipped.
func TestAcceptingIsRepeatable(t *testing.T) {
	s, id := newSite(t), record.NewStreamID()
	j, w := s.mustOpen(false)
	s.close(j, w)
	restore := s.copyJournal()
	j, w = s.mustOpen(false)
	put(t, j, id, "one")
	s.close(j, w)
	restore()
	old, err := os.ReadFile(s.file)
	if err != nil {
		t.Fatal(err)
	}
	var next []record.Sequence
	for range 2 {
		j, w = s.mustOpen(true)
		next = append(next, j.Extent(id).Next)
		s.close(j, w)
		if err := os.WriteFile(s.file, old, 0o600); err != nil {
			t.Fatal(err)
		}
		_, _, err := s.open(false)
		refused(t, err)
	}
	if next[0] != 2+epochGap || next[1] != 2+2*epochGap {
		t.Errorf("next records %d", next)
	}
}

// Only the state has moved since the copy was made: cursors of an hour ago
// would deliver an hour twice.
func TestOlderStateIsRefused(t *testing.T) {
	s := newSite(t)
	j, w := s.mustOpen(false)
	s.close(j, w)
	restore := s.copyJournal()
	j, w = s.mustOpen(false)
	var b journal.Batch
	b.Set("cursor/x", []byte("1"))
	if _, err := journal.Put(j, &b); err != nil {
		t.Fatal(err)
	}
	s.close(j, w)
	restore()
	_, _, err := s.open(false)
	refused(t, err, "an older state")
}

func TestMissingJournalIsRefused(t *testing.T) {
	s, id := newSite(t), record.NewStreamID()
	j, w := s.mustOpen(false)
	put(t, j, id, "one")
	s.close(j, w)
	for _, remove := range []func() error{
		func() error { return os.RemoveAll(s.dir) },
		func() error { return os.Mkdir(s.dir, 0o700) }, // empty, as a disk that is not mounted looks
	} {
		if err := remove(); err != nil {
			t.Fatal(err)
		}
		_, _, err := s.open(false)
		refused(t, err, "no journal in", s.dir, id.String()+": next record 2")
		if left, _ := os.ReadDir(s.dir); len(left) > 0 {
			t.Errorf("the refusal made %v", left)
		}
	}
	j, _ = s.mustOpen(true)
	if f := put(t, j, id, "two"); f.First <= 2 {
		t.Errorf("record %d was given out before", f.First)
	}
}

func TestOtherJournalIsRefused(t *testing.T) {
	s, other := newSite(t), newSite(t)
	for _, one := range []*site{s, other} {
		j, w := one.mustOpen(false)
		put(t, j, record.NewStreamID(), "one")
		one.close(j, w)
	}
	s.dir = other.dir
	_, _, err := s.open(false)
	refused(t, err, "journal ", "epoch 1")
}

// A journal that was never noted beside a file of another one.
func TestNamelessJournalIsRefused(t *testing.T) {
	s := newSite(t)
	s.close(s.mustOpen(false))
	if err := os.RemoveAll(s.dir); err != nil {
		t.Fatal(err)
	}
	j, err := pebble.Open(pebble.Options{Dir: s.dir})
	if err != nil {
		t.Fatal(err)
	}
	put(t, j, record.NewStreamID(), "one")
	_ = j.Close()
	_, _, err = s.open(false)
	refused(t, err, "a journal that was never noted")
}

// Without the file nothing is known, and it is written anew: so starts a
// journal of before there were notes.
func TestMissingFileIsWrittenAnew(t *testing.T) {
	s := newSite(t)
	j, w := s.mustOpen(false)
	id := w.id.Journal
	s.close(j, w)
	if err := os.Remove(s.file); err != nil {
		t.Fatal(err)
	}
	_, w = s.mustOpen(false)
	if w.id.Journal != id {
		t.Error("the journal has another name")
	}
	if n, err := readNote(s.file); n == nil || n.Journal != id || err != nil {
		t.Error(n, err)
	}
}

func TestUnreadableFileIsRefused(t *testing.T) {
	for _, text := range []string{"", "{", `{"format":2,"journal":"a"}`, `{"format":1}`, `{"format":1,"journal":"a","streams":{"zz":1}}`} {
		s := newSite(t)
		if err := os.WriteFile(s.file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.open(false); err == nil || !strings.Contains(err.Error(), s.file) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Power is cut at random moments while frames, notes, trims and drops are under
// way. The file, which lies on an honest disk of its own here, is never ahead
// of what is left of the journal.
func TestPowerCutDoesNotTrip(t *testing.T) {
	for round := range 40 {
		disk := vfs.NewCrashableMem()
		file := filepath.Join(t.TempDir(), "journal.json")
		j, err := pebble.Open(pebble.Options{Dir: "j", FS: disk})
		if err != nil {
			t.Fatal(err)
		}
		w, err := Open(j, Options{File: file})
		if err != nil {
			t.Fatal(err)
		}
		var cut vfs.FS
		var text []byte
		var work sync.WaitGroup
		stop := make(chan struct{})
		work.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				id := record.NewStreamID()
				put(t, j, id, "one")
				f := put(t, j, id, "two")
				_ = j.Trim(id, f.Next())
				if n%2 == 0 {
					_ = j.Drop(id)
				}
			}
		})
		work.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := w.note(); err != nil {
					t.Error(err)
				}
			}
		})
		time.Sleep(time.Duration(round) * 100 * time.Microsecond)
		// the file first: what it says then must be in the later cut
		if text, err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
		cut = disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: round % 3 * 50, RNG: rand.New(rand.NewPCG(2, uint64(round)))})
		close(stop)
		work.Wait()
		_ = w.Close()
		_ = j.Close()

		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		left, err := pebble.Open(pebble.Options{Dir: "j", FS: cut})
		if err != nil {
			t.Fatal(err)
		}
		again, err := Open(left, Options{File: file})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		_ = again.Close()
		_ = left.Close()
	}
}

// Whatever happens to streams between kills, a journal that only ever went on
// is never refused.
func TestKillsDoNotTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "witness")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		file := filepath.Join(dir, "journal.json")
		j := memory.New(memory.Options{})
		w, err := Open(j, Options{File: file})
		if err != nil {
			t.Fatal(err)
		}
		stop := func() { w.once.Do(func() { close(w.stop); w.stopped.Wait() }) }
		defer func() { stop() }()
		streams := []record.StreamID{record.NewStreamID(), record.NewStreamID()}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			id := rapid.SampledFrom(streams).Draw(t, "stream")
			switch rapid.SampledFrom([]string{"put", "trim", "drop", "note", "kill", "stop"}).Draw(t, "step") {
			case "put":
				var records record.Builder
				records.Append([]byte("x"))
				sealed, _ := records.Seal()
				var b journal.Batch
				b.Append(id, sealed)
				_, err = journal.Put(j, &b)
			case "trim":
				err = j.Trim(id, j.Extent(id).Next)
			case "drop":
				err = j.Drop(id)
			case "note":
				err = w.note()
			case "stop":
				if err = w.Close(); err != nil {
					break
				}
				fallthrough
			case "kill":
				stop()
				j = j.Reopen()
				w, err = Open(j, Options{File: file})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// The file follows the journal while it moves, and is left alone while not.
func TestNotesWhileTheJournalMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "journal.json")
		j, id := memory.New(memory.Options{}), record.NewStreamID()
		w, err := Open(j, Options{File: file})
		if err != nil {
			t.Fatal(err)
		}
		noted := func() (int64, record.Sequence) {
			t.Helper()
			synctest.Wait()
			n, err := readNote(file)
			if err != nil {
				t.Fatal(err)
			}
			return n.Beat, n.Streams[id]
		}
		time.Sleep(10 * every)
		if beat, _ := noted(); beat != 1 {
			t.Errorf("noted %d times although nothing moved", beat)
		}
		put(t, j, id, "one")
		time.Sleep(3 * every)
		if beat, next := noted(); beat != 2 || next != 2 {
			t.Errorf("note %d, next record %d", beat, next)
		}
		put(t, j, id, "two")
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if beat, next := noted(); beat != 3 || next != 3 {
			t.Errorf("at the end: note %d, next record %d", beat, next)
		}
	})
}

// Sequences that are skipped are no damage, in memory and read back.
func TestReadersGoOverAGap(t *testing.T) {
	s := newSite(t)
	onDisk, _ := s.mustOpen(false)
	for name, j := range map[string]Journal{"pebble": onDisk, "memory": memory.New(memory.Options{})} {
		t.Run(name, func(t *testing.T) {
			id := record.NewStreamID()
			put(t, j, id, "a")
			if err := j.Skip(id, 100); err != nil {
				t.Fatal(err)
			}
			if err := j.Skip(id, 50); err != nil { // reached already
				t.Fatal(err)
			}
			if a, b := j.After(id, 1), j.After(id, 2); a != 1 || b != 100 || j.After(id, 99) != 100 || j.After(id, 100) != 100 {
				t.Fatalf("after 1: %d, after 2: %d", a, b)
			}
			if e := j.Extent(id); e.Next != 100 || e.First != 1 || e.Skipped != 98 {
				t.Fatalf("%+v", e)
			}
			put(t, j, id, "b")
			for _, from := range []record.Sequence{1, 2, 57, 100} {
				r := j.Read(id, from)
				for want := from; want <= 100; want++ {
					if want == 2 || want == 57 {
						want = 100
					}
					f, err := r.Next(context.Background())
					if err != nil || f.First != want {
						t.Fatalf("from %d: %v %v, want record %d", from, f, err, want)
					}
				}
				r.Close()
			}
			empty := record.NewStreamID() // of which nothing is left
			if err := j.Skip(empty, 100); err != nil {
				t.Fatal(err)
			}
			if e := j.Extent(empty); e.First != 100 || e.Next != 100 {
				t.Errorf("%+v", e)
			}
			if f := put(t, j, empty, "a"); f.First != 100 {
				t.Errorf("%d", f.First)
			}
			if next, err := j.Positions(); next[id] != 101 || err != nil {
				t.Errorf("%v %v", next, err)
			}
			if err := j.Drop(id); err != nil {
				t.Fatal(err)
			}
			if next, err := j.Positions(); next[id] != 0 || err != nil {
				t.Errorf("after drop: %v %v", next, err)
			}
		})
	}
}
