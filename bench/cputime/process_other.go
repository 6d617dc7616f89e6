//go:build !unix

package cputime

import "time"

// Process falls back to wall time where CPU time is not to be had.
func Process() time.Duration { return time.Since(started) }

var started = time.Now()
