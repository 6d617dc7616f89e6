package processing

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// Lambda is the processor of that name.
type Lambda struct {
	ARN     string
	RoleARN string
	// Retries of an invocation that failed: NumberOfRetries.
	Retries int
	// BufferBytes of records go into an invocation, before they are encoded; 0
	// is 1 MiB. A larger record goes alone.
	BufferBytes int
	// BufferInterval is kept: records come out of a buffer that has waited
	// already, so that a second wait would only delay them.
	BufferInterval time.Duration
}

const (
	defaultBufferBytes = 1 << 20
	maxInvocations     = 5       // at once
	maxEventBytes      = 6 << 20 // of Lambda

	firstBackoff = time.Second
	lastBackoff  = 30 * time.Second
)

// function is the stage that invokes a Lambda function.
//
// An invocation that fails (the function threw, ran out of time, was not
// reached, must not be called) is made again Retries times; then its records are
// refused with the last failure's code. An answer, once there, is final: a
// record that it does not speak of or speaks wrongly of is refused, and an
// answer that breaks the contract as a whole refuses all.
type function struct {
	Lambda
	streamARN, region string
	functions         Invoker
	authorize         func(ctx context.Context, role, action, resource string) error
	log               *slog.Logger
}

func newFunction(opts Options) (*function, error) {
	switch l := opts.Lambda; {
	case opts.Functions == nil:
		return nil, errors.New("the processor Lambda is refused: there is no way to call functions here")
	case l.ARN == "":
		return nil, errors.New("the processor Lambda needs a LambdaArn")
	case l.Retries < 0:
		return nil, fmt.Errorf("NumberOfRetries %d: must not be negative", l.Retries)
	}
	f := &function{Lambda: *opts.Lambda, streamARN: opts.StreamARN, region: opts.Region,
		functions: opts.Functions, authorize: opts.Authorize, log: opts.Logger.With("delivery_stream_arn", opts.StreamARN)}
	if f.BufferBytes <= 0 {
		f.BufferBytes = defaultBufferBytes
	}
	return f, nil
}

// reply is what became of one invocation's records.
type reply struct {
	answer   answer
	err      error // a *record.Failure or *failure: all records are refused
	attempts int
	at       int64 // end of the last attempt, ms since the epoch
}

// run invokes the function for a few parts of the batch at a time. Records keep
// their order.
func (f *function) run(ctx context.Context, b *destination.Batch, items []item, out *destination.Processed) ([]item, error) {
	if len(items) == 0 {
		return items, nil
	}
	ids := newRecordIDs(b.Stream)
	chunks := f.chunks(items)
	replies := make([]reply, len(chunks))
	slots := make(chan struct{}, maxInvocations)
	attempts := oneAtATime(destination.AttemptsOf(ctx))
	var under sync.WaitGroup
	var broken atomic.Pointer[any]
	for i, chunk := range chunks {
		slots <- struct{}{}
		under.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					broken.CompareAndSwap(nil, &v)
				}
				<-slots
			}()
			if ctx.Err() == nil {
				replies[i] = f.invoke(ctx, ids, chunk, attempts)
			}
		})
	}
	under.Wait()
	if v := broken.Load(); v != nil {
		panic(*v) // where whoever called can contain it
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f.warn(b, chunks, replies)
	kept := items[:0]
	for i, chunk := range chunks {
		kept = f.apply(kept, ids, chunk, &replies[i], out)
	}
	return kept, nil
}

// warn logs, once a batch, that the function failed for good or broke the
// contract.
func (f *function) warn(b *destination.Batch, chunks [][]item, replies []reply) {
	records, invocations, first := 0, 0, error(nil)
	for i, r := range replies {
		if r.err != nil {
			records, invocations, first = records+len(chunks[i]), invocations+1, cmp.Or(first, r.err)
		}
	}
	if records > 0 {
		f.log.Warn("function failed, and its records go to the error output", "function_arn", f.ARN, "batch", b.ID,
			"records", records, "invocations", invocations, "error", first)
	}
}

// oneAtATime lets several invocations tell of failed attempts.
func oneAtATime(a destination.Attempts) destination.Attempts {
	var mu sync.Mutex
	failed := a.Failed
	a.Failed = func(err error) {
		mu.Lock()
		defer mu.Unlock()
		failed(err)
	}
	return a
}

