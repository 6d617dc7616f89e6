// Package cputime reads how much CPU time processes have used, kernel
// included, and how fast this machine is at the moment.
package cputime

import "time"

// calibrationSteps are one unit of Calibrate.
const calibrationSteps = 100

// Calibrate is how long one unit takes: a hundred steps of a chain of integer
// operations that no core can shorten or do at once. It is the best of several
// tries of some hundred microseconds each.
func Calibrate() time.Duration {
	const units = 2000
	best := time.Duration(1<<63 - 1)
	for range 5 {
		before := time.Now()
		sink = chain(sink, units*calibrationSteps)
		best = min(best, time.Since(before))
	}
	return best / units
}

// chain is xorshift and a multiplication, each step waiting for the one before.
func chain(x uint64, steps int) uint64 {
	x |= 1
	for range steps {
		x ^= x >> 12
		x *= 2685821657736338717
	}
	return x
}

// sink keeps the compiler from leaving the chain out.
var sink uint64
