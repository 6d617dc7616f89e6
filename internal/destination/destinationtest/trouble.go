package destinationtest

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// testSubRecords: what processing made of one record are records of their own,
// also in a repeat, although they share a sequence.
func testSubRecords(open func(t *testing.T) Target) func(t *testing.T) {
	return func(t *testing.T) {
		target := open(t)
		b := target.batch(1, 12, nil)
		for i := range b.Records {
			b.Records[i].Sequence, b.Records[i].Sub = record.Sequence(i/4+1), i%4
		}
		for range 2 {
			target.deliver(t, b)
		}
		target.expect(t, b)
	}
}

// testAnyTrouble delivers batches through trouble in any order: the far side
// is down, an answer is lost, the context ends, the process is killed after a
// delivery and before its result is kept. In the end every record is once at
// the destination or once among the refusals of the last delivery.
func testAnyTrouble(open func(t *testing.T) Target) func(t *testing.T) {
	return func(t *testing.T) {
		target := open(t)
		next := 1
		rapid.Check(t, func(rt *rapid.T) {
			first := next
			b, bad := target.draw(rt, first)
			next += len(b.Records)
			for _, trouble := range rapid.SliceOfN(rapid.SampledFrom([]string{"kill", "lose", "down", "ended"}), 0, 4).Draw(rt, "trouble") {
				target.meet(t, trouble, b)
			}
			refused := target.decide(t, rt, b)
			target.account(t, rt, b, bad, refused)
		})
	}
}

// draw makes a batch whose records are told apart by their place, some of them
// parts of one.
func (target Target) draw(t *rapid.T, first int) (b *destination.Batch, bad map[string]bool) {
	b = &destination.Batch{ID: uuid.NewString(), Stream: record.StreamID{2}, Name: "stream", Version: 1}
	bad = map[string]bool{}
	for i := range rapid.IntRange(1, 12).Draw(t, "records") {
		r := record.Record{Sequence: record.Sequence(first + i), Arrival: time.Date(2026, 7, 13, 14, 5, 9, 0, time.UTC).UnixMilli(), Data: target.Good(first + i)}
		if target.Bad != nil && rapid.IntRange(0, 4).Draw(t, "bad") == 0 {
			r.Data = target.Bad(first + i)
			bad[string(r.Data)] = true
		}
		if i > 0 && rapid.Bool().Draw(t, "part of the record before") {
			r.Sequence, r.Sub = b.Records[i-1].Sequence, b.Records[i-1].Sub+1
		}
		b.Records = append(b.Records, r)
	}
	if target.Key != nil {
		b.Key = target.Key(b)
	}
	return b, bad
}

// meet makes a delivery whose result is not kept.
func (target Target) meet(t *testing.T, trouble string, b *destination.Batch) {
	ctx, cancel := context.WithTimeout(impatient(t.Context()), 30*time.Second)
	defer cancel()
	switch trouble {
	case "lose":
		if target.LoseAnswer == nil {
			return
		}
		target.LoseAnswer(t)
	case "down":
		if target.Down == nil {
			return
		}
		defer target.Down(t)()
		ctx, cancel = context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
	case "ended":
		cancel()
	}
	_, _ = target.Destination.Deliver(ctx, b) // what it says is lost with the process
}

// decide delivers until the destination answers.
func (target Target) decide(t *testing.T, rt *rapid.T, b *destination.Batch) []destination.Refusal {
	ctx, cancel := context.WithTimeout(impatient(t.Context()), 30*time.Second)
	defer cancel()
	for range 10 {
		refused, err := target.Destination.Deliver(ctx, b)
		if err == nil {
			return refused
		}
	}
	rt.Fatal("10 deliveries have failed, although nothing is wrong any more")
	return nil
}

func (target Target) account(t *testing.T, rt *rapid.T, b *destination.Batch, bad map[string]bool, refused []destination.Refusal) {
	ends := map[string]int{}
	for _, r := range refused {
		if !bad[string(r.Record.Data)] {
			rt.Fatalf("good record refused: %s %s", r.Code, r.Message)
		}
		ends[string(r.Record.Data)]++
	}
	for _, data := range target.Held(t) {
		if bad[string(data)] {
			rt.Fatalf("the far side holds %q, which it refuses", data)
		}
		ends[string(data)]++
	}
	want := map[string]int{} // bad records may be alike
	for _, r := range b.Records {
		want[string(r.Data)]++
	}
	for data, n := range want {
		if ends[data] != n {
			rt.Fatalf("record %q is %d times at the destination or refused, want %d", data, ends[data], n)
		}
	}
}

// impatient is the context of an engine that ends every wait at once.
func impatient(ctx context.Context) context.Context {
	again := make(chan struct{}, 1)
	return destination.WithAttempts(ctx, destination.Attempts{Again: again, Failed: func(error) {
		select {
		case again <- struct{}{}:
		default:
		}
	}})
}
