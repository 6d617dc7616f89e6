package agent

import (
	"context"
	"time"
)

// add puts a record into the incarnation's batch, which is sent when it is full.
func (f *flow) add(ctx context.Context, i *incarnation, start, end uint64) {
	f.cutRecord()
	f.mu.Lock()
	limit, sent := min(f.cfg.MaxBufferBytes, f.dataLimit()), false
	if b := i.filling; b != nil && b.dataBytes+f.sizeOf(len(f.record)) > limit {
		f.dispatchLocked(i)
		sent = true
	}
	b := i.filling
	if b == nil {
		b = f.newBatch(i)
	}
	before := b.held()
	f.agent.growBody(b, len(f.record)*4/3+64+keyBytes)
	b.add(f.record, start, end)
	if grown := b.held() - before; grown != 0 {
		b.reserved += grown
		f.memory.add(grown)
	}
	if len(b.entries) >= f.cfg.MaxBufferRecords {
		f.dispatchLocked(i)
		sent = true
	}
	f.mu.Unlock()
	if tap := f.agent.tap; tap != nil {
		tap(f.id, f.record)
	}
	if sent {
		f.makeRoom(ctx) // the record being converted may change now
	}
}

func (f *flow) newBatch(i *incarnation) *batch {
	b := f.agent.takeBatch()
	if i.busy && cap(b.body) <= smallBody {
		b.body = f.agent.largeBody()
	}
	now := time.Now()
	b.begin(f, i, now)
	b.span = i.open(now)
	b.reserved = b.held()
	f.memory.add(b.reserved)
	i.filling = b
	return b
}

// sizeOf is how a record of n bytes counts.
func (f *flow) sizeOf(n int) int {
	if f.service.partitionKeys {
		return n + keyBytes
	}
	return n
}

// cutRecord shortens a record beyond the service's limit, as the Kinesis Agent does: anywhere, with the terminator at its end.
func (f *flow) cutRecord() {
	limit := f.service.maxRecordBytes
	if f.service.partitionKeys {
		limit -= keyBytes
	}
	if len(f.record) <= limit {
		return
	}
	f.count.cut.Add(1)
	f.logger.Warn("record is too long and was cut", "bytes", len(f.record), "limit", limit)
	terminator := f.cfg.TruncatedRecordTerminator
	f.record = append(f.record[:limit-len(terminator)], terminator...)
}

// lookAgain is how often a reader that waits looks at the files: they are rotated meanwhile.
const lookAgain = time.Second

// makeRoom keeps the reader within the flow's memory: it waits for senders, and where there are none it sends what is being filled, the oldest first.
func (f *flow) makeRoom(ctx context.Context) {
	looked := time.Now()
	for f.memory.over() && ctx.Err() == nil {
		if !f.memory.wait(ctx, lookAgain) {
			if now := time.Now(); now.Sub(looked) >= lookAgain {
				f.mu.Lock()
				f.tailer.Look()
				f.mu.Unlock()
				looked = now
			}
			continue
		}
		oldest := f.oldest()
		if oldest == nil {
			return
		}
		f.endEvent(ctx, oldest, true)
		f.endPack(ctx, oldest, true)
		f.settle(oldest)
		f.dispatch(oldest)
	}
}

// oldest is the incarnation whose batch has been filled for the longest time, or else one that gathers a record.
func (f *flow) oldest() *incarnation {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found, gathering *incarnation
	for _, i := range f.incarnations {
		if i.filling != nil && (found == nil || i.filling.created.Before(found.filling.created)) {
			found = i
		}
		if i.gathers() {
			gathering = i
		}
	}
	if found == nil {
		return gathering
	}
	return found
}

// sendAged sends batches that are old enough and returns how long the next one has.
func (f *flow) sendAged() time.Duration {
	wait := time.Hour
	for _, i := range f.all() {
		wait = min(wait, f.endAged(i))
		f.mu.Lock()
		b := i.filling
		f.mu.Unlock()
		if b == nil {
			continue
		}
		left := time.Until(b.created.Add(f.cfg.MaxBufferAge))
		if left <= 0 {
			f.dispatch(i)
			continue
		}
		wait = min(wait, left)
	}
	return wait
}

// all lists the incarnations with something that is being filled.
func (f *flow) all() []*incarnation {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []*incarnation
	for _, i := range f.incarnations {
		if i.filling != nil || i.gathers() {
			all = append(all, i)
		}
	}
	return all
}
