package agent

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"runtime/debug"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Options are what the caller adds to the configuration file. Set fields win over the file.
type Options struct {
	Logger          *slog.Logger // discard
	AccessKeyID     string       // with SecretAccessKey
	SecretAccessKey string
	SessionToken    string
	Endpoint        string // of Firehose, with scheme
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
	client  *client
	store   *store
	kept    []flowCheckpoint // of flows that the configuration no longer has
	flows   []*flow
	sending chan struct{} // requests under way, of all flows
	batches sync.Pool
	started time.Time

	saving sync.Mutex
	pace   pace
}

// pace is what tests have faster.
type pace struct {
	quiet      time.Duration // see tail.Options, 0 = its default
	checkpoint time.Duration // between two checkpoints, 0 = one second
}

const (
	memoryLimit = 16 << 20 // of batches under way, shared by the flows evenly, so that one that is stuck does not stop the others
)

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
	endpoint, region := destination(cfg, opts)
	provider, err := credentialsProvider(cfg, opts, region)
	if err != nil {
		return nil, err
	}
	if a.client, err = newClient(cfg, endpoint, region, userAgent(cfg), provider); err != nil {
		return nil, err
	}
	var known checkpoint
	if a.store, known, err = openStore(a.cfg.CheckpointFile); err != nil {
		return nil, err
	}
	if err := a.addFlows(known); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func (a *Agent) addFlows(known checkpoint) error {
	mine := make(map[string]bool)
	for _, cfg := range a.cfg.Flows {
		f, err := newFlow(a, cfg, known.flow(cfg.ID()))
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

var firehoseHost = regexp.MustCompile(`^https?://firehose(?:-fips)?\.([a-z0-9-]+)\.`)

// destination is where to send to and the region to sign for: what the options say, what the endpoint's name says, what the environment says, us-east-1.
func destination(cfg Config, opts Options) (endpoint, region string) {
	endpoint, region = cfg.FirehoseEndpoint, opts.Region
	if opts.Endpoint != "" {
		endpoint = opts.Endpoint
	}
	if match := firehoseHost.FindStringSubmatch(endpoint); region == "" && match != nil {
		region = match[1]
	}
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		if region == "" && endpoint != "" {
			region = os.Getenv(name)
		}
	}
	if region == "" {
		region = "us-east-1"
	}
	if endpoint == "" {
		endpoint = "https://firehose." + region + ".amazonaws.com"
	}
	return endpoint, region
}

// credentialsProvider takes the options' keys, the file's keys, or the SDK's chain: environment, shared files, container, instance.
func credentialsProvider(cfg Config, opts Options, region string) (aws.CredentialsProvider, error) {
	switch {
	case opts.AccessKeyID != "":
		return credentials.NewStaticCredentialsProvider(opts.AccessKeyID, opts.SecretAccessKey, opts.SessionToken), nil
	case cfg.AccessKeyID != "":
		return credentials.NewStaticCredentialsProvider(cfg.AccessKeyID, cfg.SecretAccessKey, ""), nil
	}
	chain, err := config.LoadDefaultConfig(context.Background(), config.WithRegion(region))
	if err != nil {
		return nil, fmt.Errorf("load credentials: %w", err)
	}
	return chain.Credentials, nil
}

func userAgent(cfg Config) string {
	if cfg.UserAgentOverride != "" {
		return cfg.UserAgentOverride
	}
	ours := "millrace-agent"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		ours += "/" + info.Main.Version
	}
	if cfg.UserAgent != "" {
		return cfg.UserAgent + " " + ours
	}
	return ours
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
	a.store.close()
	a.client.http.CloseIdleConnections()
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

// saveCheckpoint writes where all flows stand now.
func (a *Agent) saveCheckpoint() error {
	a.saving.Lock()
	defer a.saving.Unlock()
	c := checkpoint{flows: append([]flowCheckpoint{}, a.kept...)}
	for _, f := range a.flows {
		c.flows = append(c.flows, flowCheckpoint{f.id, f.states()})
	}
	return a.store.save(c)
}

func (a *Agent) takeBatch() *batch { return a.batches.Get().(*batch) }
func (a *Agent) giveBatch(b *batch) {
	b.incarnation, b.span = nil, nil
	a.batches.Put(b)
}
