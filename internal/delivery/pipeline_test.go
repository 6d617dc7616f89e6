package delivery

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/destination/s3"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// The interval runs from the arrival of the buffer's first record, and the
// object is named after it.
func TestInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Minute)
		r.start(t)
		time.Sleep(10 * time.Second)
		arrived := time.Now()
		r.put(t, "a")
		time.Sleep(40 * time.Second)
		r.put(t, "b")
		time.Sleep(20*time.Second - time.Millisecond)
		synctest.Wait()
		if got := r.archive.text(t); got != "" {
			t.Fatalf("delivered %q before the interval was over", got)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if got := r.archive.text(t); got != "ab" {
			t.Fatalf("delivered %q", got)
		}
		key := r.archive.objects(t)[0].key
		want := arrived.UTC().Format("2006/01/02/15/") + "web-3-" + arrived.UTC().Format("2006-01-02-15-04-05") + "-"
		if !strings.HasPrefix(key, want) || !regexp.MustCompile(`^\d{4}/\d\d/\d\d/\d\d/web-3-\d{4}(-\d\d){5}-[0-9a-f-]{36}$`).MatchString(key) {
			t.Fatalf("key %s, want %s…", key, want)
		}
	})
}

// Two puts of 600 KB cross 1 MB together and go at once, in one object.
func TestSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Hour)
		p, _ := r.start(t)
		half := strings.Repeat("x", 600_000)
		r.put(t, half)
		synctest.Wait()
		if s := p.Status(); s.State != Buffering || s.Buffer.Bytes != 600_000 || s.Buffer.NextFlush != time.Now().Add(time.Hour) {
			t.Fatalf("%+v", s)
		}
		r.put(t, half)
		synctest.Wait()
		if got := r.archive.objects(t); len(got) != 1 || len(got[0].body) != 1_200_000 {
			t.Fatalf("%d objects", len(got))
		}
		if s := p.Status(); s.State != Waiting || s.Records != 2 || s.Bytes != 1_200_000 || s.Delivered != 2 || len(s.Last) != 1 {
			t.Fatalf("%+v", s)
		}
	})
}

// What is counted is what came, not what compression makes of it; an idle
// stream has no oldest record.
func TestCountsOriginalBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Second)
		r.opts.Destination = s3.New(s3.Options{Store: r.archive, Bucket: "archive", Compression: s3.GZIP})
		p, _ := r.start(t)
		var records []string
		for range 100 {
			records = append(records, strings.Repeat("x", 100))
		}
		r.put(t, records...)
		synctest.Wait()
		if s := p.Status(); s.Oldest != time.Now().UnixMilli() {
			t.Errorf("%+v", s)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		s := p.Status()
		if s.Records != 100 || s.Bytes != 10_000 || s.SentRecords != 100 || s.SentBytes != 10_000 || s.Objects != 1 || s.SucceededAttempts != 1 || s.Oldest != 0 {
			t.Errorf("%+v", s)
		}
		if body := r.archive.objects(t)[0].body; len(body) > 1000 {
			t.Errorf("the object has %d bytes", len(body))
		}
	})
}

// An interval of zero delivers within a second.
func TestZeroInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 0)
		r.start(t)
		r.put(t, "a")
		time.Sleep(time.Second)
		synctest.Wait()
		if got := r.archive.text(t); got != "a" {
			t.Fatalf("delivered %q", got)
		}
	})
}

// A frame larger than the buffer is cut between records, by sequence.
func TestFrameAcrossBuffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Minute)
		r.opts.Config.BufferBytes = 10
		r.start(t)
		r.put(t, "aaaa", "bbbb", "cccc", "dddd", "eeee", "", "ffff")
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := r.archive.text(t); got != "aaaabbbbcccc|ddddeeeeffff" {
			t.Fatalf("delivered %q", got)
		}
	})
}

// A pipeline that comes back to a backlog fills its buffers by size, although
// the interval of each record is long over.
func TestBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Second)
		r.opts.Config.BufferBytes = 40
		for i := range 25 {
			r.put(t, fmt.Sprintf("%04d", i))
			time.Sleep(10 * time.Second)
		}
		r.start(t)
		synctest.Wait()
		objects := r.archive.objects(t)
		if len(objects) != 3 || len(objects[0].body) != 40 || len(objects[2].body) != 20 {
			t.Fatalf("%d objects: %q", len(objects), r.archive.text(t))
		}
	})
}

