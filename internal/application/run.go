package application

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
	"github.com/millrace/millrace/internal/sql/types"
)

// maxPendingBytes of results may wait for the commit under way; then the input
// waits too.
const maxPendingBytes = 4 << 20

// run is the application's goroutine.
func (a *Application) run(ctx context.Context, state *saved) {
	defer func() { // nothing of this run may reach the journal after done
		a.cancel()
		a.work.Wait()
		close(a.done)
	}()
	defer func() {
		if r := recover(); r != nil {
			a.log.Error("application panicked", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			a.end(fmt.Errorf("internal error: %v", r))
		}
	}()
	err := a.restore(state)
	if err == nil {
		a.startParts(ctx)
		if err = a.replay(state); err == nil {
			close(a.ready)
			err = a.live(ctx)
		}
	}
	if err = stoppedOr(ctx, err); !errors.Is(err, errStopped) {
		a.end(err)
	}
}

// errStopped ends the run as asked.
var errStopped = errors.New("stopped")

func (a *Application) end(err error) {
	if !errors.Is(err, journal.ErrClosed) {
		a.log.Error("application ended", "error", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.progress.err = err
}

// live turns frames and bounds into steps until the application is stopped.
func (a *Application) live(ctx context.Context) error {
	tick := time.NewTicker(a.opts.IdleInterval)
	defer tick.Stop()
	for {
		a.seal(ctx)
		a.takeSnapshot(ctx)
		a.publish()
		frames := a.frames
		if n, _ := a.sink.bytes(); n > maxPendingBytes {
			frames = nil
		}
		select {
		case f, ok := <-frames:
			if !ok {
				return a.ended()
			}
			a.consume(f)
		case <-tick.C:
			a.ask()
		case err := <-a.failed:
			return err
		case err := <-a.committed():
			if err != nil {
				return err
			}
			a.commit = nil
		case err := <-a.snapshot:
			if err != nil {
				return err
			}
			a.snapshotTaken()
		case <-a.stop:
			return a.finish(ctx)
		}
	}
}

// consume pushes a frame, and with it those that wait behind it while they
// are small.
func (a *Application) consume(f *record.Frame) {
	for {
		a.frame(f)
		if a.promise != nil && a.promise.Next <= a.next {
			break
		}
		if a.reader.pending() > batchRows {
			break
		}
		next, ok := a.waiting()
		if !ok {
			break
		}
		f = next
	}
	a.reader.flush()
	a.keepPromise()
}

func (a *Application) waiting() (*record.Frame, bool) {
	select {
	case f, ok := <-a.frames:
		return f, ok
	default:
		return nil, false
	}
}

// frame reads one frame's records; rows may stay in the reader's batch.
func (a *Application) frame(f *record.Frame) {
	if f.First > a.next {
		a.givenUp(a.source, a.next, f.First)
	}
	a.reader.read(f, a.next)
	a.next = max(a.next, f.Next())
	a.dirty = true
}

// givenUp reports records that are no longer there.
func (a *Application) givenUp(id record.StreamID, from, to record.Sequence) {
	if next := a.opts.Journal.After(id, from); to > next {
		a.log.Warn("records were given up before the application read them", "records", to-next, "from", next, "to", to)
	}
}

// push gives the reader's rows to the engine.
func (a *Application) push(in int, b *types.Batch) {
	a.inputs[in].observe(b)
	a.engine.Push(a.plan.inputs[in].Name, b)
}

// mark gives the engine a bound that is part of its input: no step has to
// remember it.
func (a *Application) mark(t int64) {
	if t -= a.opts.Allowance.Milliseconds(); t > a.applied {
		a.engine.Bound(t)
		a.applied = t
	}
}

// ask gets a promise from the journal, and keeps it at once when everything
// before it has been read. One that still waits is reached sooner than another.
func (a *Application) ask() {
	if a.promise != nil {
		return
	}
	if b, ok := a.promised(); ok {
		a.promise = &b
		a.keepPromise()
	}
}

// promised is what the journal says of the input. Where that is processed first,
// it holds once everything before it was processed.
func (a *Application) promised() (bound, bool) {
	done := processedPosition{}
	if a.processor != nil {
		done = a.processor.position()
	}
	t, next := a.opts.Journal.Bound(a.input)
	b := bound{Next: next, Time: t - a.opts.Allowance.Milliseconds()}
	if a.processor != nil {
		b.Next = done.stream
		return b, done.input >= next
	}
	return b, true
}

// keepPromise gives the engine the promise whose place has been reached. One
// that was passed is dropped: the rows behind it said as much.
func (a *Application) keepPromise() {
	if a.promise == nil || a.next < a.promise.Next {
		return
	}
	if a.next == a.promise.Next {
		a.apply(*a.promise)
	}
	a.promise = nil
}

// apply gives a bound to the engine and remembers it for the step. A bound
// that had no result is forgotten when a later one takes effect at the same
// place, because the later one says more: an idle application keeps one.
func (a *Application) apply(b bound) {
	if b.Time <= a.applied {
		return
	}
	before := a.sink.rows
	a.engine.Bound(b.Time)
	a.applied = b.Time
	if n := len(a.bounds); n > 0 && a.silent && a.bounds[n-1].Next == b.Next {
		a.bounds[n-1] = b
	} else {
		a.bounds = append(a.bounds, b)
	}
	a.silent = a.sink.rows == before
}

// publish shows Status how far the run is.
func (a *Application) publish() {
	_, pending := a.sink.bytes()
	a.mu.Lock()
	defer a.mu.Unlock()
	p := &a.progress
	p.next, p.input, p.bound, p.step = a.next, a.reader.next, a.applied, a.step
	if a.processor == nil {
		p.input = a.next
	}
	p.records, p.bytes, p.arrival = a.reader.records, a.reader.bytes, a.reader.arrival
	p.idle = !pending && a.commit == nil && a.snapshot == nil
}

// finish commits what is pending and writes the last snapshot.
func (a *Application) finish(ctx context.Context) error {
	for {
		a.seal(ctx)
		if a.commit == nil {
			break
		}
		if err := <-a.committed(); err != nil {
			return stoppedOr(ctx, err)
		}
		a.commit = nil
	}
	if a.snapshot != nil {
		if err := <-a.snapshot; err != nil {
			return stoppedOr(ctx, err)
		}
		a.snapshot = nil
	}
	a.pause = 0
	if a.takeSnapshot(ctx); a.snapshot != nil {
		if err := <-a.snapshot; err != nil {
			return stoppedOr(ctx, err)
		}
	}
	return errStopped
}

// stoppedOr tells an error from the end of the time to stop.
func stoppedOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errStopped
	}
	return err
}
