// Package destinationtest is the suite that every destination passes: a repeat
// is harmless, a cancelled context ends a delivery soon, and each record is
// either at the destination or among the refusals, never both, never neither.
package destinationtest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// Target is one destination with the far side that it delivers to.
type Target struct {
	Destination destination.Destination
	// Held returns the records' bytes that the far side holds durably, each as
	// often as it is there, in any order.
	Held func(t *testing.T) [][]byte
	// Key names the batch's object; nil for destinations that write none.
	Key func(b *destination.Batch) string
	// Down makes the far side unreachable until up is called. nil skips.
	Down func(t *testing.T) (up func())
	// LoseAnswer lets the far side do the next request and lose its answer. nil skips.
	LoseAnswer func(t *testing.T)
	// Good returns the bytes of the i-th record that the far side takes; Bad of
	// one that it refuses, nil if it refuses none.
	Good, Bad func(i int) []byte
}

// Run runs the suite; open returns a fresh target each time.
func Run(t *testing.T, open func(t *testing.T) Target) {
	t.Run("delivers every record", func(t *testing.T) {
		target := open(t)
		b := target.batch(1, 25, nil)
		target.deliver(t, b)
		target.expect(t, b)
	})
	t.Run("a repeat is harmless", func(t *testing.T) {
		target := open(t)
		b := target.batch(1, 25, nil)
		for range 3 {
			target.deliver(t, b)
		}
		target.expect(t, b)
	})
	t.Run("batches add up", func(t *testing.T) {
		target := open(t)
		a, b := target.batch(1, 10, nil), target.batch(11, 10, nil)
		target.deliver(t, a)
		target.deliver(t, b)
		target.expect(t, a, b)
	})
	t.Run("a lost answer doubles nothing", testLostAnswer(open))
	t.Run("a cancelled context ends it", testCancel(open))
	t.Run("refusals account exactly", testRefusals(open))
	t.Run("sub-records are records", testSubRecords(open))
	t.Run("any trouble, exact accounts", testAnyTrouble(open))
}

func testLostAnswer(open func(t *testing.T) Target) func(t *testing.T) {
	return func(t *testing.T) {
		target := open(t)
		if target.LoseAnswer == nil {
			t.Skip("no way to lose an answer")
		}
		target.LoseAnswer(t)
		b := target.batch(1, 25, nil)
		for range 10 {
			refused, err := target.Destination.Deliver(t.Context(), b)
			if len(refused) > 0 {
				t.Fatalf("%d records refused: %s", len(refused), refused[0].Message)
			}
			if err == nil {
				break
			}
		}
		target.expect(t, b)
	}
}

func testCancel(open func(t *testing.T) Target) func(t *testing.T) {
	return func(t *testing.T) {
		target := open(t)
		if target.Down == nil {
			t.Skip("no way to take the far side down")
		}
		up := target.Down(t)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		began := time.Now()
		b := target.batch(1, 5, nil)
		refused, err := target.Destination.Deliver(ctx, b)
		if err == nil || len(refused) > 0 {
			t.Fatalf("delivered to a far side that is down: %d refused, error %v", len(refused), err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Fatalf("went on for %v after its context ended", took)
		}
		up()
		target.deliver(t, b)
		target.expect(t, b)
	}
}

func testRefusals(open func(t *testing.T) Target) func(t *testing.T) {
	return func(t *testing.T) {
		target := open(t)
		if target.Bad == nil {
			t.Skip("refuses no record")
		}
		bad := map[int]bool{0: true, 7: true, 8: true, 24: true}
		b := target.batch(1, 25, bad)
		for range 2 { // a repeat refuses the same ones
			refused, err := target.Destination.Deliver(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			checkRefusals(t, b, bad, refused)
		}
		taken := *b
		taken.Records = slices.Clone(b.Records)
		taken.Records = slices.DeleteFunc(taken.Records, func(r record.Record) bool { return bad[int(r.Sequence)-1] })
		target.expect(t, &taken)
	}
}

func checkRefusals(t *testing.T, b *destination.Batch, bad map[int]bool, refused []destination.Refusal) {
	t.Helper()
	seen := map[record.Sequence]bool{}
	for _, r := range refused {
		i := int(r.Record.Sequence) - 1
		switch {
		case !bad[i]:
			t.Errorf("good record %d refused: %s %s", i, r.Code, r.Message)
		case seen[r.Record.Sequence]:
			t.Errorf("record %d refused twice", i)
		case string(r.Record.Data) != string(b.Records[i].Data):
			t.Errorf("refusal of record %d carries %q", i, r.Record.Data)
		case r.Code == "" || r.Message == "" || r.Attempts < 1 || r.AttemptedAt == 0:
			t.Errorf("refusal of record %d does not say why and when: %+v", i, r)
		}
		seen[r.Record.Sequence] = true
	}
	if len(seen) != len(bad) {
		t.Errorf("%d records refused, want %d", len(seen), len(bad))
	}
}

func (target Target) batch(first record.Sequence, n int, bad map[int]bool) *destination.Batch {
	b := &destination.Batch{
		ID: uuid.NewString(), Stream: record.StreamID{1}, Name: "stream", Version: 1,
		ARN: "arn:aws:firehose:us-east-1:000000000000:deliverystream/stream",
	}
	arrival := time.Date(2026, 7, 13, 14, 5, 9, 0, time.UTC).UnixMilli()
	for i := range n {
		data := target.Good
		if bad[i] {
			data = target.Bad
		}
		b.Records = append(b.Records, record.Record{
			Sequence: first + record.Sequence(i), Arrival: arrival + int64(i), Data: data(int(first) + i)})
	}
	if target.Key != nil {
		b.Key = target.Key(b)
	}
	return b
}

func (target Target) deliver(t *testing.T, b *destination.Batch) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	refused, err := target.Destination.Deliver(ctx, b)
	if err != nil {
		t.Fatal(err)
	}
	if len(refused) > 0 {
		t.Fatalf("%d records refused: %s %s", len(refused), refused[0].Code, refused[0].Message)
	}
}

func (target Target) expect(t *testing.T, batches ...*destination.Batch) {
	t.Helper()
	var want, got []string
	for _, b := range batches {
		for _, r := range b.Records {
			want = append(want, string(r.Data))
		}
	}
	for _, data := range target.Held(t) {
		got = append(got, string(data))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Fatalf("the far side holds %d records, want %d\n got %.300q\nwant %.300q", len(got), len(want), got, want)
	}
}
