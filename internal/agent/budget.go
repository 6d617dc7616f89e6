package agent

import (
	"context"
	"sync"
	"time"
)

// memory counts the bytes that a flow holds: what is being filled, what waits and what is in flight. It is a promise of the reader, who reads no further while the
// limit is passed, or while there are batches enough for all senders; what was read is always let through.
type memory struct {
	limit   int
	batches int // in flight or waiting for a sender

	mu       sync.Mutex
	used     int
	inFlight int // batches with a sender, or waiting for one
	freed    chan struct{}
}

const (
	// sendingBytes is what a batch costs from the moment it is full: a sender, its request and its answer.
	sendingBytes = 16 << 10
	// batchBytes is what one costs that is being filled, beside what it holds.
	batchBytes = 1 << 10
	// smallBody is the size up to which a body is grown by itself, so that many slow files cost little; beyond it, large bodies are taken from the pool.
	smallBody = 32 << 10
	// pooledBody is the largest body that is kept for another batch.
	pooledBody = 1 << 20
)

func newMemory(limit, batches int) *memory {
	return &memory{limit: limit, batches: batches, freed: make(chan struct{})}
}

// add counts n more bytes, or fewer.
func (m *memory) add(n int) {
	m.mu.Lock()
	m.used += n
	m.mu.Unlock()
}

// over reports whether the reader has to stop.
func (m *memory) over() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.full()
}

func (m *memory) full() bool { return m.used > m.limit || m.inFlight > m.batches }

func (m *memory) held() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.used
}

func (m *memory) start() {
	m.mu.Lock()
	m.inFlight++
	m.mu.Unlock()
}

// finish gives back what a sender's batch held.
func (m *memory) finish(n int) {
	m.mu.Lock()
	m.used -= n
	m.inFlight--
	close(m.freed)
	m.freed = make(chan struct{})
	m.mu.Unlock()
}

// wait returns when the limits are kept, a sender has finished or some time has passed; idle says that there is no sender to wait for.
func (m *memory) wait(ctx context.Context, atMost time.Duration) (idle bool) {
	m.mu.Lock()
	if !m.full() || m.inFlight == 0 {
		idle = m.inFlight == 0
		m.mu.Unlock()
		return idle
	}
	freed := m.freed
	m.mu.Unlock()
	sleep(ctx, atMost, freed)
	return false
}
