package forest

import (
	"math/rand/v2"
	"testing"
)

// Figures are per record, with the default parameters.
func BenchmarkPush(b *testing.B) {
	for _, c := range []struct {
		name    string
		columns int
		shingle int
		seen    int
	}{
		{"young/1 column", 1, 1, 300}, {"1 column", 1, 1, 100_000}, {"3 columns", 3, 1, 100_000}, {"1 column in shingles of 24", 1, 24, 20_000},
	} {
		b.Run(c.name, func(b *testing.B) {
			f := newForest(b, c.columns, func(o *Options) { o.ShingleSize = c.shingle })
			random := rand.New(rand.NewPCG(1, 2))
			records := make([][]float64, 4096)
			for i := range records {
				for range c.columns {
					records[i] = append(records[i], random.NormFloat64())
				}
			}
			for i := range c.seen {
				f.Push(records[i%len(records)])
			}
			i := 0
			for b.Loop() {
				f.Push(records[i%len(records)])
				i++
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

func BenchmarkSnapshot(b *testing.B) {
	f := newForest(b, 1, nil)
	random := rand.New(rand.NewPCG(1, 2))
	for range 50_000 {
		f.Push([]float64{random.NormFloat64()})
	}
	var snapshot []byte
	b.Run("take", func(b *testing.B) {
		for b.Loop() {
			snapshot = f.Snapshot(snapshot[:0])
		}
		b.ReportMetric(float64(len(snapshot)), "bytes")
	})
	b.Run("restore", func(b *testing.B) {
		for b.Loop() {
			if err := f.Restore(snapshot); err != nil {
				b.Fatal(err)
			}
		}
	})
}
