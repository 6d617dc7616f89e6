package agent

import (
	"context"
)

// dispatch hands the batch being filled to a sender. Where the order is kept it waits for the one before it, and so does the reading of its file.
func (f *flow) dispatch(i *incarnation) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dispatchLocked(i)
}

func (f *flow) dispatchLocked(i *incarnation) {
	b := i.filling
	if b == nil {
		return
	}
	i.filling = nil
	i.busy = cap(b.body) > smallBody
	b.span.filling = false
	if len(b.entries) == 0 { // others have taken its records along
		i.advance()
		f.memory.add(-b.reserved)
		f.agent.giveBatch(b)
		return
	}
	b.reserved += sendingBytes
	f.memory.add(sendingBytes)
	if limit := f.cfg.BatchesPerFile; limit > 0 && i.active >= limit {
		i.queue = append(i.queue, b)
		f.memory.start()
		f.tailer.Hold(i.file, true)
		return
	}
	f.memory.start()
	f.enqueue(b)
}

// enqueue gives the batch a sender, or a place in the queue for one: older lines go first.
func (f *flow) enqueue(b *batch) {
	b.incarnation.active++
	if f.sending >= f.agent.cfg.MaxSendingThreads {
		f.ready = append(f.ready, b)
		return
	}
	f.sending++
	f.senders.Go(func() { f.sendAll(f.hard, b) })
}

// sendAll sends a batch and then what is ready.
func (f *flow) sendAll(ctx context.Context, b *batch) {
	for b != nil {
		i := b.incarnation
		f.send(ctx, b)
		b = f.nextReady(ctx, i)
	}
}

// nextReady is called when a batch of i is done with.
func (f *flow) nextReady(ctx context.Context, i *incarnation) *batch {
	f.mu.Lock()
	defer f.mu.Unlock()
	i.active--
	if len(i.queue) > 0 && ctx.Err() == nil {
		b := i.queue[0]
		i.queue = i.queue[1:]
		i.active++
		f.ready = append(f.ready, b)
		if len(i.queue) == 0 {
			f.tailer.Hold(i.file, false)
		}
	}
	if len(f.ready) == 0 || ctx.Err() != nil {
		f.sending--
		return nil
	}
	b := f.ready[0]
	f.ready = f.ready[1:]
	return b
}
