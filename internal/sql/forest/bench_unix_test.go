//go:build unix

package forest

import (
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is what the process has used, which neighbours on the machine do not change as they do the time that passes.
func cpuTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

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
			i, before := 0, cpuTime(b)
			for b.Loop() {
				f.Push(records[i%len(records)])
				i++
			}
			b.ReportMetric(float64(b.N)/(cpuTime(b)-before).Seconds(), "records/cpu-s")
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
