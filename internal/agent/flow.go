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

func (f *flow) fail(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	f.count.setError(err, time.Now())
	f.logger.Error("flow is held up", "error", err)
}
