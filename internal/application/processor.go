package application

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// Bounds on what pre-processing holds.
const (
	maxProcessingBytes   = 1 << 20 // of records in an invocation; one larger goes alone
	maxProcessingRecords = 1000    // in an invocation
	maxInvocations       = 4       // at once
	maxUnreadBytes       = 32 << 20
)

// processor gives the input's records to the pre-processing function and keeps
// its answers in the processed stream, which the engine reads in the input's
// place: a function may answer otherwise when it is asked again, but a replay
// reads what it answered first.
//
//	input ─ frames ─▶ batches ═ invocations, several at once ═▶ answers, in order ─▶ processed stream ─▶ engine
//	  ▲                                                                 │
//	  └──────────────── cursor, in the answers' commit ─────────────────┘
//
// An invocation that fails is made again for ever: the input waits, and
// MillisBehindLatest says so.
type processor struct {
	a        *Application
	function Function
	invoker  *invoker
	stream   record.StreamID // processed

	// Of start's goroutine alone:
	reader journal.Reader
	rest   *record.Frame   // begun
	next   record.Sequence // to process

	mu       sync.Mutex
	done     processedPosition
	unread   []unreadBatch // that the engine may still have to read
	oldest   int64         // about when the oldest record arrived that is being processed; 0 if none is
	records  int64         // of the input, committed
	bytes    int64
	counters ProcessingStatus
}

// processedPosition: everything before input was processed when the processed
// stream went up to stream.
type processedPosition struct{ input, stream record.Sequence }

// unreadBatch is what a commit added to the processed stream.
type unreadBatch struct {
	next  record.Sequence // after it
	bytes int
}

// ProcessingStatus counts what the pre-processing function did since the start,
// by the names of CloudWatch's metrics.
type ProcessingStatus struct {
	Invocations, Successes                  int64
	Duration                                time.Duration // of all invocations
	OkRecords, OkBytes                      int64
	DroppedRecords, ProcessingFailedRecords int64
}

func newProcessor(a *Application) (*processor, error) {
	p := &processor{
		a: a, function: *a.plan.Input.Processor, stream: a.source,
	}
	p.invoker = &invoker{a: a, function: p.function, what: "processor"}
	next, ok, err := journal.Cursor(a.opts.Journal, a.input, cursorName(a.plan.Name))
	if err != nil {
		return nil, err
	}
	extent := a.opts.Journal.Extent(a.input)
	if !ok {
		a.log.Warn("the input stream was created anew; the application goes on with its first record")
		next = extent.First
	}
	next = a.opts.Journal.After(a.input, max(next, 1))
	p.next = next
	p.done = processedPosition{next, max(a.opts.Journal.Extent(a.source).Next, 1)}
	return p, nil
}

// run processes the input until ctx ends. Errors are the journal's.
func (p *processor) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p.reader = p.a.opts.Journal.Read(p.a.input, p.next)
	defer p.reader.Close()
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel()
	slots, started := make(chan struct{}, maxInvocations), make(chan *processing, maxInvocations)
	work.Go(func() { p.start(ctx, &work, slots, started) })
	for {
		var b *processing
		select {
		case b = <-started:
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case <-b.over:
		case <-ctx.Done():
			return ctx.Err()
		}
		if b.err != nil {
			return b.err
		}
		if err := p.commit(ctx, b); err != nil {
			return err
		}
		<-slots
	}
}

// start gathers batches and invokes the function for each, until ctx ends or the
// input cannot be read, which the last batch says. A slot is taken for a batch
// until it is committed.
func (p *processor) start(ctx context.Context, work *sync.WaitGroup, slots chan struct{}, started chan<- *processing) {
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		b := &processing{over: make(chan struct{})}
		if b.err = p.gather(ctx, b); b.err != nil {
			close(b.over)
			started <- b
			return
		}
		p.began(b)
		work.Go(func() {
			defer close(b.over)
			b.answers, b.err = p.answer(ctx, b.records)
		})
		started <- b // has room for as many as there are slots
	}
}

// processing is a batch of input records on its way through the function.
type processing struct {
	records []record.Record
	bytes   int
	answers []processingAnswer // one for each record
	over    chan struct{}      // closed when answers or err is there
	err     error
}

// next is the input's sequence after the batch, and arrival that of its last
// record.
func (b *processing) next() (next record.Sequence, arrival int64) {
	last := b.records[len(b.records)-1]
	return last.Sequence + 1, last.Arrival
}

// gather waits for records, and takes as many as are there and fit.
func (p *processor) gather(ctx context.Context, b *processing) error {
	for {
		for p.rest != nil {
			if p.take(b); p.rest != nil {
				return nil // full
			}
		}
		if len(b.records) > 0 && p.a.opts.Journal.Extent(p.a.input).Next <= p.next {
			return nil
		}
		f, err := p.reader.Next(ctx)
		if err != nil {
			return fmt.Errorf("read %s: %w", p.a.plan.Input.ARN, err)
		}
		if f.First > p.next {
			p.a.givenUp(p.a.input, p.next, f.First)
		}
		p.rest = f
	}
}

