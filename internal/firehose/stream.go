package firehose

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/millrace/millrace/internal/delivery"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// stream is one delivery stream that is there.
type stream struct {
	journal journal.Journal
	id      record.StreamID
	name    string
	arn     string

	// gate is held for reading by every put, from the look at the status until
	// its frame is durable, and for writing by a change of the configuration: a
	// deleted stream gets no frame after it was dropped.
	gate   sync.RWMutex
	config *config

	// pipelines are the stream's deliveries, primary first, and the same lock
	// guards them; none if they could not be made, and broken is why.
	pipelines []*delivery.Pipeline
	broken    error

	ids      recordIDs
	gather   gatherer
	origins  origins
	throttle throttle

	ctx       context.Context // of everything that works on the stream; ends before it is dropped
	cancel    context.CancelFunc
	delivered sync.WaitGroup

	trimmed record.Sequence // the last trim, of the retention loop alone

	// put calls, bytes accepted, records refused with 503 by a full journal, records
	// beyond the limits, repeats dropped
	requests, bytesIn, refused, throttled, repeats atomic.Uint64
	full                                           atomic.Bool // the last put was refused
}

func (s *Service) newStream(c *config) *stream {
	st := &stream{
		journal: s.opts.Journal, id: c.ID, name: c.Name, arn: c.ARN,
		config: c, ids: newRecordIDs(c.ID), throttle: newThrottle(s.opts.Limits.of(c.Region)),
	}
	st.ctx, st.cancel = context.WithCancel(s.ctx)
	st.gather.commit = st.append
	st.origins.journal, st.origins.prefix = s.opts.Journal, originPrefix(c.ID)
	return st
}

// start runs the stream's deliveries. Pipelines that cannot be made, such as
// those of a search domain that this server no longer has, leave the stream
// taking records; its status says why nothing is delivered.
func (s *Service) start(st *stream) {
	options, err := s.pipelines(st.current(), true)
	if err != nil {
		s.opts.Logger.Error("delivery cannot start", "delivery_stream", st.name, "error", err)
		st.gate.Lock()
		st.broken = err
		st.gate.Unlock()
		return
	}
	s.deliver(st, options)
}

// deliver gives the stream's pipelines their options: those that run take them
// up, those that are not there yet are started.
func (s *Service) deliver(st *stream, options []delivery.Options) {
	st.gate.Lock()
	defer st.gate.Unlock()
	st.broken = nil
	for i, o := range options {
		if i < len(st.pipelines) {
			st.pipelines[i].Reconfigure(o)
			continue
		}
		p := delivery.New(o)
		st.pipelines = append(st.pipelines, p)
		st.delivered.Add(1)
		s.tasks.Go(func() {
			defer st.delivered.Done()
			_ = p.Run(st.ctx) // it logs and shows its error
		})
	}
}

// stop ends the stream's deliveries and waits for them.
func (st *stream) stop() {
	st.cancel()
	st.delivered.Wait()
}

// enter admits a put; leave must follow when err is nil. Puts are admitted
// while the stream is ACTIVE; to others it is not there yet or any more.
func (st *stream) enter() error {
	st.gate.RLock()
	if st.config.Status != active {
		st.gate.RUnlock()
		return errNotFound(st.name)
	}
	return nil
}

func (st *stream) leave() { st.gate.RUnlock() }

// current returns the configuration as it is now.
func (st *stream) current() *config {
	st.gate.RLock()
	defer st.gate.RUnlock()
	return st.config
}

// deliveries returns the stream's pipelines, or why there are none.
func (st *stream) deliveries() ([]*delivery.Pipeline, error) {
	st.gate.RLock()
	defer st.gate.RUnlock()
	return st.pipelines, st.broken
}

// change makes a configuration durable and then the current one. Where it begins
// to back up source records, the backup begins with the next one.
func (st *stream) change(c *config) error {
	st.gate.Lock()
	defer st.gate.Unlock()
	var b journal.Batch
	if err := c.save(&b); err != nil {
		return err
	}
	if c.backsUpAll() && !st.config.backsUpAll() {
		b.SetCursor(st.id, delivery.Backup, max(st.journal.Extent(st.id).Next, 1))
	}
	if _, err := journal.Put(st.journal, &b); err != nil {
		return err
	}
	st.config = c
	return nil
}

// append makes the builder's records one durable frame and returns the
// sequence of the first.
func (st *stream) append(b *record.Builder) (record.Sequence, error) {
	sealed, err := b.Seal()
	if err != nil {
		return 0, err
	}
	var batch journal.Batch
	batch.Append(st.id, sealed)
	frames, err := journal.Put(st.journal, &batch)
	if err != nil {
		return 0, err
	}
	st.bytesIn.Add(uint64(frames[0].Bytes()))
	return frames[0].First, nil
}
