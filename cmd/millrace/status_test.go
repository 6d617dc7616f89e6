package main

import (
	"testing"

	"github.com/millrace/millrace/internal/console"
)

// What `status` says of a delivery stream's buffer.
func TestBufferText(t *testing.T) {
	for want, d := range map[string]console.DeliveryStream{
		"buffer empty": {Breaker: "closed"},
		"buffer 3 records, 50 % of 1 MiB, 7s old, goes at 00:00:10": {Buffer: console.Buffer{
			Records: 3, Bytes: 1 << 19, SizeBytes: 1 << 20, AgeMs: 7000, NextFlushAt: 10_000}},
		"buffer empty; 2 on their way, the oldest record waits 1m30s; the destination is tried now and then": {
			ObjectsUnderWay: 2, FreshnessMs: 90_000, Breaker: "open"},
	} {
		if got := bufferText(&d); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