// take adds the records of the frame that is begun, as far as they fit.
func (p *processor) take(b *processing) {
	for r := range p.rest.All(p.next) {
		if n := len(b.records); n == maxProcessingRecords || n > 0 && b.bytes+len(r.Data) > maxProcessingBytes {
			return
		}
		b.records = append(b.records, r)
		b.bytes += len(r.Data)
		p.next = r.Sequence + 1
	}
	p.next = max(p.next, p.rest.Next())
	p.rest = nil
}

// answer asks the function until it answers for all the records. A batch that
// fails again and again is asked for in halves: it may be too much at once.
func (p *processor) answer(ctx context.Context, records []record.Record) ([]processingAnswer, error) {
	for attempt := 1; ; attempt++ {
		answers, err := p.attempt(ctx, records)
		if err == nil {
			p.invoker.succeeded()
			return answers, nil
		}
		if err := p.invoker.pause(ctx, err, attempt); err != nil {
			return nil, err
		}
		if half := len(records) / 2; half > 0 && attempt == 2 {
			first, err := p.answer(ctx, records[:half])
			if err != nil {
				return nil, err
			}
			second, err := p.answer(ctx, records[half:])
			return append(first, second...), err
		}
	}
}

func (p *processor) attempt(ctx context.Context, records []record.Record) ([]processingAnswer, error) {
	event := processingEvent(p.a.plan, p.a.input, records)
	began := p.a.opts.Now()
	text, err := p.invoker.invoke(ctx, event)
	var answers []processingAnswer
	if err == nil {
		answers, err = parseProcessingAnswer(text, p.a.input, records)
	}
	p.count(p.a.opts.Now().Sub(began), answers, err)
	return answers, err
}

func (p *processor) count(took time.Duration, answers []processingAnswer, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := &p.counters
	c.Invocations++
	c.Duration += took
	if err != nil {
		return
	}
	c.Successes++
	for _, a := range answers {
		switch a.result {
		case resultOk:
			c.OkRecords++
			c.OkBytes += int64(len(a.data))
		case resultDropped:
			c.DroppedRecords++
		case resultProcessingFailed:
			c.ProcessingFailedRecords++
		}
	}
}

// commit makes a batch's answers durable, and with them how far the input was
// processed.
func (p *processor) commit(ctx context.Context, b *processing) error {
	var out record.Builder
	for i, answer := range b.answers {
		r := processedRecord{processedOk, b.records[i].Arrival, b.records[i].Sequence}
		switch answer.result {
		case resultOk:
			r.append(&out, answer.data)
		case resultProcessingFailed:
			r.kind = processedFailed
			r.append(&out, b.records[i].Data)
		}
	}
	next, arrival := b.next()
	processedRecord{processedMark, arrival, next}.append(&out, nil)
	bytes := out.Bytes()
	if err := p.room(ctx); err != nil {
		return err
	}
	batch := &journal.Batch{MakesRoom: true}
	if err := appendFrames(batch, p.stream, &out); err != nil {
		return err
	}
	batch.SetCursor(p.a.input, cursorName(p.a.plan.Name), next)
	frames, err := p.a.put(ctx, "processed", batch)
	if err != nil {
		return err
	}
	p.committed(b, frames[len(frames)-1].Next(), bytes)
	return nil
}

// room waits until the engine has read most of what was processed.
func (p *processor) room(ctx context.Context) error {
	for p.unreadBytes() > maxUnreadBytes {
		select {
		case <-time.After(p.a.opts.IdleInterval):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (p *processor) unreadBytes() (n int) {
	p.a.mu.Lock()
	read := p.a.progress.next
	p.a.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.unread) > 0 && p.unread[0].next <= read {
		p.unread = p.unread[1:]
	}
	for _, b := range p.unread {
		n += b.bytes
	}
	return n
}

func (p *processor) began(b *processing) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.oldest == 0 {
		p.oldest = b.records[0].Arrival
	}
}

func (p *processor) committed(b *processing, stream record.Sequence, bytes int) {
	next, arrival := b.next()
	idle := next >= p.a.opts.Journal.Extent(p.a.input).Next
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = processedPosition{next, stream}
	p.unread = append(p.unread, unreadBatch{stream, bytes})
	p.records += int64(len(b.records))
	p.bytes += int64(b.bytes)
	if p.oldest = arrival; idle {
		p.oldest = 0
	}
}

func (p *processor) position() processedPosition {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done
}

// status adds what it counted, and returns when about the oldest record arrived
// that is being processed.
func (p *processor) status(s *Status) (oldest int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.counters
	s.Processing, s.Records, s.Bytes = &c, p.records, p.bytes
	return p.oldest
}

// readFrame reads the frame that holds a durable record.
func readFrame(j journal.Journal, id record.StreamID, sequence record.Sequence) (*record.Frame, error) {
	r := j.Read(id, sequence)
	defer r.Close()
	return r.Next(context.Background())
}
