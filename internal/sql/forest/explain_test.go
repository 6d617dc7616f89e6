package forest

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The attributions of the columns add up to the score, which is that of Push, whatever the series.
func TestAttributionsAddUp(t *testing.T) {
	for name, make := range series {
		for _, shingle := range []int{1, 4} {
			all := make(800, rand.New(rand.NewPCG(1, 2)))
			columns := len(all[0])
			change := func(o *Options) { o.ShingleSize = shingle; o.Trees = 30 }
			plain, explained := newForest(t, columns, change), newForest(t, columns, change)
			parts := [30]Part{}
			for i, x := range all {
				want, got := plain.Push(x), explained.PushExplained(x, parts[:columns])
				sum := 0.0
				for _, p := range parts[:columns] {
					sum += p.Attribution
					if p.Strength < 0 || p.Attribution < 0 {
						t.Fatalf("%s: record %d has a strength of %v and an attribution of %v", name, i, p.Strength, p.Attribution)
					}
				}
				if math.Abs(got-want) > 1e-9 || math.Abs(sum-want) > 1e-9 {
					t.Fatalf("%s: record %d scores %v, explained %v, its attributions add up to %v", name, i, want, got, sum)
				}
				if i < 256+shingle-1 && parts[0] != (Part{}) {
					t.Fatalf("%s: record %d of the learning phase has %v", name, i, parts[0])
				}
			}
		}
	}
}

// An outlier of one column is put down to that column, in its direction, with about its distance for a strength: the nearest
// of the others are at 3.
func TestAnOutlierIsPutDownToItsColumn(t *testing.T) {
	for column := range 3 {
		for _, sign := range []float64{1, -1} {
			f := newForest(t, 3, nil)
			random := rand.New(rand.NewPCG(1, 2))
			var parts [3]Part
			for range 1000 {
				f.PushExplained([]float64{random.NormFloat64(), random.NormFloat64(), random.NormFloat64()}, parts[:])
			}
			x := []float64{random.NormFloat64(), random.NormFloat64(), random.NormFloat64()}
			x[column] = sign * 20
			score := f.PushExplained(x, parts[:])
			p := parts[column]
			if p.Attribution < 0.8*score || p.High != (sign > 0) || p.Strength < 15 || p.Strength > 20 {
				t.Errorf("column %d at %v of a record that scores %v has %+v", column, x[column], score, p)
			}
			if other := parts[(column+1)%3]; other.Strength > 1 {
				t.Errorf("beside column %d another one has %+v", column, other)
			}
		}
	}
}

// Strengths of whole numbers from 0 to 100 that come again and again: most trees have the value and find nothing to part, so
// that they are some hundredths, as those on record are beside scores from 0.8 to 0.95.
func TestStrengthsOfRepeatedValues(t *testing.T) {
	f := newForest(t, 1, nil)
	random := rand.New(rand.NewPCG(1, 2))
	var parts [1]Part
	sum, n := 0.0, 0
	for i := range 3000 {
		f.PushExplained([]float64{float64(random.IntN(101))}, parts[:])
		if i >= 256 {
			sum += parts[0].Strength
			n++
		}
	}
	if mean := sum / float64(n); mean < 0.01 || mean > 0.3 {
		t.Errorf("the mean strength is %.3f, want some hundredths", mean)
	}
}
