package sketch

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func number(i int) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(i)) }

// Up to 10 000 different values the count is exact, whatever they are and however often they come.
func TestDistinctIsExactWhileThereAreFew(t *testing.T) {
	for name, value := range map[string]func(int) []byte{
		"numbers": number,
		"texts":   func(i int) []byte { return fmt.Appendf(nil, "/page/%d", i) },
		"zeros":   func(i int) []byte { return make([]byte, i) },
	} {
		var c Distinct
		for i := range 10_000 {
			c.Add(value(i))
			c.Add(value(i / 2))
			if c.Count() != int64(i+1) {
				t.Fatalf("%s: after %d different ones the count is %d", name, i+1, c.Count())
			}
		}
	}
}

// Beyond, the estimate stays within 5 standard errors everywhere and within 1 percent of 100 000.
func TestDistinctEstimates(t *testing.T) {
	for name, value := range map[string]func(int) []byte{
		"numbers":     number,
		"far numbers": func(i int) []byte { return number(i << 40) },
		"texts":       func(i int) []byte { return fmt.Appendf(nil, "session-%08d-of-the-visitor", i) },
		"addresses":   func(i int) []byte { return fmt.Appendf(nil, "10.%d.%d.%d", i>>16, i>>8&255, i&255) },
	} {
		var c Distinct
		worst := 0.0
		for i := range 1_000_000 {
			c.Add(value(i))
			if i%997 == 0 && i > 10_000 || i == 10_000 || i == 99_999 {
				off := math.Abs(float64(c.Count())/float64(i+1) - 1)
				if worst = max(worst, off); off > 5*1.04/256 {
					t.Fatalf("%s: of %d different ones it counts %d", name, i+1, c.Count())
				}
				if i == 99_999 && off > 0.01 {
					t.Errorf("%s: of 100000 different ones it counts %d", name, c.Count())
				}
			}
		}
		t.Logf("%s: off by at most %.2f %%", name, 100*worst)
	}
}

// The count depends on neither order nor repetition, and a restored one goes on like the stored one.
func TestDistinctRestored(t *testing.T) {
	for _, n := range []int{0, 1, 500, 9_999, 10_000, 10_001, 30_000} {
		var c, other Distinct
		for i := range n {
			c.Add(number(i))
		}
		snapshot := c.Snapshot(nil)
		rest, err := other.Restore(append(slices.Clone(snapshot), "rest"...))
		if err != nil || string(rest) != "rest" {
			t.Fatalf("%d values: %v, left over %q", n, err, rest)
		}
		for i := n / 2; i < n+2_000; i++ {
			c.Add(number(i))
			other.Add(number(i))
		}
		if c.Count() != other.Count() || !slices.Equal(c.Snapshot(nil), other.Snapshot(nil)) {
			t.Fatalf("%d values: the stored count goes on to %d, the restored one to %d", n, c.Count(), other.Count())
		}
		if _, err := other.Restore(snapshot[:len(snapshot)-1]); n > 0 && err == nil {
			t.Errorf("%d values: a snapshot that ends early is taken", n)
		}
	}
}

// While there are few different values, the counts are exact and ties stand in the order of arrival.
func TestTopKIsExactWhileThereAreFew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.IntRange(0, 20), 0, 200).Draw(t, "values")
		k := rapid.IntRange(1, 25).Draw(t, "k")
		top := NewTopK(k)
		var order []int
		counts := map[int]int64{}
		for _, v := range values {
			if counts[v]++; counts[v] == 1 {
				order = append(order, v)
			}
			top.Add(number(v))
		}
		slices.SortStableFunc(order, func(a, b int) int { return int(counts[b] - counts[a]) })
		got := top.Top()
		if len(got) != min(k, len(order)) {
			t.Fatalf("it gives %d of %d values", len(got), len(order))
		}
		for i, it := range got {
			if it.Value != string(number(order[i])) || it.Count != counts[order[i]] || it.Over != 0 {
				t.Fatalf("place %d is %x with %d, want %d with %d", i, it.Value, it.Count, order[i], counts[order[i]])
			}
		}
	})
}

