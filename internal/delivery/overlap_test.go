package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace/millrace/internal/destination"
)

// slow takes its time for each batch and counts how many come at once.
type slow struct {
	destination.Destination
	takes     time.Duration
	now, most atomic.Int64
}

func (d *slow) Deliver(ctx context.Context, b *destination.Batch) ([]destination.Refusal, error) {
	d.most.Store(max(d.most.Load(), d.now.Add(1)))
	defer d.now.Add(-1)
	select {
	case <-time.After(d.takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return d.Destination.Deliver(ctx, b)
}

// Four at once drain a backlog four times as fast.
func TestDrain(t *testing.T) {
	took := map[int]time.Duration{}
	for _, parallel := range []int{1, 4} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, time.Second)
			to := &slow{Destination: r.opts.Destination, takes: 20 * time.Millisecond}
			r.opts.Destination, r.opts.Parallel, r.opts.Config.BufferBytes = to, parallel, 1000
			want := ""
			for i := range 100 {
				data := fmt.Sprintf("%03d", i) + strings.Repeat("x", 997)
				want += data
				r.put(t, data)
			}
			began := time.Now()
			p, _ := r.start(t)
			if err := p.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			took[parallel] = time.Since(began)
			var bodies []string
			for _, o := range r.archive.objects(t) {
				bodies = append(bodies, string(o.body))
			}
			if len(bodies) != 100 || to.most.Load() != int64(parallel) || p.Status().Delivered != 100 {
				t.Fatalf("%d objects, %d at once", len(bodies), to.most.Load())
			}
		})
	}
	if took[1] != 100*20*time.Millisecond || took[4] != took[1]/4 {
		t.Fatalf("took %v", took)
	}
}

// poisoned fails for the batches that hold a text.
type poisoned struct {
	destination.Destination
	text string
	mu   sync.Mutex
	cure bool
	sent map[string]int // attempts that succeeded, by key
}

func (d *poisoned) Deliver(ctx context.Context, b *destination.Batch) ([]destination.Refusal, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if string(b.Records[0].Data) == d.text && !d.cure {
		return nil, errDown
	}
	d.sent[b.Key]++
	return d.Destination.Deliver(ctx, b)
}

// A batch that fails for a reason of its own holds up nobody else, whether the
// breaker was opened by it or not; what is finished behind it is not delivered
// again after a restart.
func TestPoisonedBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Second)
		to := &poisoned{Destination: r.opts.Destination, text: "poison", sent: map[string]int{}}
		r.opts.Destination, r.opts.Parallel = to, 4
		p, stop := r.start(t)
		r.put(t, "poison")
		time.Sleep(10 * time.Minute) // long open
		if s := p.Status(); s.Breaker.State != BreakerOpen || s.Breaker.NextProbe.IsZero() || s.Breaker.Since.IsZero() {
			t.Fatalf("%+v", s.Breaker)
		}
		for i := range 20 {
			r.put(t, fmt.Sprintf("%02d.", i))
			time.Sleep(time.Minute)
		}
		s := p.Status()
		if got := strings.Count(r.archive.text(t), "."); got < 19 || s.Delivered != 0 || s.State != Retrying || s.Oldest == 0 {
			t.Fatalf("%d delivered, %+v", got, s)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		p, _ = r.start(t)
		time.Sleep(5 * time.Minute)
		to.mu.Lock()
		to.cure = true
		to.mu.Unlock()
		time.Sleep(time.Minute)
		synctest.Wait()
		if s := p.Status(); s.Delivered != 21 || s.State != Waiting || s.Breaker.State != BreakerClosed {
			t.Fatalf("%+v", s)
		}
		for key, n := range to.sent {
			if n != 1 {
				t.Errorf("%s was delivered %d times", key, n)
			}
		}
		for e := range r.journal.Scan(StatePrefix(r.stream)) {
			t.Errorf("%s is left", e.Key)
		}
	})
}

// The batches that are finished behind one that is not are bounded too.
func TestPoisonedBatchHoldsTheRestAtLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Second)
		to := &poisoned{Destination: r.opts.Destination, text: "poison", sent: map[string]int{}}
		r.opts.Destination, r.opts.Parallel, r.opts.Config.BufferBytes = to, 4, 1
		r.put(t, "poison")
		for range 2 * maxSealed {
			r.put(t, "x")
		}
		p, _ := r.start(t)
		time.Sleep(time.Hour)
		to.mu.Lock()
		if n := len(to.sent); n != maxSealed-1 {
			t.Errorf("%d batches behind the poisoned one", n)
		}
		to.cure = true
		to.mu.Unlock()
		time.Sleep(time.Minute)
		synctest.Wait()
		if s := p.Status(); s.Delivered != 2*maxSealed+1 || s.State != Waiting {
			t.Errorf("%+v", s)
		}
	})
}

