package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace/millrace/internal/journal"
)

// mortal is a journal whose process dies at one Begin: before it took effect or
// after. From then on nothing more is written.
type mortal struct {
	journal.Journal
	at    int64 // the Begin that kills
	after bool  // the killing Begin still takes effect
	count atomic.Int64
}

func (m *mortal) Begin(b *journal.Batch) (journal.Commit, error) {
	n := m.count.Add(1)
	switch {
	case n < m.at:
		return m.Journal.Begin(b)
	case n == m.at && m.after:
		c, err := m.Journal.Begin(b)
		if err == nil {
			err = c.Wait()
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, errKilled
}

// The process dies at every step: before and after the seal, after the object
// was written, after the error object was written, before and after the cursor
// moved. The next one delivers the rest; every record is in exactly one object,
// and an object that is written again is the same bytes under the same key.
func TestKilledAtEveryStep(t *testing.T) {
	records := []string{"a1", "bad2", "c3", "d4", "bad5", "f6", "g7", "h8", "bad9", "j10"}
	for _, after := range []bool{false, true} {
		for step := int64(1); step <= 10; step++ {
			for _, loseAnswer := range []bool{false, true} {
				name := fmt.Sprintf("step %d, after %t, lost answer %t", step, after, loseAnswer)
				t.Run(name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { killAndResume(t, records, step, after, loseAnswer) })
				})
			}
		}
	}
}

func killAndResume(t *testing.T, records []string, step int64, after, loseAnswer bool) {
	r := newRig(t, time.Second)
	r.opts.Config.BufferBytes = 6
	r.opts.Destination = picky{r.opts.Destination}
	r.put(t, records[:4]...)
	r.put(t, records[4:]...)

	healthy := r.opts.Journal
	r.opts.Journal = &mortal{Journal: healthy, at: step, after: after}
	if loseAnswer {
		odd := func(n int) bool { return n%2 == 1 }
		r.archive.lose, r.errors.lose = odd, odd
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	if err := New(r.opts).Run(ctx); err != nil && !errors.Is(err, errKilled) {
		t.Fatal(err)
	}

	r.opts.Journal = healthy
	p, stop := r.start(t)
	time.Sleep(time.Minute)
	synctest.Wait()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if p.Status().Delivered != 10 {
		t.Fatalf("delivered up to %d", p.Status().Delivered)
	}
	var good, bad string
	for _, record := range records {
		if strings.HasPrefix(record, "bad") {
			bad += record + " "
		} else {
			good += record
		}
	}
	if got := strings.ReplaceAll(r.archive.text(t), "|", ""); got != good {
		t.Errorf("archive holds %q, want %q", got, good)
	}
	if got := refusedRecords(t, r.errors); got != bad {
		t.Errorf("error output holds %q, want %q", got, bad)
	}
	for e, err := range healthy.Scan(StatePrefix(r.stream)) {
		t.Errorf("a sealed batch is left: %s %s %v", e.Key, e.Value, err)
	}
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
		for line := range strings.Lines(string(w.body)) {
			var l struct {
				RawData []byte `json:"rawData"`
			}
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatal(err)
			}
			out += string(l.RawData) + " "
		}
	}
	return out
}