// zipf draws pages of which the n-th is asked for about 1/n as often as the first.
func zipf(n int) func() int {
	random := rand.New(rand.NewPCG(1, 2))
	z := rand.NewZipf(random, 1.1, 1, uint64(n))
	return func() int { return int(z.Uint64()) }
}

// With more values than entries no count is too low, none is too high by more than N/entries, and every value that is more
// frequent than that is there.
func TestTopKKeepsItsBounds(t *testing.T) {
	const n = 400_000
	top := NewTopK(100)
	next := zipf(1_000_000)
	counts := map[int]int64{}
	for range n {
		v := next()
		counts[v]++
		top.Add(number(v))
	}
	if len(counts) < 3*minEntries {
		t.Fatalf("only %d different values", len(counts))
	}
	bound := int64(n / minEntries)
	held := map[int]bool{}
	for _, it := range top.items {
		v := int(binary.LittleEndian.Uint64([]byte(it.Value)))
		held[v] = true
		if real := counts[v]; it.Count < real || it.Count-it.Over > real || it.Over > bound {
			t.Fatalf("%d occurs %d times, its count is %d of which %d may be too many, at most %d", v, real, it.Count, it.Over, bound)
		}
	}
	for v, c := range counts {
		if c > bound && !held[v] {
			t.Errorf("%d occurs %d times and is not held", v, c)
		}
	}
	for i, it := range top.Top() {
		if v := int(binary.LittleEndian.Uint64([]byte(it.Value))); i < 10 && v != i {
			t.Errorf("place %d is taken by %d, which occurs %d times", i, v, counts[v])
		}
	}
}

// A restored counter goes on like the stored one, with few values and with too many.
func TestTopKRestored(t *testing.T) {
	next := zipf(200_000)
	top := NewTopK(10)
	for round := range 12 {
		for range 10_000 {
			top.Add(number(next()))
		}
		other := NewTopK(10)
		snapshot := top.Snapshot(nil)
		if rest, err := other.Restore(append(slices.Clone(snapshot), 7)); err != nil || len(rest) != 1 {
			t.Fatalf("round %d: %v, left over %d", round, err, len(rest))
		}
		if !slices.Equal(other.Snapshot(nil), snapshot) {
			t.Fatalf("round %d: the restored counter has another snapshot", round)
		}
		for range 100 {
			v := number(next())
			top.Add(v)
			other.Add(v)
		}
		if !slices.Equal(top.Top(), other.Top()) || !slices.Equal(top.Snapshot(nil), other.Snapshot(nil)) {
			t.Fatalf("round %d: the restored counter goes on differently", round)
		}
		if _, err := other.Restore(snapshot[:len(snapshot)-1]); err == nil {
			t.Fatal("a snapshot that ends early is taken")
		}
		top = other
		if _, err := top.Restore(snapshot); err != nil {
			t.Fatal(err)
		}
	}
}

func FuzzRestore(f *testing.F) {
	var c Distinct
	top := NewTopK(3)
	f.Add(c.Snapshot(nil))
	for i := range 20 {
		c.Add(number(i))
		top.Add(number(i % 7))
	}
	f.Add(c.Snapshot(nil))
	f.Add(top.Snapshot(nil))
	f.Fuzz(func(t *testing.T, snapshot []byte) {
		var c Distinct
		if _, err := c.Restore(snapshot); err == nil {
			c.Add([]byte("x"))
			c.Count()
		}
		top := NewTopK(3)
		if _, err := top.Restore(snapshot); err == nil {
			top.Add([]byte("x"))
			top.Top()
		}
	})
}

func BenchmarkDistinct(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var c Distinct
			value, i := make([]byte, 8), 0
			for b.Loop() {
				binary.LittleEndian.PutUint64(value, uint64(i%n))
				c.Add(value)
				i++
			}
		})
	}
}

func BenchmarkTopK(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			top, next := NewTopK(10), zipf(n)
			values := make([][]byte, 1<<16)
			for i := range values {
				values[i] = number(next())
			}
			i := 0
			for b.Loop() {
				top.Add(values[i&(1<<16-1)])
				i++
			}
		})
	}
}
