package application

import (
	"context"
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
	next, _, err := journal.Cursor(a.opts.Journal, a.input, cursorName(a.plan.Name))
	if err != nil {
		return nil, err
	}
	next = a.opts.Journal.After(a.input, next)
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
		for part := range b.parts {
			if err := p.commit(ctx, part); err != nil {
				return err
			}
		}
		if b.err != nil {
			return b.err
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
		b := &processing{parts: make(chan *processedPart)}
		if b.err = p.gather(ctx, b); b.err != nil {
			close(b.parts)
			started <- b
			return
		}
		p.began(b)
		work.Go(func() {
			defer close(b.parts)
			b.err = p.answer(ctx, b.records, b.parts)
		})
		started <- b // has room for as many as there are slots
	}
}

// answer asks the function until it answers for all the records. Records for
// which it fails again and again are asked for in halves: they may be too many
// at once. No more answers are held than one, until it is taken from parts.
func (p *processor) answer(ctx context.Context, records []record.Record, parts chan<- *processedPart) error {
	for attempt := 1; ; attempt++ {
		answers, err := p.attempt(ctx, records)
		if err == nil {
			p.invoker.succeeded()
			select {
			case parts <- &processedPart{records, answers}:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err := p.invoker.pause(ctx, err, attempt); err != nil {
			return err
		}
		if half := len(records) / 2; half > 0 && attempt == 2 {
			if err := p.answer(ctx, records[:half], parts); err != nil {
				return err
			}
			return p.answer(ctx, records[half:], parts)
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

// status adds what it counted, and returns when about the oldest record arrived
// that is being processed.
func (p *processor) status(s *Status) (oldest int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.counters
	s.Processing, s.Records, s.Bytes = &c, p.records, p.bytes
	return p.oldest
}
