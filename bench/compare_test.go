package bench

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/millrace/millrace/bench/cputime"
)

// sliceTime is how long one slice of a candidate is at least: much longer than
// reading the clock takes, shorter than most interruptions.
const sliceTime = 4 * time.Millisecond

// minRounds is how many slices the best is taken of, however long they take.
const minRounds = 3

// candidate is one way to do the work.
type candidate struct {
	name  string
	units int    // done by one call of run: records, lines
	bytes int    // read by one call of run; 0 leaves MB/s out
	run   func() // does them
	whole bool   // one call is one slice, however long it takes
	// before is done before each slice and is not counted; nil for nothing.
	before func()
}

// compare lets slices of the candidates take turns in random order and reports
// the best CPU time a unit of each, the same in units of the calibration loop,
// and how often the first candidate's time goes into each other's. An iteration
// of the benchmark is one round: a slice of each.
func compare(b *testing.B, unit string, candidates ...candidate) {
	best, calls := make([]time.Duration, len(candidates)), make([]int, len(candidates))
	for i, c := range candidates {
		best[i], calls[i] = 1<<62, 1
		if !c.whole {
			calls[i] = callsOf(c)
		}
	}
	calibration := time.Duration(1 << 62)
	round := func() {
		calibration = min(calibration, cputime.Calibrate())
		for _, i := range rand.Perm(len(candidates)) {
			if prepare := candidates[i].before; prepare != nil {
				prepare()
			}
			runtime.GC() // nobody pays for the garbage of the one before
			before := cputime.Process()
			for range calls[i] {
				candidates[i].run()
			}
			best[i] = min(best[i], cputime.Process()-before)
		}
	}
	for range minRounds - 1 {
		round()
	}
	for b.Loop() {
		round()
	}
	b.ReportMetric(0, "ns/op") // a slice of each: says nothing
	b.ReportMetric(float64(calibration.Nanoseconds()), "calibration-ns")
	first := 0.0
	for i, c := range candidates {
		perUnit := float64(best[i].Nanoseconds()) / float64(calls[i]*c.units)
		b.ReportMetric(perUnit, c.name+"-ns/"+unit)
		if c.bytes > 0 {
			b.ReportMetric(float64(c.bytes*calls[i])/best[i].Seconds()/1e6, c.name+"-MB/s")
		}
		if i == 0 {
			first = perUnit
			b.ReportMetric(perUnit/float64(calibration.Nanoseconds()), c.name+"/calibration")
		} else {
			b.ReportMetric(perUnit/first, c.name+"/"+candidates[0].name)
		}
	}
}

// callsOf is how many calls make a slice.
func callsOf(c candidate) int {
	for n := 1; ; n *= 2 {
		before := time.Now()
		for range n {
			c.run()
		}
		if time.Since(before) >= sliceTime {
			return n
		}
	}
}
