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
	// Overload goes on where the server takes a part of a batch, or says that it
	// cannot take it now (503).
	Overload bool
}

// Result of Run.
type Result struct {
	Elapsed time.Duration
	// Acked and Unknown count by batch: answered with success, and sent without
	// an answer, so that the server may hold it or not.
	Acked, Unknown []int64
	// Partly counts the batches of which only the first records were taken.
	Partly map[Part]int64
	// Refused is how many records were not taken.
	Refused int64
	// Latencies are from the time a call was due to its answer, unsorted.
	Latencies []time.Duration
}

// Part is the first records of a batch.
type Part struct{ Batch, Records int }

// Records is how many records were acknowledged.
func (r *Result) Records(batches []Batch) (n int64) {
	for i, calls := range r.Acked {
		n += calls * int64(batches[i].Records)
	}
	for part, calls := range r.Partly {
		n += calls * int64(part.Records)
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
			results[i] = newResult(len(o.Batches))
			if err := r.send(ctx, address.Host, &results[i]); err != nil {
				fail(err)
			}
		})
	}
	wait.Wait()
	total := newResult(len(o.Batches))
	total.Elapsed = time.Since(r.begun)
	for i := range results {
		total.add(&results[i])
	}
	if err := context.Cause(ctx); err != nil && !errors.Is(err, errOver) {
		return &total, err
	}
	return &total, nil
}

// Plus is two runs of the same batches as one.
func (r *Result) Plus(other *Result) *Result {
	sum := newResult(len(r.Acked))
	sum.Elapsed = r.Elapsed + other.Elapsed
	sum.add(r)
	sum.add(other)
	return &sum
}

// add adds all but the time.
func (r *Result) add(part *Result) {
	for i := range part.Acked {
		r.Acked[i] += part.Acked[i]
		r.Unknown[i] += part.Unknown[i]
	}
	for cut, calls := range part.Partly {
		r.Partly[cut] += calls
	}
	r.Refused += part.Refused
	r.Latencies = append(r.Latencies, part.Latencies...)
}

func newResult(batches int) Result {
	return Result{Acked: make([]int64, batches), Unknown: make([]int64, batches), Partly: map[Part]int64{}}
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
		failed, sent, err := c.put(r.Signer, &r.Batches[batch])
		if failed > 0 && !r.Overload {
			return fmt.Errorf("%d records of a batch were not taken", failed)
		}
		switch {
		case err == nil && failed > 0:
			result.Refused += int64(failed)
			if taken := r.Batches[batch].Records - failed; taken > 0 {
				result.Partly[Part{batch, taken}]++
			}
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
