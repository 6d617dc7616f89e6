package delivery

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace/millrace/internal/delivery/objectkey"
	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/journal"
)

// fate says at which step a process dies: a write of the journal, or an object
// that is put. It dies before the step took effect or after; of later steps none does.
type fate struct {
	mu    sync.Mutex
	at    int // 0 = never
	after bool
	count int
	dead  bool
}

// step does what is to be done unless the process is dead or dies before it.
func (f *fate) step(do func() error) error {
	dies, after := f.next()
	if dies && !after {
		return errKilled
	}
	if err := do(); !dies {
		return err
	}
	return errKilled
}

// next tells whether the process dies at the step to come, and whether after it.
// The steps after that are those of a dead process.
func (f *fate) next() (dies, after bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	if f.dead {
		return true, false
	}
	f.dead = f.at > 0 && f.count >= f.at
	return f.dead, f.dead && f.after
}

// strike lets the process die some steps from now.
func (f *fate) strike(in int, after bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at, f.after = f.count+in, after
}

func (f *fate) kill() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead = true
}

// mortal is a journal whose process dies.
type mortal struct {
	journal.Journal
	fate *fate
	end  func() // waits until the process is gone
}

func (m *mortal) Begin(b *journal.Batch) (c journal.Commit, err error) {
	dies, after := m.fate.next()
	if !dies {
		return m.Journal.Begin(b)
	}
	if after {
		if _, err := journal.Put(m.Journal, b); err != nil {
			return nil, err
		}
	}
	return nil, errKilled
}

func (m *mortal) kill() {
	m.fate.kill()
	m.end()
}

// fatal is a destination whose process dies; each delivery takes its time, the
// earlier ones longer, so that batches finish out of order.
type fatal struct {
	destination.Destination
	fate  *fate
	begun *atomic.Int64
}

