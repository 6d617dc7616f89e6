package firehose

import (
	"sync"
	"time"
)

// bucket is a token bucket that holds a second's worth: it gives rate tokens a
// second on average, and up to as many at once. One token is enough to take
// what costs more than the bucket holds, so that a record larger than a second's
// worth is not refused for ever; what comes after it waits the longer. A nil
// bucket gives everything.
type bucket struct {
	rate float64

	mu     sync.Mutex
	tokens float64
	filled time.Time // when tokens was right
}

// newBucket returns a full bucket, nil for a rate of zero.
func newBucket(rate float64) *bucket {
	if rate == 0 {
		return nil
	}
	return &bucket{rate: rate, tokens: max(rate, 1), filled: time.Now()}
}

// take asks for one token at a price of one.
func (b *bucket) take() bool {
	if b == nil {
		return true
	}
	return takeAll([]*bucket{b}, []float64{1})
}

// takeAll takes from each bucket its price if all of them hold a token, and
// else from none.
func takeAll(buckets []*bucket, prices []float64) bool {
	for _, b := range buckets {
		if b != nil {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.fill(time.Now())
		}
	}
	for _, b := range buckets {
		if b != nil && b.tokens < 1 {
			return false
		}
	}
	for i, b := range buckets {
		if b != nil {
			b.tokens -= prices[i]
		}
	}
	return true
}

func (b *bucket) fill(now time.Time) {
	if passed := now.Sub(b.filled); passed > 0 {
		b.tokens = min(b.tokens+passed.Seconds()*b.rate, max(b.rate, 1))
		b.filled = now
	}
}
