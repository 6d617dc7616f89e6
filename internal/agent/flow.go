package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/logformat"
	"github.com/millrace/millrace/internal/tail"
)

// flow follows one file pattern and fills batches for one delivery stream.
type flow struct {
	agent   *Agent
	cfg     FlowConfig
	id      string
	stream  []byte // the name as JSON
	convert converter
	tailer  *tail.Tailer
	gate    *gate
	logger  *slog.Logger
	count   counters

	mu           sync.Mutex // guards what the reader, the senders and the checkpoint share
	incarnations map[[16]byte]*incarnation

	record  []byte        // the record being converted
	held    chan struct{} // batches with a sender
	memory  *memory       // and their bytes
	senders sync.WaitGroup
	dropLog limiter
}

func newFlow(a *Agent, cfg FlowConfig, resume []tail.State) (*flow, error) {
	name, err := json.Marshal(cfg.DeliveryStream)
	if err != nil {
		return nil, err
	}
	f := &flow{
		agent: a, cfg: cfg, id: cfg.ID(), stream: name,
		convert:      converter{steps: cfg.convert.steps},
		gate:         newGate(cfg.RetryInitialBackoff, cfg.RetryMaxBackoff),
		logger:       a.logger.With("flow", cfg.ID()),
		incarnations: make(map[[16]byte]*incarnation),
		held:         make(chan struct{}, a.cfg.MaxSendingThreads),
		memory:       newMemory(memoryLimit / len(a.cfg.Flows)),
		dropLog:      limiter{every: 10 * time.Second},
	}
	f.tailer, err = tail.New(tail.Options{
		Pattern: cfg.FilePattern, Initial: cfg.InitialPosition, Resume: resume,
		Poll: cfg.PollInterval, Relist: cfg.RefreshInterval, Quiet: a.pace.quiet, Logger: f.logger,
	})
	return f, err
}

// run reads until ctx ends, then hands what it holds to the senders and waits for them; hard ends those.
func (f *flow) run(ctx, hard context.Context) {
	for first := true; ctx.Err() == nil; first = false {
		lines, i, ok := f.next()
		if first { // where the flow began is remembered even if it ends before a line is sent
			if err := f.agent.saveCheckpoint(); err != nil {
				f.fail(err)
			}
		}
		if ok {
			f.begin(hard, i)
			f.take(hard, lines, i)
		}
		wait := f.sendAged(hard)
		if !ok {
			f.tailer.Wait(ctx, wait)
		}
	}
	for _, i := range f.filling() {
		f.dispatch(hard, i)
	}
	f.senders.Wait()
}

// next reads lines and notes to which incarnation they belong, under the lock, so that no checkpoint sees lines as read of which it does not know.
func (f *flow) next() (tail.Lines, *incarnation, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	lines, ok := f.tailer.Next()
	if !ok {
		return lines, nil, false
	}
	i := f.incarnations[lines.File.ID]
	if i == nil {
		i = &incarnation{file: lines.File, low: lines.Start, parsed: lines.Start}
		f.incarnations[lines.File.ID] = i
	}
	return lines, i, true
}

// begin puts a new incarnation's id into the checkpoint file before the first batch carries it: after a crash the same lines must come with the same id, or the
// server would count them twice.
func (f *flow) begin(ctx context.Context, i *incarnation) {
	for !i.durable && ctx.Err() == nil {
		err := f.agent.saveCheckpoint()
		if err == nil {
			i.durable = true
			return
		}
		f.fail(err)
		sleep(ctx, time.Second, nil)
	}
}

// take converts lines to records.
func (f *flow) take(ctx context.Context, lines tail.Lines, i *incarnation) {
	var parsed, dropped int64
	received := int64(0)
	at := lines.Start
	for rest := lines.Data; len(rest) > 0 && ctx.Err() == nil; received++ {
		line, end := rest, lines.End
		if n := bytes.IndexByte(rest, '\n'); n >= 0 {
			line, end = rest[:n], at+uint64(n)+1
			rest = rest[n+1:]
		} else {
			rest = nil
		}
		var mismatch *logformat.Mismatch
		if f.record, mismatch = f.convert.append(f.record[:0], line); mismatch != nil {
			dropped++
			f.logDropped(line, at, i, mismatch)
		} else {
			parsed++
			f.add(ctx, i, at, end)
		}
		at = end
	}
	f.count.received.Add(received)
	f.count.receivedBytes.Add(int64(at - lines.Start))
	f.count.parsed.Add(parsed)
	f.count.dropped.Add(dropped)
	f.mu.Lock()
	i.parsed = at
	i.advance()
	f.mu.Unlock()
}

