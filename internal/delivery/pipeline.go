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

// Pipeline delivers one stream.
type Pipeline struct {
	opts   Options
	log    *slog.Logger
	reader journal.Reader
	buffer buffer

	retryNow chan struct{} // a flush does not wait for the next attempt

	mu      sync.Mutex
	flushTo record.Sequence    // a buffer with records before it is due
	wake    context.CancelFunc // ends the wait for a frame; nil while not waiting
	moved   chan struct{}      // closed and replaced when the cursor moves
	status  Status
}

// New returns a pipeline that Run starts.
func New(opts Options) *Pipeline {
	log := opts.Logger.With("delivery_stream", opts.Name, "cursor", opts.Cursor)
	return &Pipeline{opts: opts, log: log, retryNow: make(chan struct{}, 1), moved: make(chan struct{}), status: Status{State: Starting}}
}

// Reconfigure changes the configuration of a pipeline, also while it runs:
// Config, Destination, Processor, Errors, DropAfter, Diagnose and Target of opts
// hold for every buffer that is not sealed yet, the one that is filling included.
// What is sealed keeps its version and key and goes to the new destination at
// its next attempt.
func (p *Pipeline) Reconfigure(opts Options) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := &p.opts
	o.Config, o.Destination, o.Processor, o.Errors = opts.Config, opts.Destination, opts.Processor, opts.Errors
	o.DropAfter, o.Diagnose, o.Target = opts.DropAfter, opts.Diagnose, opts.Target
	if p.wake != nil {
		p.wake()
	}
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
		p.setState(Stopped)
		return nil
	}
	p.stopped(err)
	p.log.Error("delivery stopped", "error", err)
	return err
}

func (p *Pipeline) run(ctx context.Context) error {
	next, err := p.resume(ctx)
	if err != nil {
		return err
	}
	p.reader = p.opts.Journal.Read(p.opts.Stream, next)
	defer p.reader.Close()
	p.buffer.next = next
	for {
		if err := p.fill(ctx); err != nil {
			return err
		}
		s, err := p.seal()
		if err != nil {
			return err
		}
		if err := p.deliver(ctx, s, p.batch(s, p.buffer.records)); err != nil {
			return err
		}
		p.buffer.reset()
		p.buffered()
	}
}

// fill reads frames until the buffer is to be sealed.
func (p *Pipeline) fill(ctx context.Context) error {
	for !p.buffer.fill(p.options().Config.BufferBytes) {
		p.buffered()
		f, err := p.next(ctx)
		if err != nil {
			return err
		}
		if f == nil {
			return nil // due
		}
		p.buffer.take(f, p.options().Config.Interval)
	}
	p.buffered()
	return nil
}

// next waits for a frame; nil means that the buffer is to be sealed before one
// came.
func (p *Pipeline) next(ctx context.Context) (*record.Frame, error) {
	for {
		wait, until, due := p.wait(ctx)
		if due && p.buffer.next >= until {
			return nil, nil
		}
		f, err := p.reader.Next(wait.Context)
		ended := wait.Err() != nil
		wait.cancel()
		switch {
		case err == nil:
			return f, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case !ended:
			return nil, fmt.Errorf("read delivery stream %q: %w", p.opts.Name, err)
		}
	}
}

// waiting is the context of a wait for one frame.
type waiting struct {
	context.Context
	cancel context.CancelFunc
}

// wait answers whether the buffer is due. If it is, everything before until is
// already there and belongs into it: a pipeline that lags goes on filling an
// overdue buffer, so that catching up makes large objects. If it is not, the
// context ends when it will be or when Flush asks for it.
func (p *Pipeline) wait(ctx context.Context) (w waiting, until record.Sequence, due bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(p.buffer.records) == 0:
		w.Context, w.cancel = context.WithCancel(ctx)
		p.wake = w.cancel
		return w, 0, false
	case p.buffer.first() < p.flushTo:
		return waiting{ctx, func() {}}, p.flushTo, true
	case !time.Now().Before(p.buffer.due):
		return waiting{ctx, func() {}}, p.opts.Journal.Extent(p.opts.Stream).Next, true
	}
	w.Context, w.cancel = context.WithDeadline(ctx, p.buffer.due)
	p.wake = w.cancel
	return w, 0, false
}

// Flush seals and delivers everything that is durable now, without waiting for
// size or interval, or for the time between two attempts. It returns once that is delivered or ctx ends; the request
// stands in both cases.
func (p *Pipeline) Flush(ctx context.Context) error {
	p.mu.Lock()
	target := p.opts.Journal.Extent(p.opts.Stream).Next
	p.flushTo = max(p.flushTo, target)
	if p.wake != nil {
		p.wake()
	}
	p.mu.Unlock()
	select {
	case p.retryNow <- struct{}{}:
	default:
	}
	for {
		p.mu.Lock()
		done, state, moved := p.status.Delivered+1 >= target, p.status.State, p.moved
		p.mu.Unlock()
		if done {
			return nil
		}
		if state == Failed || state == Stopped {
			return fmt.Errorf("flush delivery stream %q: its delivery has ended", p.opts.Name)
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("flush delivery stream %q: %w", p.opts.Name, ctx.Err())
		}
	}
}