// A destination that hangs costs its own pipeline a bounded number of bytes and
// the others nothing.
func TestOneHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const budget = 100_000
		var rigs []*rig
		var pipelines []*Pipeline
		for i := range 3 {
			r := newRig(t, time.Second)
			r.opts.Parallel, r.opts.BudgetBytes, r.opts.Config.BufferBytes = 4, budget, 20_000
			if i == 1 {
				r.opts.Destination = &slow{Destination: r.opts.Destination, takes: 1000 * time.Hour}
			}
			p, _ := r.start(t)
			rigs, pipelines = append(rigs, r), append(pipelines, p)
		}
		frame := strings.Repeat("x", 1000)
		for range 600 {
			for _, r := range rigs {
				r.put(t, frame)
			}
			time.Sleep(time.Second)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		for i, p := range pipelines {
			s := p.Status()
			hanging := i == 1
			if hanging != (s.Delivered == 0) || !hanging && s.Delivered != 600 {
				t.Errorf("pipeline %d: %+v", i, s)
			}
			if s.Budget.Used > budget+recordBytes+1000 || s.Budget.Limit != budget {
				t.Errorf("pipeline %d holds %+v", i, s.Budget)
			}
			if hanging && (s.UnderWay != 4 || s.State != Delivering) {
				t.Errorf("%+v", s)
			}
		}
	})
}

// The budget holds also while a backlog of any size is read, and also for what
// processing makes of it; a buffer that is larger alone is still filled.
func TestBudget(t *testing.T) {
	for _, tc := range []struct {
		name                string
		bufferBytes, budget int
		processor           Processor
		most                int
	}{
		{"several buffers", 10_000, 35_000, nil, 35_000 + 1000 + recordBytes},
		{"one large buffer", 50_000, 20_000, nil, 50_000 + 50*recordBytes},
		{"processed", 10_000, 35_000, &scripted{}, 35_000 + 2*(1000+recordBytes)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, time.Second)
				r.opts.Destination = &slow{Destination: r.opts.Destination, takes: time.Second}
				r.opts.Parallel, r.opts.Config.BufferBytes, r.opts.BudgetBytes, r.opts.Processor = 4, tc.bufferBytes, tc.budget, tc.processor
				for range 500 {
					r.put(t, strings.Repeat("x", 1000))
				}
				p, _ := r.start(t)
				most := 0
				for p.Status().Delivered < 500 {
					time.Sleep(100 * time.Millisecond)
					synctest.Wait()
					most = max(most, p.Status().Budget.Used)
				}
				if most > tc.most || most < tc.most/2 {
					t.Errorf("held %d, at most %d", most, tc.most)
				}
				synctest.Wait()
				if used := p.Status().Budget.Used; used != 0 {
					t.Errorf("%d held after the end", used)
				}
				if n := len(r.archive.text(t)); n < 500_000 {
					t.Errorf("%d bytes delivered", n)
				}
			})
		})
	}
}

// While the breaker is open one batch at a time is tried, in turn.
func TestBreakerTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBreaker(func(d time.Duration) time.Duration { return d })
		for range openAfter {
			if probe, err := b.enter(t.Context(), nil); probe || err != nil {
				t.Fatal(probe, err)
			}
			b.failed(false)
		}
		var now, most, tries atomic.Int64
		perBatch := make([]atomic.Int64, 3)
		ctx, cancel := context.WithCancel(t.Context())
		var batches sync.WaitGroup
		for i := range perBatch {
			batches.Go(func() {
				for {
					probe, err := b.enter(ctx, nil)
					if err != nil {
						return
					}
					most.Store(max(most.Load(), now.Add(1)))
					time.Sleep(time.Second)
					tries.Add(1)
					perBatch[i].Add(1)
					now.Add(-1)
					b.failed(probe)
				}
			})
		}
		time.Sleep(10 * time.Minute)
		cancel()
		batches.Wait()
		if most.Load() != 1 || tries.Load() < 15 || tries.Load() > 30 {
			t.Fatalf("%d at once, %d tries", most.Load(), tries.Load())
		}
		for i := range perBatch {
			if n := perBatch[i].Load(); n < 5 {
				t.Errorf("batch %d was tried %d times of %d", i, n, tries.Load())
			}
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		probe, err := b.enter(ctx, nil)
		if !probe || err != nil || b.status().State != BreakerHalfOpen {
			t.Fatal(probe, err, b.status())
		}
		b.succeeded(probe)
		if s := b.status(); s.State != BreakerClosed || s.Failures != 0 {
			t.Fatalf("%+v", s)
		}
	})
}