// chunks parts the items so that each is within the buffer and its event within
// Lambda's limit, or is one item.
func (f *function) chunks(items []item) [][]item {
	var chunks [][]item
	start, data, event := 0, 0, 0
	for i := range items {
		n := len(items[i].Data)
		encoded := recordBytes(items[i].Data)
		if i > start && (data+n > f.BufferBytes || event+encoded > maxEventBytes) {
			chunks = append(chunks, items[start:i])
			start, data, event = i, 0, 0
		}
		if i == start {
			event = eventBytes(f.streamARN, f.region, nil)
		}
		data, event = data+n, event+encoded
	}
	return append(chunks, items[start:])
}

// invoke makes the attempts. When ctx ends, what it returns is of no use.
func (f *function) invoke(ctx context.Context, ids recordIDs, chunk []item, attempts destination.Attempts) reply {
	event := appendEvent(make([]byte, 0, eventBytes(f.streamARN, f.region, chunk)), f.streamARN, f.region, ids, chunk)
	backoff := firstBackoff
	for n := 1; ; n++ {
		stamp(event)
		text, err := f.attempt(ctx, event)
		r := reply{attempts: n, at: time.Now().UnixMilli()}
		if err == nil {
			r.answer, r.err = parseAnswer(text, len(chunk))
			return r
		}
		if ctx.Err() != nil {
			return r
		}
		if n > f.Retries {
			r.err = err
			return r
		}
		attempts.Failed(err)
		select {
		case <-time.After(destination.Jitter(backoff)):
		case <-attempts.Again:
		case <-ctx.Done():
			return r
		}
		backoff = min(2*backoff, lastBackoff)
		event = bytes.Clone(event) // whoever was called may still be reading
	}
}

// attempt is one invocation, allowed by the processor's role.
func (f *function) attempt(ctx context.Context, event []byte) ([]byte, error) {
	if f.authorize != nil {
		if err := f.authorize(ctx, f.RoleARN, "lambda:InvokeFunction", f.ARN); err != nil {
			return nil, &record.Failure{Kind: record.Permanent, Code: invokeAccessDenied, Message: "the role may not invoke the function", Cause: err}
		}
	}
	text, err := f.functions.Invoke(ctx, f.ARN, event)
	if err != nil {
		return nil, fmt.Errorf("invoke function: %w", err)
	}
	return text, nil
}

// apply gives each record what the reply says of it.
func (f *function) apply(kept []item, ids recordIDs, chunk []item, r *reply, out *destination.Processed) []item {
	var id []byte
	for i := range chunk {
		it := &chunk[i]
		id = ids.append(id[:0], it)
		said, answered := r.answer[string(id)]
		switch {
		case r.err != nil:
			f.refuse(it, r, codeOf(r.err), out)
		case !answered:
			f.refuse(it, r, failure{missingRecordID, "the function did not return the record's id"}, out)
		case said.status == "Dropped":
			out.Dropped++
		case said.status == "ProcessingFailed":
			f.refuse(it, r, failure{processingFailedSet, "ProcessingFailed status set for record"}, out)
		case said.data == nil:
			f.refuse(it, r, failure{functionError, "the function returned Ok for the record, and no data"}, out)
		default:
			it.Data, it.partition.Lambda = said.data, said.keys
			kept = append(kept, *it)
		}
	}
	return kept
}

func (f *function) refuse(it *item, r *reply, why failure, out *destination.Processed) {
	refusal := it.refusal(processingFailed, why)
	refusal.Attempts, refusal.AttemptedAt, refusal.LambdaARN = r.attempts, r.at, f.ARN
	out.Refusals = append(out.Refusals, refusal)
}

// codeOf is the code under which a whole batch is refused.
func codeOf(err error) failure {
	var of *failure
	if errors.As(err, &of) {
		return *of
	}
	var called *record.Failure
	if errors.As(err, &called) {
		text := called.Message
		if called.Cause != nil {
			text += ": " + public(called.Cause)
		}
		return failure{called.Code, text}
	}
	return failure{functionError, err.Error()}
}

// public leaves out what is for the log alone.
func public(err error) string {
	var told *awserr.Error
	if errors.As(err, &told) {
		return told.Message
	}
	return err.Error()
}
