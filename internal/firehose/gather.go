package firehose

import (
	"runtime"
	"sync"

	"github.com/millrace/millrace/internal/record"
)

// maxGatherBytes bounds a frame of gathered records.
const maxGatherBytes = 1 << 20

// gatherer makes one frame of the records of many PutRecord calls: those that
// arrive while the frame before is being committed share the next one. A call
// that finds nothing under way does not wait for others.
type gatherer struct {
	commit func(b *record.Builder) (record.Sequence, error)

	mu    sync.Mutex
	queue []*group // the last one takes records
	busy  bool     // a goroutine commits groups
}

// group is a frame in the making.
type group struct {
	records record.Builder
	done    chan struct{} // closed once first or err is set
	first   record.Sequence
	err     error
}

// put returns the record's sequence once it is durable.
func (g *gatherer) put(data []byte) (record.Sequence, error) {
	g.mu.Lock()
	group := g.open(len(data))
	place := group.records.Count()
	group.records.Append(data)
	if !g.busy {
		g.busy = true
		go g.run()
	}
	g.mu.Unlock()
	<-group.done
	return group.first + record.Sequence(place), group.err
}

// open returns a group with room for n bytes.
func (g *gatherer) open(n int) *group {
	if last := len(g.queue) - 1; last >= 0 && g.queue[last].records.Bytes()+n <= maxGatherBytes {
		return g.queue[last]
	}
	opened := &group{done: make(chan struct{})}
	g.queue = append(g.queue, opened)
	return opened
}

// run commits groups until there are none.
func (g *gatherer) run() {
	for {
		runtime.Gosched() // calls that are here already share the frame
		g.mu.Lock()
		if len(g.queue) == 0 {
			g.busy = false
			g.mu.Unlock()
			return
		}
		next := g.queue[0]
		g.queue = g.queue[1:]
		g.mu.Unlock()
		next.first, next.err = g.commit(&next.records)
		close(next.done)
	}
}