// A clock that was set back does not hold a buffer longer than the interval.
func TestDue(t *testing.T) {
	now := time.UnixMilli(1_000_000)
	for _, tc := range []struct {
		arrival int64
		want    time.Duration
	}{
		{1_000_000, time.Minute},
		{990_000, 50 * time.Second},
		{0, 0},
		{99_000_000, time.Minute},
	} {
		b := buffer{began: began(now, tc.arrival)}
		if got := max(0, b.due(time.Minute).Sub(now)); got != tc.want {
			t.Errorf("arrival %d: due in %v, want %v", tc.arrival, got, tc.want)
		}
	}
}

func TestFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Hour)
		p, stop := r.start(t)
		if err := p.Flush(t.Context()); err != nil { // nothing there
			t.Fatal(err)
		}
		r.put(t, "a")
		r.put(t, "b")
		began := time.Now()
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := r.archive.text(t); got != "ab" || time.Since(began) != 0 {
			t.Fatalf("delivered %q after %v", got, time.Since(began))
		}
		r.put(t, "c")
		time.Sleep(time.Minute) // the buffer holds it; a flush ends the wait
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := r.archive.text(t); got != "ab|c" {
			t.Fatalf("delivered %q", got)
		}
		r.put(t, "d")
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if err := p.Flush(t.Context()); err == nil {
			t.Fatal("flushed a pipeline that has ended")
		}
	})
}

// A flush that comes before a pipeline has looked where it stands waits for that
// and no longer.
func TestFlushAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Hour)
		p, stop := r.start(t)
		r.put(t, "a")
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		p = New(r.opts)
		flushed := make(chan error)
		go func() { flushed <- p.Flush(t.Context()) }()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- p.Run(ctx) }()
		if err := <-flushed; err != nil {
			t.Fatal(err)
		}
		cancel()
		<-ended
	})
}

// While the bucket is away, puts go on and nothing is lost or doubled.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Second)
		p, _ := r.start(t)
		r.archive.setFail(func(int) error { return errDown })
		want := ""
		for i := range 100 {
			r.put(t, fmt.Sprintf("%03d.", i))
			want += fmt.Sprintf("%03d.", i)
			time.Sleep(6 * time.Second)
		}
		s := p.Status()
		if s.State != Retrying || !strings.Contains(s.LastError, "S3.Unavailable") || s.Oldest == 0 || s.Delivered != 0 {
			t.Fatalf("%+v", s)
		}
		if s.FailedAttempts < 15 || s.FailedAttempts > 40 {
			t.Fatalf("%d attempts in ten minutes", s.FailedAttempts)
		}
		r.archive.setFail(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := strings.ReplaceAll(r.archive.text(t), "|", ""); got != want {
			t.Fatalf("delivered %q", got)
		}
		if n := len(r.archive.objects(t)); n > 3 {
			t.Fatalf("%d objects after the outage", n)
		}
		if s := p.Status(); s.State != Waiting || s.Delivered != 100 || s.Oldest != 0 {
			t.Fatalf("%+v", s)
		}
	})
}

// A flush does not wait for the next attempt either.
func TestFlushRetriesNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Second)
		p, _ := r.start(t)
		r.archive.setFail(func(int) error { return errDown })
		r.put(t, "a")
		time.Sleep(10 * time.Minute)
		r.archive.setFail(nil)
		began := time.Now()
		if err := p.Flush(t.Context()); err != nil || time.Since(began) != 0 || r.archive.text(t) != "a" {
			t.Fatalf("%v after %v: %q", err, time.Since(began), r.archive.text(t))
		}
	})
}

// A destination that retries inside itself is seen to fail while it does, and a
// flush ends its wait.
func TestRetriesInsideTheDestination(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Second)
		r.opts.Destination = patient{r.opts.Destination}
		p, _ := r.start(t)
		r.archive.setFail(func(int) error { return errDown })
		r.put(t, "a")
		time.Sleep(10 * time.Minute)
		if s := p.Status(); s.State != Retrying || s.FailedAttempts != 1 || s.LastError == "" {
			t.Fatalf("%+v", s)
		}
		r.archive.setFail(nil)
		began := time.Now()
		if err := p.Flush(t.Context()); err != nil || time.Since(began) != 0 || r.archive.text(t) != "a" {
			t.Fatalf("%v after %v: %q", err, time.Since(began), r.archive.text(t))
		}
		synctest.Wait()
		if s := p.Status(); s.State != Waiting || s.LastError == "" {
			t.Fatalf("%+v", s)
		}
	})
}

