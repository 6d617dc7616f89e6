package application

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// outputCursor is how far an output's function has taken its stream.
const outputCursor = "delivery"

// functionOutput delivers the rows of an in-application stream to a function.
// A step appends them to a stream of the output's own, so that a function that
// is slow or gone holds nothing else back, and from there they are delivered
// until the function has answered Ok for each:
//
//	step ─▶ private stream ─▶ event: a window's rows at once, or a second's ─▶ function
//	              ▲  └─ cursor moves over what was answered                       │ Ok │ DeliveryFailed
//	              └──────────────── appended again, in the same commit ◀──────────┴────┘
//
// A record keeps its id however often it is sent. What was delivered, but not
// yet noted when the process ended, is delivered again.
type functionOutput struct {
	a       *Application
	output  Output
	id      record.StreamID
	invoker *invoker

	frames  chan *record.Frame
	feedErr error         // valid when frames is closed
	rest    *record.Frame // begun
	next    record.Sequence
	limit   int       // records of the next invocation
	streak  int       // failures since the function took something
	due     time.Time // of the next invocation

	mu       sync.Mutex
	taken    record.Sequence // everything before it was taken, durably
	counters DeliveryStatus
}

// DeliveryStatus counts what an output's function took since the start, by the
// names of CloudWatch's metrics.
type DeliveryStatus struct {
	Invocations, Successes           int64
	Duration                         time.Duration // of all invocations
	OkRecords, DeliveryFailedRecords int64
}

func newFunctionOutput(a *Application, o Output, id record.StreamID) (*functionOutput, error) {
	next, ok, err := journal.Cursor(a.opts.Journal, id, outputCursor)
	if err != nil {
		return nil, err
	}
	if !ok {
		next = 1
	}
	next = a.opts.Journal.After(id, next)
	return &functionOutput{
		a: a, output: o, id: id, next: next, taken: next, limit: maxDeliveryRecords,
		invoker: &invoker{a: a, function: Function{o.ARN, o.RoleARN}, what: "output " + o.Stream + " " + o.ARN},
		frames:  make(chan *record.Frame, 2),
	}, nil
}

// run delivers until ctx ends. Errors are the journal's.
func (o *functionOutput) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reader := o.a.opts.Journal.Read(o.id, o.next)
	var work sync.WaitGroup
	work.Go(func() { feed(ctx, reader, o.frames, &o.feedErr) })
	defer work.Wait()
	defer cancel()
	for {
		batch, err := o.gather(ctx)
		if err != nil {
			return err
		}
		if err := o.deliver(ctx, batch); err != nil {
			return err
		}
	}
}

// deliver invokes the function until every record of the batch was taken or
// appended anew. When the function failed, it is sent less at a time: it may be
// too much at once, or a record that it cannot take hides among others.
func (o *functionOutput) deliver(ctx context.Context, batch []delivered) error {
	for len(batch) > 0 {
		part := batch[:min(len(batch), o.limit)]
		failed, err := o.attempt(ctx, part)
		if err != nil && len(part) == 1 && threw(err) {
			failed = part // the others get their turn
			failed[0].alone = true
		} else if err != nil {
			again(part)
			o.limit = max(len(part)/2, 1)
			o.streak++
			if err := o.invoker.pause(ctx, err, o.streak); err != nil {
				return err
			}
			continue
		}
		again(failed)
		if err := o.commit(ctx, failed, part[len(part)-1].next); err != nil {
			return err
		}
		batch = batch[len(part):]
		if err := o.settle(ctx, len(part), len(failed), err); err != nil {
			return err
		}
	}
	return nil
}

// again counts a failure of each record.
func again(records []delivered) {
	for i := range records {
		records[i].tries++
	}
}

// threw tells a function that ran and failed from one that was not reached.
func threw(err error) bool {
	var f *record.Failure
	return errors.As(err, &f) && strings.HasPrefix(f.Code, "Lambda.Function")
}

// settle lets the next invocation be larger after one that was answered, and
// waits after one that took nothing, longer each time.
func (o *functionOutput) settle(ctx context.Context, records, failed int, err error) error {
	if failed < records {
		o.streak = 0
	}
	if err == nil {
		o.limit = min(2*o.limit, maxDeliveryRecords)
	}
	if failed == 0 {
		o.invoker.succeeded()
		return nil
	}
	if err == nil {
		err = fmt.Errorf("it answered %s for %d of %d records", resultDeliveryFailed, failed, records)
	}
	o.streak++
	return o.invoker.pause(ctx, err, o.streak)
}

// attempt is one invocation. It returns the records for which the function did
// not answer Ok.
func (o *functionOutput) attempt(ctx context.Context, batch []delivered) (failed []delivered, err error) {
	e := &event{ApplicationARN: o.a.plan.ARN, Records: make([]eventRecord, len(batch))}
	for i, d := range batch {
		e.Records[i] = eventRecord{RecordID: record.SequenceNumber(o.id, d.id), Delivery: &deliveryMetadata{d.tries}, Data: d.data}
	}
	began := o.a.opts.Now()
	o.due = began.Add(o.a.opts.FunctionInterval)
	text, err := o.invoker.invoke(ctx, e.encode())
	if err == nil {
		failed, err = o.failures(text, batch)
	}
	o.count(o.a.opts.Now().Sub(began), len(batch), len(failed), err)
	return failed, err
}

// failures are the records for which there is no Ok in the answer.
func (o *functionOutput) failures(text []byte, batch []delivered) (failed []delivered, err error) {
	a, err := parseAnswer(text)
	if err != nil {
		return nil, err
	}
	ok := make(map[string]bool, len(a.Records))
	for _, r := range a.Records {
		ok[r.RecordID] = r.Result == resultOk
	}
	for _, d := range batch {
		if !ok[record.SequenceNumber(o.id, d.id)] {
			failed = append(failed, d)
		}
	}
	return failed, nil
}

// commit notes that everything before next was taken, but for the failed ones,
// which are appended again.
func (o *functionOutput) commit(ctx context.Context, failed []delivered, next record.Sequence) error {
	b := &journal.Batch{MakesRoom: true}
	if len(failed) > 0 {
		var out record.Builder
		for i := range failed {
			failed[i].append(&out)
		}
		if err := appendFrames(b, o.id, &out); err != nil {
			return err
		}
	}
	b.SetCursor(o.id, outputCursor, next)
	if _, err := o.a.put(ctx, o.invoker.what, b); err != nil {
		return err
	}
	o.mu.Lock()
	o.taken = next
	o.mu.Unlock()
	if err := o.a.opts.Journal.Trim(o.id, next); err != nil && !errors.Is(err, journal.ErrDropped) {
		return err
	}
	return nil
}

func (o *functionOutput) count(took time.Duration, records, failed int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	c := &o.counters
	c.Invocations++
	c.Duration += took
	if err != nil {
		c.DeliveryFailedRecords += int64(records)
		return
	}
	c.Successes++
	c.DeliveryFailedRecords += int64(failed)
	c.OkRecords += int64(records - failed)
}

// backlog is how many bytes the function has yet to take.
func (o *functionOutput) backlog() int64 {
	o.mu.Lock()
	taken := o.taken
	o.mu.Unlock()
	e := o.a.opts.Journal.Extent(o.id)
	if taken >= e.Next {
		return 0 // a journal keeps the newest frame
	}
	return e.Bytes
}

func (o *functionOutput) status() DeliveryStatus {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.counters
}