// add puts the record into the incarnation's batch, which is sent when it is full.
func (f *flow) add(ctx context.Context, i *incarnation, start, end uint64) {
	f.cutRecord()
	if b := i.filling; b != nil && b.dataBytes+len(f.record) > f.cfg.MaxBufferBytes {
		f.dispatch(ctx, i)
	}
	if i.filling == nil {
		b := f.agent.takeBatch()
		f.mu.Lock()
		b.begin(f.stream, i, time.Now())
		i.filling = b
		f.mu.Unlock()
	}
	i.filling.add(f.record, start, end)
	if tap := f.agent.tap; tap != nil {
		tap(f.id, f.record)
	}
	if len(i.filling.entries) >= f.cfg.MaxBufferRecords {
		f.dispatch(ctx, i)
	}
}

// cutRecord shortens a record beyond Firehose's limit, as the Kinesis Agent does: anywhere, with the terminator at its end.
func (f *flow) cutRecord() {
	if len(f.record) <= maxRecordBytes {
		return
	}
	f.count.cut.Add(1)
	f.logger.Warn("record is too long and was cut", "bytes", len(f.record), "limit", maxRecordBytes)
	terminator := f.cfg.TruncatedRecordTerminator
	f.record = append(f.record[:maxRecordBytes-len(terminator)], terminator...)
}

// logDropped shows a line that is no record, with the place where it stopped being one, at most one in ten seconds.
func (f *flow) logDropped(line []byte, at uint64, i *incarnation, mismatch *logformat.Mismatch) {
	more, ok := f.dropLog.allow(time.Now())
	if !ok {
		return
	}
	sample := string(line[:min(len(line), 200)])
	f.logger.Warn("1 record parsed but skipped for processing and delivering", "path", i.file.Path(), "offset", at, "reason", mismatch.Error(),
		"line", sample, "more_since_last", more)
}

// sendAged sends batches that are old enough and returns how long the next one has.
func (f *flow) sendAged(ctx context.Context) time.Duration {
	wait := time.Hour
	for _, i := range f.filling() {
		left := time.Until(i.filling.created.Add(f.cfg.MaxBufferAge))
		if left <= 0 {
			f.dispatch(ctx, i)
			continue
		}
		wait = min(wait, left)
	}
	return wait
}

// filling lists the incarnations with a batch being filled.
func (f *flow) filling() []*incarnation {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []*incarnation
	for _, i := range f.incarnations {
		if i.filling != nil {
			all = append(all, i)
		}
	}
	return all
}

// dispatch hands the batch being filled to a sender, when one is free: reading waits for sending.
func (f *flow) dispatch(ctx context.Context, i *incarnation) {
	b := i.filling
	f.mu.Lock()
	i.filling = nil
	f.mu.Unlock()
	select {
	case f.held <- struct{}{}:
	case <-ctx.Done():
		return // the span stays open, so the checkpoint does not pass it
	}
	if !f.memory.acquire(ctx, cap(b.body)) {
		return
	}
	size := cap(b.body)
	f.senders.Go(func() {
		defer func() { <-f.held }()
		f.send(ctx, b)
		f.memory.release(size)
	})
}

// states describes the flow's files for the checkpoint: each at its lowest unacknowledged byte.
func (f *flow) states() []tail.State {
	f.mu.Lock()
	defer f.mu.Unlock()
	states := []tail.State{}
	followed := make(map[[16]byte]bool)
	inodes := make(map[[2]uint64]bool)
	for _, status := range f.tailer.Files() {
		s := status.State
		if i := f.incarnations[s.ID]; i != nil {
			i.state, s.Offset = s, i.low
		}
		followed[s.ID], inodes[[2]uint64{s.Device, s.Inode}] = true, true
		states = append(states, s)
	}
	for id, i := range f.incarnations {
		switch {
		case followed[id]:
		case len(i.spans) == 0:
			delete(f.incarnations, id) // read to its end and acknowledged
		case !inodes[[2]uint64{i.state.Device, i.state.Inode}] && i.state.ID == id:
			i.state.Offset = i.low
			states = append(states, i.state)
		}
	}
	return states
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