// With DropAfter set, a batch that cannot be delivered is given up and counted.
func TestDropAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Second)
		r.opts.DropAfter = 24 * time.Hour
		p, _ := r.start(t)
		r.archive.setFail(func(int) error { return errDown })
		r.put(t, "a", "b")
		time.Sleep(23 * time.Hour)
		if s := p.Status(); s.Dropped != 0 {
			t.Fatalf("%+v", s)
		}
		time.Sleep(2 * time.Hour)
		r.archive.setFail(nil)
		r.put(t, "c")
		time.Sleep(time.Minute)
		synctest.Wait()
		if s := p.Status(); s.Dropped != 2 || s.Records != 1 || r.archive.text(t) != "c" {
			t.Fatalf("%+v", s)
		}
	})
}

// A stop while the bucket hangs or refuses ends at once; the batch comes again
// under the same key.
func TestStopWhileRetrying(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Second)
		_, stop := r.start(t)
		lost := errors.New("answer lost")
		r.archive.setFail(func(int) error { return lost })
		r.put(t, "a")
		time.Sleep(time.Minute)
		synctest.Wait()
		began := time.Now()
		if err := stop(); err != nil || time.Since(began) > 0 {
			t.Fatalf("stopped after %v: %v", time.Since(began), err)
		}
		entries, err := New(r.opts).unfinished(1)
		if err != nil || len(entries) != 1 {
			t.Fatal(entries, err)
		}
		r.archive.setFail(nil)
		r.start(t)
		synctest.Wait()
		if key := r.archive.objects(t)[0].key; entries[0].Key != key {
			t.Fatalf("sealed %s, written %s", entries[0].Key, key)
		}
	})
}

// damaged is a journal whose streams cannot be read.
type damaged struct{ journal.Journal }

func (d damaged) Read(id record.StreamID, from record.Sequence) journal.Reader {
	return badReader{id, from}
}

type badReader struct {
	id   record.StreamID
	from record.Sequence
}

func (r badReader) Next(context.Context) (*record.Frame, error) {
	return nil, &journal.Damage{Stream: r.id, Sequence: r.from, Place: "000001.log", Cause: record.ErrDamaged}
}

func (r badReader) Close() {}

// A damaged stream stops its delivery and says where.
func TestDamage(t *testing.T) {
	r := newRig(t, time.Second)
	r.put(t, "a")
	r.opts.Journal = damaged{r.journal}
	p := New(r.opts)
	err := p.Run(t.Context())
	var d *journal.Damage
	if !errors.As(err, &d) || d.Place != "000001.log" {
		t.Fatalf("%v", err)
	}
	if s := p.Status(); s.State != Failed || !strings.Contains(s.LastError, "sequence 1 in 000001.log") {
		t.Fatalf("%+v", s)
	}
	if err := p.Flush(t.Context()); err == nil {
		t.Fatal("flushed a damaged stream")
	}
}

// waiting is a processor whose function fails once and is called again an hour later.
type waiting struct{ failed bool }

func (w *waiting) Process(ctx context.Context, b *destination.Batch) (destination.Processed, error) {
	attempts := destination.AttemptsOf(ctx)
	if !w.failed {
		w.failed = true
		attempts.Failed(&record.Failure{Code: "Lambda.FunctionError", Message: "thrown"})
		select {
		case <-time.After(time.Hour):
		case <-attempts.Again:
		case <-ctx.Done():
			return destination.Processed{}, ctx.Err()
		}
	}
	return destination.Processed{Records: b.Records}, nil
}

// An invocation that is to be made again is told about at once, a flush ends the wait for it, and it says nothing about
// the destination.
func TestInvocationIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Minute)
		r.opts.Processor = &waiting{}
		var told []Diagnostic
		r.opts.Diagnose = func(d Diagnostic) { told = append(told, d) }
		p, _ := r.start(t)
		r.put(t, "a")
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if s := p.Status(); len(told) != 1 || told[0].ErrorCode != "Lambda.FunctionError" || s.State != Retrying || s.Breaker.Failures != 0 {
			t.Fatalf("%+v %+v", told, s)
		}
		began := time.Now()
		if err := p.Flush(t.Context()); err != nil || time.Since(began) != 0 || r.archive.text(t) != "a" {
			t.Fatal(err, time.Since(began), r.archive.text(t))
		}
	})
}

// A record in parts counts as refused whole only if nothing of it was taken, however many error lines it makes.
func TestRefusedWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Minute)
		r.opts.Processor, r.opts.Destination = &scripted{keep: true}, picky{r.opts.Destination}
		p, _ := r.start(t)
		r.put(t, "bad1+bad2+bad3", "a+bad4", "b", "fail", "drop")
		time.Sleep(time.Minute)
		synctest.Wait()
		if s := p.Status(); s.Records != 5 || s.Refused != 5 || s.RefusedWhole != 2 || s.SentRecords != 2 {
			t.Fatalf("%+v", s)
		}
	})
}
