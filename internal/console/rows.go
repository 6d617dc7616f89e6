package console

import (
	"context"
	"net/http"
	"sync"
	"time"
)

const (
	// rowsPause is the least time between two events of rows.
	rowsPause = 200 * time.Millisecond
	// A browser that cannot follow gets the newest rows and the number of those
	// left out, never a place in the engine's way.
	mailboxRows  = 1000
	mailboxBytes = 4 << 20
)

// mailbox holds rows between the engine and one browser.
type mailbox struct {
	filled chan struct{} // capacity 1

	mu    sync.Mutex
	batch RowBatch
	bytes int
	// fresh is set when columns are known and not yet sent, so that an empty
	// stream shows its columns too.
	fresh bool
}

func newMailbox() *mailbox { return &mailbox{filled: make(chan struct{}, 1)} }

// put adds rows and drops the oldest ones beyond the limits. It never blocks.
func (m *mailbox) put(b RowBatch) {
	m.mu.Lock()
	m.batch.Columns = b.Columns
	m.batch.Skipped += b.Skipped
	m.fresh = true
	m.batch.Rows = append(m.batch.Rows, b.Rows...)
	for _, row := range b.Rows {
		m.bytes += len(row.Record)
	}
	m.shed()
	m.mu.Unlock()
	select {
	case m.filled <- struct{}{}:
	default:
	}
}

// shed drops from the front until the rest fits; the newest row always stays.
func (m *mailbox) shed() {
	drop := 0
	for rows := m.batch.Rows; len(rows)-drop > 1 && (len(rows)-drop > mailboxRows || m.bytes > mailboxBytes); drop++ {
		m.bytes -= len(rows[drop].Record)
	}
	if drop > 0 {
		kept := copy(m.batch.Rows, m.batch.Rows[drop:])
		clear(m.batch.Rows[kept:])
		m.batch.Rows = m.batch.Rows[:kept]
		m.batch.Skipped += int64(drop)
	}
}

// take empties the mailbox; false if nothing came since the last time.
func (m *mailbox) take() (RowBatch, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.fresh {
		return RowBatch{}, false
	}
	b := m.batch
	empty(&b.Rows)
	empty(&b.Columns)
	m.batch, m.bytes, m.fresh = RowBatch{Columns: b.Columns}, 0, false
	return b, true
}

// liveRows sends event "rows", a RowBatch, at most five times a second.
func (c *Console) liveRows(w http.ResponseWriter, r *http.Request) {
	box := newMailbox()
	stop, err := c.opts.Rows.Subscribe(r.PathValue("name"), r.PathValue("stream"), box.put)
	if err != nil {
		c.failed(w, r, "subscribe to rows", err)
		return
	}
	defer stop()
	events, ctx, cancel := c.openEvents(w, r)
	defer cancel()
	if events.comment() != nil { // the browser knows at once that the stream exists
		return
	}
	sendRows(ctx, events, box)
}

func sendRows(ctx context.Context, events *eventStream, box *mailbox) {
	alive := time.NewTicker(keepAlive)
	defer alive.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-alive.C:
			if events.comment() != nil {
				return
			}
			continue
		case <-box.filled:
		}
		if batch, ok := box.take(); ok && events.send("rows", batch) != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(rowsPause):
		}
	}
}
