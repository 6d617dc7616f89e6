package application

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
	"github.com/millrace/millrace/internal/sql"
)

// Streams are the delivery streams that applications read and write.
type Streams interface {
	// Stream returns the journal's stream of an ACTIVE delivery stream.
	Stream(arn string) (record.StreamID, error)
	// AppendTo adds records to a batch as if the role had put them: limits,
	// counters and firehose:PutRecordBatch apply. With an error the batch and
	// the builder are as before.
	AppendTo(b *journal.Batch, arn string, records *record.Builder, roleARN string) error
}

// Options are what an application needs from its surroundings.
type Options struct {
	Journal    journal.Journal
	Streams    Streams
	Authorizer call.Authorizer
	Logger     *slog.Logger

	// Functions invokes the Lambda functions of inputs and outputs; an
	// application that has any is refused when it is nil.
	Functions Functions
	// Objects opens reference data; an application that has any is refused when
	// it is nil.
	Objects Objects

	// Now is the clock of counters and timers, never of rows; time.Now if nil.
	Now func() time.Time
	// IdleInterval is how often an application that has read everything asks
	// the journal for a bound; 50 ms if 0.
	IdleInterval time.Duration
	// Allowance is how far bounds stay behind the present: 0 closes windows as
	// soon as they are over.
	Allowance time.Duration
	// SnapshotInterval is how much work a restart repeats at most; 5 s if 0.
	SnapshotInterval time.Duration
	// FunctionInterval is how often an output's function is invoked at most when
	// there are rows all the time, and how long an invocation that failed waits
	// before the next, first; 1 s if 0.
	FunctionInterval time.Duration
	// BacklogBytes is how much a function may leave undelivered until results,
	// and with them the input, wait for it; 256 MiB if 0.
	BacklogBytes int64
	// Limits is how much one operator of an application may hold.
	Limits sql.Limits
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.IdleInterval == 0 {
		o.IdleInterval = 50 * time.Millisecond
	}
	if o.SnapshotInterval == 0 {
		o.SnapshotInterval = 5 * time.Second
	}
	if o.FunctionInterval == 0 {
		o.FunctionInterval = time.Second
	}
	if o.BacklogBytes == 0 {
		o.BacklogBytes = 256 << 20
	}
	return o
}

// Position is where an application begins to read.
type Position int

const (
	// LastStoppedPoint goes on with the state that the application was stopped
	// or killed with; one that never ran begins Now.
	LastStoppedPoint Position = iota
	// Now forgets that state and begins with what arrives from here on.
	Now
)

// Application is a running application.
type Application struct {
	plan *plan
	opts Options
	log  *slog.Logger

	input     record.StreamID
	source    record.StreamID // that the engine's rows come from: input, or what was processed of it
	private   *privateStreams
	tables    string // fingerprint of the reference data
	engine    *sql.Engine
	sink      *sink
	reader    *frames
	inputs    []*streamWatch // the input's rows
	processor *processor     // nil if there is none
	functions []*functionOutput
	waits     waits

	ready  chan struct{} // closed when replay is over
	done   chan struct{} // closed when run has ended
	failed chan error    // why a part of the run ended, one at least
	stop   chan struct{} // closed by Stop
	cancel context.CancelFunc
	once   sync.Once
	work   sync.WaitGroup // goroutines of the run

	// Of run's goroutine alone:
	frames     chan *record.Frame
	feedErr    error // valid when frames is closed
	next       record.Sequence
	applied    int64   // newest bound given to the engine
	bounds     []bound // since the last sealed step
	silent     bool    // the last of bounds had no result
	promise    *bound  // of the journal, for when next gets there
	step       uint64  // newest sealed step
	commit     *commit // under way, or nil
	keeper     *keeper
	snapshot   chan error    // of the snapshot under way, or nil
	dirty      bool          // the newest snapshot is older than the state
	taken      time.Time     // when the newest snapshot was
	pause      time.Duration // from there to the next one
	stateBytes int           // expected size of the next

	mu       sync.Mutex
	progress progress
}

