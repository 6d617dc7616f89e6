package agent

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace/millrace/internal/tail"
)

// flow follows one file pattern and fills batches for one stream.
type flow struct {
	agent   *Agent
	cfg     FlowConfig
	id      string
	service *service
	client  *client
	head    []byte // of request bodies
	convert converter
	tailer  *tail.Tailer
	gate    *gate
	logger  *slog.Logger
	count   counters

	mu           sync.Mutex // guards what the reader, the senders and the checkpoint share
	incarnations map[[16]byte]*incarnation
	taking       *incarnation      // whose lines the reader has in hand
	durable      map[[16]byte]bool // ids that the checkpoint file holds, with a beginning of the file
	saved        uint64            // revision of what it holds
	acks         atomic.Uint64     // part of the revision
	oldCuts      map[[16]byte][]uint64

	record    []byte          // the record being converted
	hard      context.Context // of the senders
	memory    *memory         // what the flow holds
	ready     []*batch        // that wait for a sender; with sending under the lock
	sending   int             // senders
	bodyLimit atomic.Int64    // largest request that passes, 0 = not learnt
	senders   sync.WaitGroup
	helpers   sync.WaitGroup
	dropLog   limiter
	rawLog    limiter
}

func newFlow(a *Agent, cfg FlowConfig, client *client, resume *flowCheckpoint) (*flow, error) {
	name, err := json.Marshal(cfg.Stream())
	if err != nil {
		return nil, err
	}
	s := client.service
	f := &flow{
		agent: a, cfg: cfg, id: cfg.ID(), service: s, client: client,
		head:         append(append([]byte(`{"`+s.streamKey+`":`), name...), `,"Records":[`...),
		convert:      cfg.convert.clone(),
		gate:         newGate(cfg.RetryInitialBackoff, cfg.RetryMaxBackoff, cfg.throttledBackoff()),
		logger:       a.logger.With("flow", cfg.ID()),
		incarnations: make(map[[16]byte]*incarnation),
		durable:      make(map[[16]byte]bool),
		oldCuts:      make(map[[16]byte][]uint64),
		memory:       newMemory(max(minFlowMemory, a.cfg.BufferBytes/len(a.cfg.Flows)), a.cfg.MaxSendingThreads),
		dropLog:      limiter{every: 10 * time.Second},
		rawLog:       limiter{every: 10 * time.Second},
	}
	opts := tail.Options{
		Pattern: cfg.FilePattern, Initial: cfg.InitialPosition,
		Poll: cfg.PollInterval, Relist: cfg.RefreshInterval, Quiet: a.pace.quiet, NoEvents: a.pace.noEvents, Logger: f.logger,
	}
	if resume != nil {
		opts.Resume = resume.tail()
		for _, file := range resume.files {
			f.oldCuts[file.ID] = file.cuts
		}
	}
	f.tailer, err = tail.New(opts)
	return f, err
}

// run reads until ctx ends, then hands what it holds to the senders and waits for them; hard ends those.
func (f *flow) run(ctx, hard context.Context) {
	f.hard = hard
	for _, source := range f.convert.ec2 {
		source.refresh(ctx, f.logger)
		f.helpers.Go(func() { source.keep(ctx, f.logger) })
	}
	defer f.helpers.Wait()
	for first := true; ctx.Err() == nil; first = false {
		f.makeRoom(ctx)
		lines, i, ok := f.next()
		if first { // where the flow began is remembered even if it ends before a line is sent
			if err := f.agent.saveCheckpoint(); err != nil {
				f.fail(err)
			}
		}
		if ok && f.begin(ctx, i) {
			f.take(ctx, lines, i)
		}
		wait := f.sendAged()
		if !ok && ctx.Err() == nil {
			f.tailer.Wait(ctx, wait)
		}
	}
	for _, i := range f.all() {
		f.endPack(hard, i, true) // an event that is open is read again by the next run
		f.settle(i)
		f.dispatch(i)
	}
	f.senders.Wait()
}

