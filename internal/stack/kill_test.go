package stack

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/memory"
)

// failing is a journal whose commits fail from the n-th on, as if the program
// had been killed there.
type failing struct {
	journal.Journal
	left atomic.Int64
}

var errKilled = errors.New("killed")

func (f *failing) Begin(b *journal.Batch) (journal.Commit, error) {
	if f.left.Add(-1) < 0 {
		return nil, errKilled
	}
	return f.Journal.Begin(b)
}

// Wherever a creation is cut off, the next start ends it, with one of each.
func TestKilledCreationGoesOn(t *testing.T) {
	text := pipeline(t)
	for n := int64(1); ; n++ {
		j, c := memory.New(memory.Options{}), newCloud()
		f := &failing{Journal: j}
		f.left.Store(n)
		first := openRig(t, j, c, f)
		if err := first.create("logs", text, OnFailureRollback, nil); err != nil {
			t.Fatal(err)
		}
		first.halts()
		whole := f.left.Load() >= 0

		again := openRig(t, j.Reopen(), c, nil)
		again.Resume()
		if s := again.rests("logs"); s.Status != CreateComplete {
			_, events, _ := again.Events("logs")
			t.Fatalf("cut off after %d writes: %s\n%s", n, s.Status, reasons(events))
		}
		if got := things(c); got != pipelineThings {
			t.Fatalf("cut off after %d writes: got\n%s", n, got)
		}
		if whole {
			if n < 15 {
				t.Fatalf("a creation took only %d writes", n)
			}
			return
		}
	}
}

// halts waits until no operation is at work.
func (b *rig) halts() {
	b.mu.Lock()
	stacks := slices.Clone(b.stacks)
	b.mu.Unlock()
	for _, h := range stacks {
		if h.done != nil {
			<-h.done
		}
	}
}

// The same for calls: the program dies in the middle of one, which was carried
// out or not.
func TestKilledInACallGoesOn(t *testing.T) {
	text := pipeline(t)
	for _, carriedOut := range []bool{false, true} {
		for n := int64(1); ; n++ {
			j, c := memory.New(memory.Options{}), newCloud()
			f := &failing{Journal: j}
			f.left.Store(1 << 30)
			var left atomic.Int64
			left.Store(n)
			c.refuse = func(string) error {
				if left.Add(-1) >= 0 {
					return nil
				}
				f.left.Store(0)
				if carriedOut {
					return nil
				}
				return awserr.New("Killed", "before it was carried out")
			}
			first := openRig(t, j, c, f)
			if err := first.create("logs", text, OnFailureRollback, nil); err != nil {
				t.Fatal(err)
			}
			first.halts()
			whole := left.Load() >= 0
			c.refuse = nil

			again := openRig(t, j.Reopen(), c, nil)
			again.Resume()
			if s := again.rests("logs"); s.Status != CreateComplete {
				_, events, _ := again.Events("logs")
				t.Fatalf("cut off in call %d: %s\n%s", n+1, s.Status, reasons(events))
			}
			if got := things(c); got != pipelineThings {
				t.Fatalf("cut off in call %d: got\n%s", n+1, got)
			}
			if whole {
				break
			}
		}
	}
}

// Wherever a deletion or a rollback is cut off, the next start ends it.
func TestKilledDeletionGoesOn(t *testing.T) {
	text := pipeline(t)
	for n := int64(0); ; n++ {
		j, c := memory.New(memory.Options{}), newCloud()
		f := &failing{Journal: j}
		f.left.Store(1 << 30)
		first := openRig(t, j, c, f)
		if err := first.create("logs", text, OnFailureRollback, nil); err != nil {
			t.Fatal(err)
		}
		id := first.rests("logs").ID
		f.left.Store(n + 1)
		if err := first.Delete("logs", "", ""); err != nil {
			t.Fatal(err)
		}
		first.halts()
		whole := f.left.Load() >= 0

		again := openRig(t, j.Reopen(), c, nil)
		again.Resume()
		if s := again.rests(id); s.Status != DeleteComplete {
			t.Fatalf("cut off after %d writes: %s %s", n, s.Status, s.Reason)
		}
		if got := things(c); got != "bucket/logs-archive-" {
			t.Fatalf("cut off after %d writes: left are\n%s", n, got)
		}
		if whole {
			return
		}
	}
}
