package agent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// send brings one batch to the stream until each of its records is accepted, or given up as one that the stream will never take, or ctx ends. A batch that is refused
// as a whole is halved until what is refused is a single record.
func (f *flow) send(ctx context.Context, b *batch) {
	pieces := []*batch{b}
	for len(pieces) > 0 {
		b := pieces[len(pieces)-1]
		if len(b.entries) == 0 {
			pieces = pieces[:len(pieces)-1]
			f.finish(b)
			continue
		}
		how, err := f.try(ctx, b, len(pieces) == 1)
		switch {
		case err != nil:
			for _, rest := range pieces {
				f.memory.finish(rest.reserved)
			}
			return
		case how == refused && len(b.entries) > 1:
			pieces = append(pieces, f.halve(b))
		case how == refused && f.count.accepted.Load() > b.refusedAt:
			f.giveUp(b)
		case how == refused && len(pieces) > 1: // the other records come first: perhaps the stream takes none at all
			last := len(pieces) - 1
			copy(pieces[1:], pieces[:last])
			pieces[0] = b
		}
	}
}

// refused is trouble with what is in the batch, not with the stream; the gate does not know it.
const refused trouble = 100

// try sends the batch once, when its turn has come; last is for the last piece of a batch. The error is that of ctx.
func (f *flow) try(ctx context.Context, b *batch, last bool) (trouble, error) {
	f.rest(b)
	if b.tries > 0 {
		if err := sleep(ctx, backoff(f.cfg.RetryInitialBackoff, f.cfg.RetryMaxBackoff, b.tries), b.emptied); err != nil {
			return failed, err
		}
	}
	p, entered, err := f.gate.enter(ctx, b.emptied)
	if err != nil || !f.rouse(b) {
		if entered {
			f.gate.leave(p, withdrawn)
		}
		return withdrawn, err
	}
	sent, bytes := len(b.entries), b.dataBytes
	f.count.attempts.Add(int64(sent))
	got, err := f.put(ctx, b)
	if err != nil {
		if ctx.Err() != nil {
			f.gate.leave(p, withdrawn)
			return failed, ctx.Err()
		}
		return f.trouble(b, p, err, last), nil
	}
	f.count.sent.Add(int64(sent - got.failed))
	f.count.recordErrors.Add(int64(got.failed))
	if got.failed == 0 {
		f.gate.leave(p, succeeded)
		f.count.accepted.Add(1)
		f.count.sentBytes.Add(int64(bytes))
		f.logRecovery()
		f.acknowledge(b, nil)
		return succeeded, nil
	}
	if got.failed < sent {
		f.count.accepted.Add(1)
	}
	f.gate.leavePartly(p, partly, float64(got.failed)/float64(sent))
	f.count.failed.Add(1)
	b.tries++
	f.keepFailed(b, got)
	return partly, nil
}

// trouble says what a request that failed as a whole means, to the gate and to the log.
func (f *flow) trouble(b *batch, p pass, err error, last bool) trouble {
	f.count.failed.Add(1)
	f.count.serviceErrors.Add(1)
	how := classify(err)
	if how != refused {
		f.gate.leave(p, how)
		f.logFailure(err, how == hopeless)
		return how
	}
	if !b.isolated {
		b.isolated, b.refusedAt = true, f.count.accepted.Load()
	}
	b.refusal = err
	switch {
	case len(b.entries) > 1: // halves are tried at once
		if statusOf(err) == http.StatusRequestEntityTooLarge {
			f.learnBodyLimit(len(b.body))
		}
		f.gate.leave(p, withdrawn)
	case f.count.accepted.Load() > b.refusedAt: // it will be given up
		f.gate.leave(p, withdrawn)
	case last: // it may be the stream that refuses all
		f.gate.leave(p, hopeless)
		f.logFailure(err, true)
	default:
		f.gate.leave(p, failed)
		f.logFailure(err, false)
	}
	return how
}

// classify tells apart what a failed request means.
func classify(err error) trouble {
	var credentials *credentialsError
	if errors.As(err, &credentials) {
		return hopeless
	}
	var service *serviceError
	if !errors.As(err, &service) || service.learnt {
		return failed
	}
	switch service.Code {
	case "ThrottlingException", "Throttling", "LimitExceededException", "ServiceUnavailableException", "ProvisionedThroughputExceededException",
		"KMSThrottlingException", "SlowDown":
		return throttled
	case "RequestTimeout", "RequestTimeoutException", "RequestExpired", "ExpiredToken", "ExpiredTokenException", "RequestTimeTooSkewed":
		return failed
	case "InvalidArgumentException", "ValidationException", "ValidationError", "SerializationException", "InvalidSourceException":
		return refused
	}
	switch {
	case service.Status == http.StatusTooManyRequests || service.Status == http.StatusServiceUnavailable:
		return throttled
	case service.Status == http.StatusRequestEntityTooLarge || service.Status == http.StatusBadRequest && service.Code == "":
		return refused
	case service.Status >= 400 && service.Status < 500 && service.Status != http.StatusRequestTimeout:
		return hopeless
	}
	return failed
}

func statusOf(err error) int {
	var service *serviceError
	if errors.As(err, &service) {
		return service.Status
	}
	return 0
}

