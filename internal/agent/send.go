package agent

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// send brings one batch to the stream, record by record if need be, until all of it is accepted or ctx ends.
func (f *flow) send(ctx context.Context, b *batch) {
	for partial := 0; len(b.entries) > 0; {
		p, err := f.gate.enter(ctx)
		if err != nil {
			return
		}
		sent := len(b.entries)
		bytes := len(b.body)
		got, err := f.put(ctx, b)
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			f.count.failed.Add(1)
			hopeless := isHopeless(err)
			f.gate.leave(p, true, hopeless)
			f.logFailure(err, true, hopeless)
			continue
		}
		f.gate.leave(p, false, false)
		f.count.sent.Add(int64(sent - got.failed))
		if got.failed == 0 {
			f.count.sentBytes.Add(int64(bytes))
			f.logRecovery()
			f.acknowledge(b)
			return
		}
		partial++
		f.count.failed.Add(1)
		f.keepFailed(b, got)
		if sleep(ctx, backoff(f.cfg.RetryInitialBackoff, f.cfg.RetryMaxBackoff, partial), nil) != nil {
			return
		}
	}
}

// put sends the batch once a connection is free.
func (f *flow) put(ctx context.Context, b *batch) (answer, error) {
	select {
	case f.agent.sending <- struct{}{}:
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
	defer func() { <-f.agent.sending }()
	return f.agent.client.put(ctx, b)
}

// keepFailed leaves in the batch what was not accepted.
func (f *flow) keepFailed(b *batch, got answer) {
	for _, e := range got.entries {
		if e.ErrorCode != "" {
			f.logFailure(&serviceError{Status: 200, Code: e.ErrorCode, Message: e.ErrorMessage}, false, false)
			break
		}
	}
	before := len(b.body)
	b.keep(func(i int) bool { return got.entries[i].ErrorCode != "" })
	f.count.sentBytes.Add(int64(before - len(b.body)))
}

// acknowledge moves the checkpoint over the batch, if no earlier one is still under way.
func (f *flow) acknowledge(b *batch) {
	f.mu.Lock()
	b.span.done = true
	b.incarnation.advance()
	f.mu.Unlock()
	f.agent.giveBatch(b)
}

// logFailure shows the first failure of a kind at once and then one in 30 s. whole is for requests of which nothing was accepted.
func (f *flow) logFailure(err error, whole, hopeless bool) {
	if !f.count.failing(err, failureKind(err), whole, time.Now()) {
		return
	}
	if hopeless {
		f.logger.Error("records cannot be sent, retrying slowly", "delivery_stream", f.cfg.DeliveryStream, "error", err)
	} else {
		f.logger.Warn("sending failed, retrying", "delivery_stream", f.cfg.DeliveryStream, "error", err)
	}
}

// failureKind leaves out what differs from one request to the next, such as ports.
func failureKind(err error) string {
	var service *serviceError
	if errors.As(err, &service) {
		return service.Code
	}
	return fmt.Sprintf("%T", err)
}

func (f *flow) logRecovery() {
	if f.count.recovered() {
		f.logger.Info("sending works again", "delivery_stream", f.cfg.DeliveryStream)
	}
}

// memory bounds the bytes of all batches under way. One batch is always let through, however large.
type memory struct {
	mu    sync.Mutex
	used  int
	limit int
	freed chan struct{}
}

func newMemory(limit int) *memory { return &memory{limit: limit, freed: make(chan struct{})} }

// acquire waits for n bytes; false if ctx ended first.
func (m *memory) acquire(ctx context.Context, n int) bool {
	for {
		m.mu.Lock()
		if m.used == 0 || m.used+n <= m.limit {
			m.used += n
			m.mu.Unlock()
			return true
		}
		freed := m.freed
		m.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return false
		}
	}
}

func (m *memory) release(n int) {
	m.mu.Lock()
	m.used -= n
	close(m.freed)
	m.freed = make(chan struct{})
	m.mu.Unlock()
}
