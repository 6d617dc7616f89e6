package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// maxSealed bounds the batches that are finished behind one that is not.
const maxSealed = 1024

// Pipeline delivers one stream.
type Pipeline struct {
	opts    Options
	log     *slog.Logger
	breaker *breaker
	calls   chan struct{} // a place for each Deliver that may run
	working sync.WaitGroup

	finishing sync.Mutex // orders the commits of finished batches

	// of Run's goroutine
	reader journal.Reader
	buffer buffer

	mu       sync.Mutex
	flushTo  record.Sequence      // a buffer with records before it is due
	wake     context.CancelFunc   // ends the wait of Run's goroutine
	moved    chan struct{}        // closed and replaced when the cursor moves
	flights  []*flight            // sealed and not behind the cursor, in order
	running  int                  // of them, those under way
	held     int                  // of the budget, by those under way
	failure  string               // the last one, as news are told apart
	lastErr  error                // the same
	told     map[string]time.Time // when each code of refusals was news
	spare    [][]record.Record    // of finished batches
	progress State                // Starting, Stopped, Failed or empty
	status   Status
}

// New returns a pipeline that Run starts.
func New(opts Options) *Pipeline {
	opts.Parallel = max(opts.Parallel, 1)
	if opts.BudgetBytes == 0 {
		opts.BudgetBytes = DefaultBudgetBytes
	}
	if opts.MaxPartitions == 0 {
		opts.MaxPartitions = DefaultMaxPartitions
	}
	return &Pipeline{
		opts: opts, log: opts.Logger.With("delivery_stream", opts.Name, "cursor", opts.Cursor),
		breaker: newBreaker(opts.jitter), calls: make(chan struct{}, opts.Parallel),
		moved: make(chan struct{}), told: map[string]time.Time{}, progress: Starting,
	}
}

// Reconfigure changes the configuration of a pipeline, also while it runs:
// Config, Destination, Processor, Errors, the timeouts, DropAfter, Diagnose and
// Target of opts hold for every buffer that is not sealed yet, the one that is
// filling included.
//
// What is sealed keeps its version and key, also across a restart. It goes to
// the new destination at its next attempt, which comes at once if attempts have
// failed: a change of a configuration is how a person ends an outage. What the
// old processor has already made of it is kept until a restart.
func (p *Pipeline) Reconfigure(opts Options) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := &p.opts
	o.Config, o.Destination, o.Processor, o.Errors = opts.Config, opts.Destination, opts.Processor, opts.Errors
	o.AttemptTimeout, o.ErrorTimeout = opts.AttemptTimeout, opts.ErrorTimeout
	o.DropAfter, o.Diagnose, o.Target = opts.DropAfter, opts.Diagnose, opts.Target
	for _, f := range p.flights {
		if f.failing {
			f.hurry()
			f.interrupt(errReconfigured)
		}
	}
	p.nudge()
}

// options are those of this moment.
func (p *Pipeline) options() Options {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.opts
}

// Run delivers until ctx ends, which is not an error. A damaged stream ends it
// with the *journal.Damage. Run is called once.
func (p *Pipeline) Run(ctx context.Context) error {
	err := p.run(ctx)
	if ctx.Err() != nil || errors.Is(err, journal.ErrClosed) {
		p.ended(Stopped)
		return nil
	}
	p.stopped(err)
	p.log.Error("delivery stopped", "error", err)
	return err
}

// run ends with the first error, of this goroutine or of a batch under way, once
// nothing is under way any more.
func (p *Pipeline) run(ctx context.Context) error {
	ctx, end := context.WithCancelCause(ctx)
	end(p.feed(ctx, end))
	p.working.Wait()
	return context.Cause(ctx)
}

