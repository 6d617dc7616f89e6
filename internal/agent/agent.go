package agent

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Options are what the caller adds to the configuration file. Set fields win over the file.
type Options struct {
	Logger          *slog.Logger // discard
	AccessKeyID     string       // with SecretAccessKey; no role is assumed then
	SecretAccessKey string
	SessionToken    string
	Endpoint        string // of Firehose and Kinesis, with scheme
	EndpointFor     []EndpointRule
	Region          string
	CheckpointPath  string

	// Tap is called with each record that goes into a batch, by the flow's reader; it must not keep the record nor take its time.
	Tap func(flow string, record []byte)
}

// Agent runs the flows of one configuration.
type Agent struct {
	cfg     Config
	logger  *slog.Logger
	tap     func(flow string, record []byte)
	clients map[string]*client // by service
	store   *store
	kept    []flowCheckpoint // of flows that the configuration no longer has
	flows   []*flow
	sending chan struct{} // requests under way, of all flows
	batches sync.Pool     // of *batch
	bodies  sync.Pool     // of *[]byte, larger than smallBody
	started time.Time

	metrics    net.Listener // nil = counters are not shown
	cloudWatch *cloudWatch  // nil = nor sent

	saving sync.Mutex
	pace   pace
}

// pace is what tests have faster.
type pace struct {
	quiet      time.Duration // see tail.Options, 0 = its default
	checkpoint time.Duration // between two checkpoints, 0 = one second
	noEvents   bool          // see tail.Options
}

// minFlowMemory is what a flow may hold at least, however many share the configured bytes.
const minFlowMemory = 256 << 10

// New opens the checkpoint, which it locks, and prepares the flows. Nothing is read or sent before Run.
func New(cfg Config, opts Options) (*Agent, error) { return newAgent(cfg, opts, pace{}) }

func newAgent(cfg Config, opts Options, p pace) (*Agent, error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	a := &Agent{
		cfg: cfg, logger: opts.Logger, tap: opts.Tap, pace: p, started: time.Now(),
		sending: make(chan struct{}, cfg.MaxSendingThreads),
	}
	if a.pace.checkpoint == 0 {
		a.pace.checkpoint = time.Second
	}
	a.batches.New = func() any { return new(batch) }
	if opts.CheckpointPath != "" {
		a.cfg.CheckpointFile = opts.CheckpointPath
	}
	if err := a.connect(opts); err != nil {
		return nil, err
	}
	var known checkpoint
	var err error
	if a.store, known, err = openStore(a.cfg.CheckpointFile, a.cfg.Flows, a.logger); err != nil {
		return nil, err
	}
	if err := a.addFlows(known); err != nil {
		a.close()
		return nil, err
	}
	if err := a.listenMetrics(); err != nil {
		a.close()
		return nil, err
	}
	a.cloudWatch = newCloudWatch(cfg, opts, a.clients)
	return a, nil
}

// connect makes a client of each service that a flow sends to.
func (a *Agent) connect(opts Options) error {
	a.clients = make(map[string]*client)
	var provider aws.CredentialsProvider
	for _, flow := range a.cfg.Flows {
		s := flow.service()
		if a.clients[s.name] != nil {
			continue
		}
		endpoint, region := destination(s, a.cfg, opts)
		var err error
		if provider == nil {
			if provider, err = credentialsProvider(a.cfg, opts, region); err != nil {
				return err
			}
		}
		if a.clients[s.name], err = newClient(a.cfg, s, endpoint, region, userAgent(a.cfg), provider, a.logger); err != nil {
			return err
		}
	}
	return nil
}

func (a *Agent) addFlows(known checkpoint) error {
	mine := make(map[string]bool)
	for _, cfg := range a.cfg.Flows {
		f, err := newFlow(a, cfg, a.clients[cfg.service().name], known.flow(cfg.ID()))
		if err != nil {
			return err
		}
		mine[f.id] = true
		a.flows = append(a.flows, f)
	}
	for _, f := range known.flows {
		if !mine[f.id] {
			a.kept = append(a.kept, f)
		}
	}
	return nil
}