// A stop ends batches that deliver, wait for a try and wait for a place, at once.
func TestStopWithBatchesUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Second)
		r.opts.Parallel, r.opts.Config.BufferBytes = 4, 1
		r.archive.setFail(func(int) error { return errDown })
		p, stop := r.start(t)
		for range 10 {
			r.put(t, "a")
			time.Sleep(time.Second)
		}
		flushed := make(chan error, 1)
		go func() { flushed <- p.Flush(context.Background()) }()
		time.Sleep(time.Hour)
		began := time.Now()
		if err := stop(); err != nil || time.Since(began) != 0 {
			t.Fatal(err, time.Since(began))
		}
		if err := <-flushed; err == nil {
			t.Fatal("flushed")
		}
		if s := p.Status(); s.State != Stopped {
			t.Fatalf("%+v", s)
		}
	})
}

// A journal that takes no more writes ends the pipeline once nothing is under way.
func TestJournalFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Second)
		r.opts.Parallel = 4
		r.opts.Journal = &mortal{Journal: r.journal, fate: &fate{at: 2}}
		r.put(t, "a")
		p := New(r.opts)
		if err := p.Run(t.Context()); !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		if s := p.Status(); s.State != Failed || !strings.Contains(s.LastError, "move cursor") {
			t.Fatalf("%+v", s)
		}
	})
}

// A delivery that takes too long is ended and tried again, and a changed
// configuration is taken up at once.
func TestAttemptTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Second)
		healthy := r.opts.Destination
		r.opts.Destination, r.opts.AttemptTimeout = &slow{Destination: healthy, takes: 1000 * time.Hour}, time.Minute
		var told []Diagnostic
		r.opts.Diagnose, r.opts.Target = func(d Diagnostic) { told = append(told, d) }, "arn:aws:s3:::archive"
		p, _ := r.start(t)
		r.put(t, "a")
		time.Sleep(59 * time.Second)
		if s := p.Status(); s.State != Delivering {
			t.Fatalf("%+v", s)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if s := p.Status(); s.State != Retrying || s.FailedAttempts < 5 || !strings.Contains(s.LastError, "no answer within 1m0s") {
			t.Fatalf("%+v", s)
		}
		if len(told) != 1 || told[0].ErrorCode != "DeliveryTimeout" || told[0].Destination != r.opts.Target || told[0].Version != 3 || told[0].At.IsZero() {
			t.Fatalf("%+v", told)
		}
		r.opts.Destination = healthy
		p.Reconfigure(r.opts)
		synctest.Wait()
		if got := r.archive.text(t); got != "a" {
			t.Fatalf("delivered %q, %+v", got, p.Status())
		}
	})
}

// brittle panics at some records.
type brittle struct{ destination.Destination }

func (d brittle) Deliver(ctx context.Context, b *destination.Batch) ([]destination.Refusal, error) {
	if string(b.Records[0].Data) == "odd" {
		panic("index out of range")
	}
	return d.Destination.Deliver(ctx, b)
}

// A panic costs its batch and nothing else.
func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Second)
		r.opts.Destination, r.opts.Parallel = brittle{r.opts.Destination}, 2
		p, _ := r.start(t)
		r.put(t, "odd")
		time.Sleep(time.Minute)
		r.put(t, "even")
		time.Sleep(time.Minute)
		synctest.Wait()
		s := p.Status()
		if got := r.archive.text(t); got != "even" || s.State != Retrying || !strings.Contains(s.LastError, "InternalError: deliver: panic: index out of range") {
			t.Fatalf("delivered %q, %+v", got, s)
		}
	})
}

// With retention the backlog of an outage stays as old as the retention, however much comes: expired batches are given up
// as fast as they are sealed.
func TestRetentionKeepsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Second)
		r.opts.Parallel, r.opts.Config.BufferBytes, r.opts.DropAfter = 4, 1, time.Hour
		r.archive.setFail(func(int) error { return errDown })
		var told []Diagnostic
		r.opts.Diagnose = func(d Diagnostic) { told = append(told, d) }
		p, _ := r.start(t)
		const seconds = 3 * 3600
		for range seconds { // a batch a second, of which an attempt every 30 s would keep 1 in 30 moving
			r.put(t, "x")
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if s := p.Status(); s.Dropped < seconds-3600-120 || s.Dropped > seconds-3600 || s.LastError == "" {
			t.Fatalf("%d dropped: %+v", s.Dropped, s)
		}
		if last := told[len(told)-1]; last.ErrorCode != errDown.Code {
			t.Errorf("%+v", last)
		}
		r.archive.setFail(nil)
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := p.Status(); s.Records+s.Dropped != seconds || s.State != Waiting {
			t.Fatalf("%+v", s)
		}
	})
}