// next reads lines and notes to which incarnation they belong, under the lock, so that no checkpoint sees lines as read of which it does not know.
func (f *flow) next() (tail.Lines, *incarnation, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	lines, ok := f.tailer.Next()
	if !ok {
		f.taking = nil
		return lines, nil, false
	}
	i := f.incarnations[lines.File.ID]
	if i == nil {
		cuts := f.oldCuts[lines.File.ID]
		i = &incarnation{file: lines.File, state: f.tailer.State(lines.File), low: lines.Start, parsed: lines.Start, readTo: lines.Start, cuts: cuts, oldCuts: append([]uint64{}, cuts...)}
		i.headerLeft = f.cfg.SkipHeaderLines
		if lines.Start > 0 && i.headerLeft > 0 {
			i.headerLeft -= f.tailer.LinesBefore(lines.File, lines.Start, i.headerLeft)
		}
		f.incarnations[lines.File.ID] = i
	}
	i.file, f.taking = lines.File, i
	return lines, i, true
}

// begin puts a new incarnation's id into the checkpoint file before the first batch carries it: after a crash the same lines must come with the same id, or the
// server would count them twice. False says that ctx ended before; the next run reads the lines.
func (f *flow) begin(ctx context.Context, i *incarnation) bool {
	for ctx.Err() == nil {
		f.mu.Lock()
		durable := f.durable[i.file.ID]
		f.mu.Unlock()
		if durable {
			return true
		}
		err := f.agent.saveCheckpoint()
		if err == nil {
			return true
		}
		f.fail(err)
		sleep(ctx, time.Second, nil)
	}
	return false
}

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

// revision changes with everything that a checkpoint holds.
func (f *flow) revision() uint64 { return 1 + f.tailer.Revision() + f.acks.Load() }

// checkpoint describes the flow's files: each at its lowest unacknowledged byte.
func (f *flow) checkpoint() flowCheckpoint {
	f.mu.Lock()
	defer f.mu.Unlock()
	known := f.tailer.Checkpoint(f.done)
	states := []fileCheckpoint{}
	followed := make(map[[16]byte]bool)
	for _, state := range known.Files {
		s := fileCheckpoint{State: state}
		if i := f.incarnations[s.ID]; i != nil {
			i.state = state
			s = f.unacknowledged(i)
		} else {
			s.cuts = f.oldCuts[s.ID]
		}
		followed[s.ID] = true
		states = append(states, s)
	}
	for id, i := range f.incarnations {
		switch {
		case followed[id]:
		case !f.pending(i):
			f.memory.add(-cap(i.gathered.event) - cap(i.gathered.pack))
			delete(f.incarnations, id) // read to its end and acknowledged
			delete(f.oldCuts, id)
		default: // its inode may be another file's by now, but a copy or a compressed one may be there
			states = append(states, f.unacknowledged(i))
		}
	}
	return flowCheckpoint{f.id, states, known.Past, known.Missed}
}

// done says how far the lines of an incarnation are acknowledged or left out.
func (f *flow) done(id [16]byte, read uint64) uint64 {
	if i := f.incarnations[id]; i != nil {
		return i.low
	}
	return read
}

// pending reports whether there are lines of i that were handed out and are neither acknowledged nor left out.
func (f *flow) pending(i *incarnation) bool {
	return len(i.spans) > 0 || i.gathering || f.taking == i
}

// unacknowledged is where the next run goes on with i. Before that is the footer, it has to be found again.
func (f *flow) unacknowledged(i *incarnation) fileCheckpoint {
	s := fileCheckpoint{State: i.state, cuts: append([]uint64{}, i.cuts...)}
	s.Offset, s.Ended = i.low, s.Ended && !f.pending(i)
	return s
}

// noteSaved remembers what the checkpoint file holds now.
func (f *flow) noteSaved(files []fileCheckpoint, revision uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.durable)
	for _, s := range files {
		f.durable[s.ID] = s.Prefix.Len > 0
	}
	f.saved = revision
}

func (f *flow) savedRevision() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.saved
}

func (f *flow) fail(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	f.count.setError(err, time.Now())
	f.logger.Error("flow is held up", "error", err)
}

// limiter lets one event through in a time and counts the others.
type limiter struct {
	every   time.Duration
	next    time.Time
	skipped int
}

func (l *limiter) allow(now time.Time) (skipped int, ok bool) {
	if now.Before(l.next) {
		l.skipped++
		return 0, false
	}
	skipped, l.skipped, l.next = l.skipped, 0, now.Add(l.every)
	return skipped, true
}