func (d fatal) Deliver(ctx context.Context, b *destination.Batch) (refused []destination.Refusal, err error) {
	n := d.begun.Add(1)
	select {
	case <-time.After(time.Duration(7-n%7) * 100 * time.Millisecond):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	err = d.fate.step(func() error {
		refused, err = d.Destination.Deliver(ctx, b)
		return err
	})
	return refused, err
}

// The process dies at every step of the journal and of the bucket, with one or
// several batches under way, with and without partitions. The next one delivers
// the rest; every record is in exactly one object, and an object that is written
// again is the same bytes under the same key.
func TestKilledAtEveryStep(t *testing.T) {
	for _, parallel := range []int{1, 4} {
		for _, partitions := range []bool{false, true} {
			steps := crash{parallel: parallel, partitions: partitions, fate: &fate{}}
			synctest.Test(t, steps.run)
			count := steps.fate.count
			if count < 10 {
				t.Fatalf("only %d steps", count)
			}
			for at := 1; at <= count; at++ {
				for flags := range 4 {
					c := crash{parallel: parallel, partitions: partitions, loseAnswer: flags&1 != 0, fate: &fate{at: at, after: flags&2 != 0}}
					t.Run(fmt.Sprintf("parallel %d, partitions %t, lost answers %t, step %d, after %t", parallel, partitions, c.loseAnswer, at, c.fate.after),
						func(t *testing.T) { synctest.Test(t, c.run) })
				}
			}
		}
	}
}

type crash struct {
	parallel   int
	partitions bool
	loseAnswer bool
	fate       *fate
}

func (c crash) run(t *testing.T) {
	r := newRig(t, time.Second)
	r.opts.Config.BufferBytes, r.opts.Parallel = 6, c.parallel
	records := []string{"a1", "bad2", "c3", "d4", "bad5", "f6", "g7", "h8", "bad9", "j10", "k11", "l12", "m13", "n14"}
	if c.partitions {
		prefix, err := objectkey.Parse("!{partitionKeyFromQuery:c}/")
		if err != nil {
			t.Fatal(err)
		}
		r.opts.Config.Key = &objectkey.Namer{Stream: "web", Prefix: prefix}
		r.opts.Processor = &scripted{keep: true}
		for i := range records {
			records[i] += fmt.Sprintf("@p%d", i%2)
		}
	}
	base := r.opts
	r.opts.Destination = fatal{picky{base.Destination}, c.fate, new(atomic.Int64)}
	r.put(t, records[:4]...)
	r.put(t, records[4:]...)
	r.opts.Journal = &mortal{Journal: r.journal, fate: c.fate}
	if c.loseAnswer {
		odd := func(n int) bool { return n%2 == 1 }
		r.archive.lose, r.errors.lose = odd, odd
	}
	p, stop := r.start(t)
	time.Sleep(time.Minute)
	if err := stop(); err != nil && !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	if c.fate.at > 0 && !c.fate.dead {
		t.Fatal("nobody was killed")
	}

	r.opts.Journal, r.opts.Destination = r.journal, fatal{picky{base.Destination}, &fate{}, new(atomic.Int64)}
	p, stop = r.start(t)
	time.Sleep(time.Minute)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if p.Status().Delivered != 14 {
		t.Fatalf("delivered up to %d", p.Status().Delivered)
	}
	for e, err := range r.journal.Scan(StatePrefix(r.stream)) {
		t.Errorf("a sealed batch is left: %s %s %v", e.Key, e.Value, err)
	}
	c.check(t, r, records)
}

func (c crash) check(t *testing.T, r *rig, records []string) {
	var good, bad []string
	for _, text := range records {
		text, _, _ = strings.Cut(text, "@")
		if strings.HasPrefix(text, "bad") {
			bad = append(bad, text)
		} else {
			good = append(good, text)
		}
	}
	var got []string
	for _, o := range r.archive.objects(t) {
		got = append(got, recordsOf(string(o.body))...)
	}
	slices.Sort(good)
	slices.Sort(got)
	if !slices.Equal(got, good) {
		t.Errorf("archive holds %q, want %q", got, good)
	}
	slices.Sort(bad)
	refused := strings.Fields(refusedRecords(t, r.errors))
	slices.Sort(refused)
	if !slices.Equal(refused, bad) {
		t.Errorf("error output holds %q, want %q", refused, bad)
	}
}

// recordsOf splits glued records, each a letter and digits.
func recordsOf(text string) (all []string) {
	for i, c := range text {
		if c < '0' || c > '9' {
			all = append(all, "")
		}
		all[len(all)-1] += text[i : i+1]
	}
	return all
}

// refusedRecords reads the error objects: the last write of each key counts.
func refusedRecords(t *testing.T, b *bucket) string {
	t.Helper()
	last := map[string]int{}
	for i, w := range b.writes {
		last[w.key] = i
	}
	var out string
	for i, w := range b.writes {
		if last[w.key] != i {
			continue
		}
		for line := range bytes.Lines(w.body) {
			var l struct {
				RawData []byte `json:"rawData"`
			}
			if err := json.Unmarshal(line, &l); err != nil {
				t.Fatal(err)
			}
			out += string(l.RawData) + " "
		}
	}
	return out
}

// The one sealed batch that a data directory of before holds goes on under its
// id and key.
func TestResumesFormat1(t *testing.T) {
	for _, cursor := range []string{Primary, Backup} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, time.Second)
			r.opts.Cursor, r.opts.Parallel = cursor, 4
			r.put(t, "a", "b", "c", "d", "e")
			entry := map[string]string{Primary: "sealed", Backup: "backup-sealed"}[cursor]
			var b journal.Batch
			b.SetCursor(r.stream, cursor, 2)
			b.Set(StatePrefix(r.stream)+entry, []byte(`{"format":1,"id":"002d8b22-0000-4000-8000-000000000000","key":"old/key","version":1,"first":2,"next":4}`))
			if _, err := journal.Put(r.journal, &b); err != nil {
				t.Fatal(err)
			}
			_, stop := r.start(t)
			time.Sleep(time.Minute)
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			objects := r.archive.objects(t)
			if len(objects) != 2 || objects[0].key != "old/key" || string(objects[0].body) != "bc" || string(objects[1].body) != "de" {
				t.Fatalf("%v", objects)
			}
			for e := range r.journal.Scan(StatePrefix(r.stream)) {
				t.Errorf("%s is left", e.Key)
			}
		})
	}
}

// Entries that leave records out, or that this program does not know, stop the
// delivery and name the key.
func TestUnreadableSealedBatches(t *testing.T) {
	for value, want := range map[string]string{
		`{"format":2,"first":2,"next":4}`: "expected them from 1 on",
		`{"format":2,"first":1,"next":1}`: "records 1 to 1",
		`{"format":3,"first":1,"next":4}`: "format 3, this program reads 1 to 2",
		`{`:                               "sealed/x",
	} {
		r := newRig(t, time.Second)
		r.put(t, "a", "b", "c")
		var b journal.Batch
		b.Set(StatePrefix(r.stream)+"sealed/x", []byte(value))
		if _, err := journal.Put(r.journal, &b); err != nil {
			t.Fatal(err)
		}
		if err := New(r.opts).Run(t.Context()); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "sealed/x") {
			t.Errorf("%s: %v", value, err)
		}
	}
}
