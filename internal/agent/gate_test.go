package agent

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// However many batches there are, a service in trouble is asked by one request at a time, less and less often, and its relief is noticed within two seconds.
func TestGateInAStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(100*time.Millisecond, 10*time.Second, 2*time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		relieved := time.Now().Add(time.Minute)
		asked, inside, most := 0, 0, 0
		first := time.Time{}
		var mu sync.Mutex
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				for ctx.Err() == nil {
					p, ok, err := g.enter(ctx, nil)
					if err != nil || !ok {
						return
					}
					mu.Lock()
					refused := time.Now().Before(relieved)
					if refused {
						asked++
					} else if first.IsZero() {
						first, most = time.Now(), 0
					}
					inside++
					most = max(most, inside)
					mu.Unlock()
					time.Sleep(10 * time.Millisecond)
					mu.Lock()
					inside--
					mu.Unlock()
					if refused {
						g.leave(p, throttled)
					} else {
						g.leave(p, succeeded)
					}
				}
			})
		}
		time.Sleep(65 * time.Second)
		cancel()
		all.Wait()
		if asked < 30 || asked > 150 { // fifty at the start, then one a second or so
			t.Errorf("%d requests in a minute of refusals", asked)
		}
		if late := first.Sub(relieved); first.IsZero() || late > 2*time.Second+20*time.Millisecond {
			t.Errorf("relief noticed after %v", late)
		}
		if most < 20 {
			t.Errorf("%d requests side by side afterwards", most)
		}
	})
}

func TestBackoffIsWithinItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		initial := time.Duration(rapid.Int64Range(1, 1<<52).Draw(t, "initial"))
		longest := initial + time.Duration(rapid.Int64Range(0, 1<<52).Draw(t, "more"))
		failures := rapid.IntRange(1, 1000).Draw(t, "failures")
		if d := backoff(initial, longest, failures); d < 0 || d > longest || failures == 1 && d > initial {
			t.Fatalf("backoff(%v, %v, %d) = %v", initial, longest, failures, d)
		}
	})
}