// progress is what Status shows of the run.
type progress struct {
	next    record.Sequence
	bound   int64 // newest that the engine was given
	step    uint64
	idle    bool  // nothing is pending or under way
	arrival int64 // of the newest frame that was read
	records int64
	bytes   int64
	input   record.Sequence // of the input, that was read up to here
	err     error           // why the run ended
}

// Start checks the application, settles where it begins and runs it. It returns
// before replay is over: see Ready. Errors are *sql.Diagnostics for the code,
// *InvalidError for what cannot be honoured, and what Streams, Authorizer and
// Journal answer.
func Start(ctx context.Context, opts Options, c Config, from Position) (*Application, error) {
	p, err := c.plan()
	if err != nil {
		return nil, err
	}
	a := &Application{
		plan: p, opts: opts.withDefaults(), log: opts.Logger.With("application", c.Name),
		ready: make(chan struct{}), done: make(chan struct{}), stop: make(chan struct{}),
		frames: make(chan *record.Frame, 4), failed: make(chan error, 1),
	}
	a.pause = a.opts.SnapshotInterval
	if a.input, err = opts.Streams.Stream(c.Input.ARN); err != nil {
		return nil, err
	}
	if err := opts.Authorizer.AuthorizeRole(ctx, c.Input.RoleARN, "firehose:GetRecords", c.Input.ARN); err != nil {
		return nil, err
	}
	for _, o := range c.Outputs {
		if o.Kind == ToFunction {
			continue // the role is asked at each invocation, as AWS does
		}
		if _, err := opts.Streams.Stream(o.ARN); err != nil {
			return nil, err
		}
	}
	if err := p.surroundings(opts); err != nil {
		return nil, err
	}
	a.sink = newSink(p, a.opts.Now)
	a.engine = p.program.NewEngine(a.sink, a.opts.Limits)
	for _, in := range p.inputs {
		a.inputs = append(a.inputs, newStreamWatch(in.Name, in.Columns, p.program.Needed(in.Name), a.opts.Now))
	}
	a.reader = newFrames(p, a.push, a.mark, a.sink.Error)
	state, err := load(opts.Journal, c.Name)
	if err != nil {
		return nil, err
	}
	if err := a.settle(ctx, state, from); err != nil {
		return nil, fmt.Errorf("start application %q: %w", c.Name, err)
	}
	if err := a.connect(); err != nil {
		return nil, fmt.Errorf("start application %q: %w", c.Name, err)
	}
	var running context.Context
	running, a.cancel = context.WithCancel(context.Background())
	go a.run(running, state)
	return a, nil
}

// Ready is closed when the application has caught up with its last step and
// new results count. If it ends before that, only Done is closed.
func (a *Application) Ready() <-chan struct{} { return a.ready }

// Done is closed when the application has ended, by Stop or by an error.
func (a *Application) Done() <-chan struct{} { return a.done }

// Err is why the application ended, after Done: nil if it was stopped.
func (a *Application) Err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.progress.err
}

// Stop commits what is pending and writes a last snapshot. When ctx ends first,
// that work is left for the next start to repeat; nothing is lost either way.
func (a *Application) Stop(ctx context.Context) {
	a.once.Do(func() { close(a.stop) })
	select {
	case <-a.done:
	case <-ctx.Done():
		a.cancel()
		<-a.done
	}
}

// connect makes the parts that run beside the engine.
func (a *Application) connect() (err error) {
	if a.plan.Input.Processor != nil {
		if a.processor, err = newProcessor(a); err != nil {
			return err
		}
	}
	for _, out := range a.sink.pending {
		if out.Kind != ToFunction {
			continue
		}
		if out.function, err = newFunctionOutput(a, out.Output, out.id); err != nil {
			return err
		}
		a.functions = append(a.functions, out.function)
	}
	return nil
}

// Watch shows the recent rows of an in-application stream and then those that
// follow.
func (a *Application) Watch(stream string) (*Watch, error) {
	for _, in := range a.inputs {
		if stream == in.name {
			return in.watch(), nil
		}
	}
	if st := a.sink.streams[stream]; st != nil {
		return st.watch.watch(), nil
	}
	return nil, fmt.Errorf("%w: %q in application %q", ErrNoStream, stream, a.plan.Name)
}
