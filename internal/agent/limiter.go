package agent

import (
	"time"
)

// limiter lets one event through in a time and counts the others.
type limiter struct {
	every   time.Duration
	next    time.Time
	skipped int
}

func (l *limiter) allow(now time.Time) (skipped int, ok bool) {
	if now.Before(l.next) {
		l.skipped++
		return 0, false
	}
	skipped, l.skipped, l.next = l.skipped, 0, now.Add(l.every)
	return skipped, true
}