// feed seals buffers and starts their deliveries.
func (p *Pipeline) feed(ctx context.Context, end context.CancelCauseFunc) error {
	next, err := p.resume(ctx, end)
	if err != nil {
		return err
	}
	p.reader = p.opts.Journal.Read(p.opts.Stream, next)
	defer p.reader.Close()
	p.buffer.next = next
	for {
		p.buffer.fill(p.options().Config.BufferBytes)
		var err error
		switch do, wait, done := p.decide(ctx); do {
		case toSeal:
			err = p.launchBuffer(ctx, end)
		case toRead:
			err = p.read(ctx, wait)
			done()
		case toWait:
			<-wait.Done()
			done()
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

// resume starts the batches that were sealed when the process ended, and
// returns where to go on.
func (p *Pipeline) resume(ctx context.Context, end context.CancelCauseFunc) (record.Sequence, error) {
	next, known, err := journal.Cursor(p.opts.Journal, p.opts.Stream, p.opts.Cursor)
	if err != nil {
		return 0, err
	}
	if !known {
		next = 1
	}
	next = p.after(next)
	left, err := p.unfinished(next)
	if err != nil {
		return 0, err
	}
	p.resumed(next, left)
	for _, f := range p.flights { // nobody else changes it before one is launched
		if f.Next > next {
			next = f.Next
		}
	}
	for _, f := range p.pending() {
		if err := p.admit(ctx, f.Bytes); err != nil {
			return 0, err
		}
		records, err := p.load(ctx, f.sealed)
		if err != nil {
			return 0, err
		}
		p.log.Info("delivery of a sealed batch resumed", "batch", f.ID, "key", f.Key, "records", len(records))
		p.launch(ctx, end, f, records)
	}
	return next, nil
}

// read waits for a frame as long as wait lasts.
func (p *Pipeline) read(ctx, wait context.Context) error {
	f, err := p.reader.Next(wait)
	switch {
	case err == nil:
		p.buffer.frame = f
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case wait.Err() != nil:
		return nil
	}
	return fmt.Errorf("read delivery stream %q: %w", p.opts.Name, err)
}

// launchBuffer seals the buffer and starts its delivery.
func (p *Pipeline) launchBuffer(ctx context.Context, end context.CancelCauseFunc) error {
	bytes, next := p.buffer.bytes, p.buffer.next
	records := p.buffer.take(p.takeSpare())
	f := newFlight(p.seal(records, next, bytes))
	var b journal.Batch
	if err := f.save(&b); err != nil {
		return err
	}
	var err error
	// Begun here and waited for by the flight: the journal makes commits durable
	// in the order of their Begin, so no batch is sealed before an earlier one.
	if f.commit, err = p.opts.Journal.Begin(&b); err != nil {
		return fmt.Errorf("seal batch: %w", err)
	}
	p.mu.Lock()
	p.flights = append(p.flights, f)
	p.mu.Unlock()
	p.launch(ctx, end, f, records)
	return nil
}

func (p *Pipeline) launch(ctx context.Context, end context.CancelCauseFunc, f *flight, records []record.Record) {
	p.launched(f, records)
	p.working.Go(func() {
		if err := p.fly(ctx, f); err != nil && ctx.Err() == nil {
			end(err)
		}
	})
}

// Flush seals and delivers everything that is durable now, without waiting for
// size or interval, or for the time between two attempts. It returns once that
// is delivered or ctx ends; the request stands in both cases.
func (p *Pipeline) Flush(ctx context.Context) error {
	p.mu.Lock()
	target := p.opts.Journal.Extent(p.opts.Stream).Next
	p.flushTo = max(p.flushTo, target)
	for _, f := range p.flights {
		f.hurry()
	}
	p.nudge()
	p.mu.Unlock()
	for {
		p.mu.Lock()
		done, progress, moved := p.status.Delivered+1 >= target, p.progress, p.moved
		p.mu.Unlock()
		if done {
			return nil
		}
		if progress == Failed || progress == Stopped {
			return fmt.Errorf("flush delivery stream %q: its delivery has ended", p.opts.Name)
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("flush delivery stream %q: %w", p.opts.Name, ctx.Err())
		}
	}
}
