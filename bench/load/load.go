package load

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace/millrace/internal/aws/sigv4"
)

// Options of Run.
type Options struct {
	Endpoint    string // http://127.0.0.1:4566
	Signer      sigv4.Signer
	Batches     []Batch // sent in turn
	Connections int
	// Rate is records a second, each call due at a time of its own whether or
	// not the ones before are answered (open loop); 0 is as fast as answers
	// come on the connections (closed loop).
	Rate float64
	// Calls ends the run after so many; 0 leaves that to Duration.
	Calls    int64
	Duration time.Duration
}

// Result of Run.
type Result struct {
	Elapsed time.Duration
	// Acked and Unknown count by batch: answered with success, and sent without
	// an answer, so that the server may hold it or not.
	Acked, Unknown []int64
	// Latencies are from the time a call was due to its answer, unsorted.
	Latencies []time.Duration
}

// Records is how many records were acknowledged.
func (r *Result) Records(batches []Batch) (n int64) {
	for i, calls := range r.Acked {
		n += calls * int64(batches[i].Records)
	}
	return n
}

// Run sends until calls or duration are over, or ctx is. The first call that is
// not answered with success ends it with an error; the result is valid all the
// same.
func Run(ctx context.Context, o Options) (*Result, error) {
	address, err := url.Parse(o.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("read endpoint: %w", err)
	}
	if o.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.Duration, errOver)
		defer cancel()
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	r := &run{Options: o, begun: time.Now()}
	results := make([]Result, o.Connections)
	var wait sync.WaitGroup
	for i := range results {
		wait.Go(func() {
			results[i].Acked, results[i].Unknown = make([]int64, len(o.Batches)), make([]int64, len(o.Batches))
			if err := r.send(ctx, address.Host, &results[i]); err != nil {
				fail(err)
			}
		})
	}
	wait.Wait()
	total := &Result{Elapsed: time.Since(r.begun), Acked: make([]int64, len(o.Batches)), Unknown: make([]int64, len(o.Batches))}
	for _, part := range results {
		for i := range part.Acked {
			total.Acked[i] += part.Acked[i]
			total.Unknown[i] += part.Unknown[i]
		}
		total.Latencies = append(total.Latencies, part.Latencies...)
	}
	if err := context.Cause(ctx); err != nil && !errors.Is(err, errOver) {
		return total, err
	}
	return total, nil
}

var errOver = errors.New("over")

// run is what the connections share.
type run struct {
	Options
	begun time.Time
	next  atomic.Int64 // call
}

// send sends calls on one connection.
func (r *run) send(ctx context.Context, host string, result *Result) error {
	c, err := dial(host)
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		n := r.next.Add(1) - 1
		if r.Calls > 0 && n >= r.Calls {
			return nil
		}
		due := r.due(n)
		if !sleepUntil(ctx, due) {
			return nil
		}
		batch := int(n % int64(len(r.Batches)))
		sent, err := c.put(r.Signer, &r.Batches[batch])
		switch {
		case err == nil:
			result.Acked[batch]++
			result.Latencies = append(result.Latencies, time.Since(due))
		case sent:
			result.Unknown[batch]++
			return err
		default:
			return err
		}
	}
}

// due is when a call is to be sent.
func (r *run) due(call int64) time.Time {
	if r.Rate == 0 {
		return time.Now()
	}
	return r.begun.Add(time.Duration(float64(call*BatchRecords) / r.Rate * float64(time.Second)))
}

func sleepUntil(ctx context.Context, due time.Time) bool {
	if wait := time.Until(due); wait > 0 {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
	return ctx.Err() == nil
}
