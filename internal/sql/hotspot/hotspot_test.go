package hotspot

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func newFinder(t testing.TB, o Options) *Finder {
	t.Helper()
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Two crowds on a line of lonely records: each is described by its box, the denser first, and leaves with its records.
func TestCrowds(t *testing.T) {
	f := newFinder(t, Options{Columns: 1, WindowSize: 100, ScanRadius: 0.5, MinRecords: 3})
	var last []Hotspot
	for _, v := range []float64{10, 20, 30, 30.5, 31, 40, 50, 50.25, 50.5, 50.75} {
		last = f.Push([]float64{v})
	}
	want := []Hotspot{
		{Density: 4 / 0.75, Max: []float64{50.75}, Min: []float64{50}},
		{Density: 3, Max: []float64{31}, Min: []float64{30}},
	}
	if !reflect.DeepEqual(last, want) {
		t.Errorf("found %v, want %v", last, want)
	}
	for i := range 100 {
		last = f.Push([]float64{float64(1000 + i)})
	}
	if len(last) != 0 {
		t.Errorf("found %v where all records are lonely", last)
	}
}

// Records that are all equal on an axis: it counts as one radius.
func TestAFlatHotspot(t *testing.T) {
	f := newFinder(t, Options{Columns: 2, WindowSize: 100, ScanRadius: 2, MinRecords: 2})
	f.Push([]float64{1, 5})
	got := f.Push([]float64{1, 6})
	if want := []Hotspot{{Density: 2.0 / 2 / 1, Max: []float64{1, 6}, Min: []float64{1, 5}}}; !reflect.DeepEqual(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
}

// The example of AWS: of 1000 records in a square of side 10, a fifth lie in a square of side 1. Radius 0.2 and at least 17
// records find it alone above a density of 40.
func TestTheExample(t *testing.T) {
	f := newFinder(t, Options{Columns: 2, WindowSize: 1000, ScanRadius: 0.2, MinRecords: 17})
	random := rand.New(rand.NewPCG(1, 2))
	var last []Hotspot
	for range 1500 {
		x, y := 10*random.Float64(), 10*random.Float64()
		if random.Float64() < 0.2 {
			x, y = 3+random.Float64(), 7+random.Float64()
		}
		last = f.Push([]float64{x, y})
	}
	dense := slices.DeleteFunc(slices.Clone(last), func(h Hotspot) bool { return h.Density < 40 })
	if len(dense) != 1 {
		t.Fatalf("found %v", last)
	}
	for c, low := range []float64{3, 7} {
		if math.Abs(dense[0].Min[c]-low) > 0.5 || math.Abs(dense[0].Max[c]-low-1) > 0.5 {
			t.Errorf("found %v, want about 3 to 4 and 7 to 8", dense[0])
		}
	}
}

// What is found equals a plain union of neighbours over the last records, and a restored finder goes on like the stored one.
func TestAgreesWithAPlainUnion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Options{
			Columns: rapid.IntRange(1, 3).Draw(t, "columns"), WindowSize: rapid.IntRange(100, 130).Draw(t, "window"),
			ScanRadius: rapid.SampledFrom([]float64{0.5, 1, 1.5}).Draw(t, "radius"), MinRecords: rapid.IntRange(2, 9).Draw(t, "least"),
		}
		f, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		span := rapid.IntRange(3, 300).Draw(t, "span")
		var window [][]float64
		for i := range rapid.IntRange(1, 300).Draw(t, "records") {
			record := make([]float64, o.Columns)
			for c := range record {
				record[c] = float64(random.IntN(span)) / 2
			}
			if window = append(window, record); len(window) > o.WindowSize {
				window = window[1:]
			}
			got := f.Push(record)
			if i%13 != 0 {
				continue
			}
			if want := plain(o, window); !reflect.DeepEqual(append([]Hotspot(nil), got...), want) {
				t.Fatalf("record %d: found %v, want %v", i, got, want)
			}
			g, _ := New(o)
			if err := g.Restore(f.Snapshot(nil)); err != nil {
				t.Fatal(err)
			}
			f = g
		}
	})
}

func plain(o Options, window [][]float64) []Hotspot {
	group := make([]int, len(window))
	for i := range group {
		group[i] = i
	}
	for changed := true; changed; {
		changed = false
		for i, a := range window {
			for k, b := range window {
				sum := 0.0
				for c := range a {
					sum += (a[c] - b[c]) * (a[c] - b[c])
				}
				if sum <= o.ScanRadius*o.ScanRadius && group[k] < group[i] {
					group[i], changed = group[k], true
				}
			}
		}
	}
	var all []Hotspot
	for first := range window {
		h := Hotspot{Max: slices.Clone(window[first]), Min: slices.Clone(window[first])}
		n := 0
		for i, r := range window {
			if group[i] != first {
				continue
			}
			n++
			for c, v := range r {
				h.Max[c], h.Min[c] = max(h.Max[c], v), min(h.Min[c], v)
			}
		}
		if n < o.MinRecords {
			continue
		}
		h.Density = float64(n)
		for c := range h.Max {
			side := h.Max[c] - h.Min[c]
			if side == 0 {
				side = o.ScanRadius
			}
			h.Density /= side
		}
		all = append(all, h)
	}
	slices.SortStableFunc(all, func(a, b Hotspot) int {
		return int(math.Copysign(1, b.Density-a.Density)) * btoi(a.Density != b.Density)
	})
	return all
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestOptionsAreChecked(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{0, 100, 1, 2}, "the number of numeric columns must be from 1 to 30, it is 0"},
		{Options{1, 99, 1, 2}, "windowSize must be from 100 to 1000, it is 99"},
		{Options{1, 1001, 1, 2}, "windowSize must be from 100 to 1000, it is 1001"},
		{Options{1, 100, 0, 2}, "scanRadius must be greater than 0, it is 0"},
		{Options{1, 100, math.NaN(), 2}, "scanRadius must be greater than 0, it is NaN"},
		{Options{1, 100, 1, 1}, "minimumNumberOfPointsInAHotspot must be from 2 to windowSize, which is 100, it is 1"},
		{Options{1, 100, 1, 101}, "minimumNumberOfPointsInAHotspot must be from 2 to windowSize, which is 100, it is 101"},
	} {
		if err := c.o.Check(); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

func FuzzRestore(f *testing.F) {
	o := Options{Columns: 2, WindowSize: 100, ScanRadius: 1, MinRecords: 2}
	finder := newFinder(f, o)
	f.Add(finder.Snapshot(nil))
	finder.Push([]float64{1, 2})
	f.Add(finder.Snapshot(nil))
	f.Fuzz(func(t *testing.T, snapshot []byte) {
		finder := newFinder(t, o)
		if finder.Restore(snapshot) == nil {
			finder.Push([]float64{1, 2})
		}
	})
}

func BenchmarkPush(b *testing.B) {
	for _, window := range []int{100, 1000} {
		b.Run(fmt.Sprint(window), func(b *testing.B) {
			f := newFinder(b, Options{Columns: 2, WindowSize: window, ScanRadius: 0.2, MinRecords: 17})
			random := rand.New(rand.NewPCG(1, 2))
			record := make([]float64, 2)
			for b.Loop() {
				record[0], record[1] = 10*random.Float64(), 10*random.Float64()
				f.Push(record)
			}
		})
	}
}
