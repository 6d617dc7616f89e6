package delivery

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace/millrace/internal/journal/memory"
	"github.com/millrace/millrace/internal/record"
)

// skip leaves sequences out, as after the accepted loss of a part of the journal.
func (r *rig) skip(t *testing.T, n record.Sequence) {
	t.Helper()
	if err := r.journal.(*memory.Journal).Skip(r.stream, r.journal.Extent(r.stream).Next+n); err != nil {
		t.Fatal(err)
	}
}

// Records before sequences that were left out are delivered when they are due, though no record follows.
func TestBufferBeforeAGap(t *testing.T) {
	for _, flush := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, time.Minute)
			r.put(t, "a", "b")
			r.skip(t, 1000)
			p, _ := r.start(t)
			if flush {
				if err := p.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
			} else {
				time.Sleep(time.Minute)
			}
			synctest.Wait()
			if got, s := r.archive.text(t), p.Status(); got != "ab" || s.Delivered+1 != r.journal.Extent(r.stream).Next {
				t.Fatalf("%q, delivered to %d", got, s.Delivered)
			}
			r.put(t, "c")
			time.Sleep(time.Minute)
			synctest.Wait()
			if got := r.archive.text(t); got != "ab|c" {
				t.Fatal(got)
			}
		})
	}
}

// A stream with nothing but a gap is delivered: a flush has nothing to wait for.
func TestNothingButAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Minute)
		r.skip(t, 5)
		p, _ := r.start(t)
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// Batches that were sealed on both sides of a gap, or across it, are resumed.
func TestSealedAroundAGap(t *testing.T) {
	for _, bufferBytes := range []int{1, mebibyte} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, time.Second)
			r.opts.Parallel, r.opts.Config.BufferBytes = 4, bufferBytes
			r.put(t, "a")
			r.skip(t, 7)
			r.put(t, "b")
			r.skip(t, 7)
			r.put(t, "c")
			r.archive.setFail(func(int) error { return errDown })
			_, stop := r.start(t)
			time.Sleep(2 * time.Second)
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			sealed := 0
			for range r.journal.Scan(StatePrefix(r.stream)) {
				sealed++
			}
			r.archive.setFail(nil)
			p, _ := r.start(t)
			time.Sleep(time.Minute)
			synctest.Wait()
			got, s := r.archive.objects(t), p.Status()
			text := ""
			for _, o := range got {
				text += string(o.body)
			}
			if want := map[int]int{1: 2, mebibyte: 1}[bufferBytes]; sealed < want || len(text) != 3 || s.Delivered+1 != r.journal.Extent(r.stream).Next || s.State != Waiting {
				t.Fatalf("%d sealed, %d objects %q, %+v", sealed, len(got), fmt.Sprint(text), s)
			}
		})
	}
}