// Run ships until ctx ends; then it sends what was read, for at most the configured shutdown timeout, and writes the checkpoint. Trouble with files and the
// service is retried and shown; the error is that of the last checkpoint. Run is called once.
func (a *Agent) Run(ctx context.Context) error {
	defer a.close()
	hard, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	if a.run(ctx, hard, cancel) {
		a.logger.Warn("stopped before all was sent, the rest follows at the next start")
	}
	return a.saveCheckpoint()
}

// run reports whether it had to give up waiting.
func (a *Agent) run(ctx, hard context.Context, cancel func()) (gaveUp bool) {
	var flows, others sync.WaitGroup
	for _, f := range a.flows {
		flows.Go(func() { f.run(ctx, hard) })
	}
	others.Go(func() { a.keepCheckpoint(hard) })
	others.Go(func() { a.report(ctx) })
	if a.metrics != nil {
		others.Go(func() { a.serveMetrics(ctx) })
	}
	if a.cloudWatch != nil {
		others.Go(func() { a.keepCloudWatch(hard) })
	}
	finished := make(chan struct{})
	go func() { flows.Wait(); close(finished) }()
	<-ctx.Done()
	select {
	case <-finished:
	case <-time.After(a.cfg.ShutdownTimeout):
		gaveUp = true
	}
	cancel()
	<-finished
	others.Wait()
	return gaveUp
}

func (a *Agent) close() {
	for _, f := range a.flows {
		f.tailer.Close()
	}
	if a.metrics != nil {
		a.metrics.Close()
	}
	a.store.close()
	for _, c := range a.clients {
		c.http.CloseIdleConnections()
	}
}

// keepCheckpoint writes the checkpoint as it moves.
func (a *Agent) keepCheckpoint(ctx context.Context) {
	complain := limiter{every: failureLogPeriod}
	for sleep(ctx, a.pace.checkpoint, nil) == nil {
		if err := a.saveCheckpoint(); err != nil {
			if _, ok := complain.allow(time.Now()); ok {
				a.logger.Error("checkpoint cannot be written, a restart would send more again", "error", err)
			}
		}
	}
}

// saveCheckpoint writes where all flows stand now, if any of them has moved.
func (a *Agent) saveCheckpoint() error {
	a.saving.Lock()
	defer a.saving.Unlock()
	c := checkpoint{flows: append([]flowCheckpoint{}, a.kept...)}
	revisions, moved := make([]uint64, len(a.flows)), false
	for i, f := range a.flows {
		revisions[i] = f.revision() // before the states: what changes meanwhile is written next time
		moved = moved || revisions[i] != f.savedRevision()
	}
	if !moved && a.store.written != nil {
		return nil
	}
	own := len(c.flows)
	for _, f := range a.flows {
		c.flows = append(c.flows, f.checkpoint())
	}
	if err := a.store.save(c); err != nil {
		return err
	}
	for i, f := range a.flows {
		f.noteSaved(c.flows[own+i].files, revisions[i])
	}
	return nil
}

func (a *Agent) takeBatch() *batch { return a.batches.Get().(*batch) }

// giveBatch keeps a batch that nobody needs any more, and its body apart if that is a large one.
func (a *Agent) giveBatch(b *batch) {
	b.flow, b.incarnation, b.span, b.refusal = nil, nil, nil, nil
	clear(b.entries[:cap(b.entries)]) // of the spans that they point to
	if cap(b.body) > smallBody {
		if body := b.body; cap(body) <= pooledBody {
			a.bodies.Put(&body)
		}
		b.body = nil
	}
	a.batches.Put(b)
}

// growBody makes room for n bytes: a little at a time while the body is small, at once when it becomes a large one.
func (a *Agent) growBody(b *batch, n int) {
	if cap(b.body) > smallBody || len(b.body)+n <= smallBody {
		return
	}
	b.body = append(a.largeBody(), b.body...)
}

func (a *Agent) largeBody() []byte {
	if body, ok := a.bodies.Get().(*[]byte); ok {
		return (*body)[:0]
	}
	return make([]byte, 0, 256<<10)
}