// put sends the batch once a connection is free.
func (f *flow) put(ctx context.Context, b *batch) (answer, error) {
	select {
	case f.agent.sending <- struct{}{}:
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
	defer func() { <-f.agent.sending }()
	return f.client.put(ctx, b)
}

// rest lets other batches of the file take this one's records while it waits.
func (f *flow) rest(b *batch) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !b.isolated {
		b.emptied = make(chan struct{})
		b.incarnation.resting = append(b.incarnation.resting, b)
	}
}

// rouse ends the waiting: a batch that has room because some of its records were accepted is filled up with records that wait, and with new ones. It reports whether
// there is anything to send.
func (f *flow) rouse(b *batch) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := b.incarnation
	i.resting = without(i.resting, b)
	if len(b.entries) == 0 {
		return false
	}
	if b.tries == 0 || b.isolated || f.cfg.BatchesPerFile > 0 {
		return true
	}
	before := b.held()
	for _, other := range append([]*batch{}, i.resting...) {
		f.absorb(b, other)
		if len(other.entries) == 0 {
			i.resting = without(i.resting, other)
			close(other.emptied)
		}
	}
	if i.filling != nil {
		f.absorb(b, i.filling)
	}
	grown := b.held() - before
	b.reserved += grown
	f.memory.add(grown)
	return true
}

func (f *flow) absorb(b, other *batch) {
	b.merge(other, f.cfg.MaxBufferRecords, min(f.cfg.MaxBufferBytes, f.dataLimit()))
}

func without(all []*batch, b *batch) []*batch {
	kept := all[:0]
	for _, other := range all {
		if other != b {
			kept = append(kept, other)
		}
	}
	return kept
}

// halve makes two batches of one that was refused, and returns the new one.
func (f *flow) halve(b *batch) *batch {
	other := f.agent.takeBatch()
	other.begin(f, b.incarnation, b.created)
	other.isolated, other.refusedAt = true, b.refusedAt
	b.split(other)
	other.reserved = other.held() + sendingBytes
	f.memory.add(other.reserved)
	f.memory.start()
	return other
}

// giveUp lets go of a single record that the stream refuses while it takes others. The log says where it lies.
func (f *flow) giveUp(b *batch) {
	f.count.refused.Add(1)
	r := b.origin.Ranges[0]
	f.logger.Error("the stream refuses a record, it is left out", "stream", f.cfg.Stream(), "path", b.incarnation.file.Path(),
		"offset", r.Start, "bytes", r.End-r.Start, "error", b.refusal)
	f.acknowledge(b, nil)
}

// learnBodyLimit makes batches smaller than one that something on the way found too large.
func (f *flow) learnBodyLimit(body int) {
	limit := int64(body / 2)
	for {
		before := f.bodyLimit.Load()
		if before != 0 && before <= limit {
			return
		}
		if f.bodyLimit.CompareAndSwap(before, limit) {
			f.logger.Warn("requests are too large for something on the way, sending smaller ones", "stream", f.cfg.Stream(), "bytes", body, "limit", limit)
			return
		}
	}
}

// dataLimit is how many bytes of records fit a request of the size that was learnt.
func (f *flow) dataLimit() int {
	if limit := int(f.bodyLimit.Load()); limit > 0 {
		return max(1, limit/4*3-limit/16)
	}
	return f.service.maxBatchBytes
}

// keepFailed acknowledges what was accepted and leaves the rest in the batch.
func (f *flow) keepFailed(b *batch, got answer) {
	for _, e := range got.entries {
		if e.ErrorCode != "" {
			f.logFailure(&serviceError{Status: 200, Code: e.ErrorCode, Message: e.ErrorMessage}, false)
			break
		}
	}
	before := b.dataBytes
	f.acknowledge(b, func(i int) bool { return got.entries[i].ErrorCode != "" })
	f.count.sentBytes.Add(int64(before - b.dataBytes))
}

// acknowledge takes records out of the batch, all but those that kept names, and moves the checkpoint if no earlier record is still under way.
func (f *flow) acknowledge(b *batch, kept func(i int) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for n, e := range b.entries {
		if kept == nil || !kept(n) {
			e.span.left--
		}
	}
	if kept == nil {
		kept = func(int) bool { return false }
	}
	b.keep(kept)
	b.incarnation.advance()
	f.acks.Add(1)
}

// finish lets go of an empty batch.
func (f *flow) finish(b *batch) {
	reserved := b.reserved
	f.agent.giveBatch(b)
	f.memory.finish(reserved)
}

// logFailure shows the first failure of a kind at once and then one in 30 s.
func (f *flow) logFailure(err error, hopeless bool) {
	whole := statusOf(err) != http.StatusOK
	if !f.count.failing(err, failureKind(err), whole, time.Now()) {
		return
	}
	if hopeless {
		f.logger.Error("records cannot be sent, retrying slowly", "stream", f.cfg.Stream(), "error", err)
	} else {
		f.logger.Warn("sending failed, retrying", "stream", f.cfg.Stream(), "error", err)
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
		f.logger.Info("sending works again", "stream", f.cfg.Stream())
	}
}
