package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/millrace/millrace/internal/agent"
	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/console"
	"github.com/millrace/millrace/internal/loadgen"
	"github.com/millrace/millrace/internal/tail"
)

// folder is what `up` is given: a template, and optionally an agent and a
// generator to go with it.
type folder struct {
	Stack    string
	Template string // text
	File     string // of the template, named in diagnostics
	Agent    []byte // agent.json; nil without one
	Generate []byte // generate.yaml; nil without one
}

// readFolder reads a folder's files.
func readFolder(files fs.FS, name, stack string) (folder, error) {
	template, err := fs.ReadFile(files, "template.yaml")
	if err != nil {
		return folder{}, fmt.Errorf("%s: %w", name, err)
	}
	f := folder{Stack: stack, Template: string(template), File: filepath.Join(name, "template.yaml")}
	for file, into := range map[string]*[]byte{"agent.json": &f.Agent, "generate.yaml": &f.Generate} {
		b, err := fs.ReadFile(files, file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return f, fmt.Errorf("%s: %w", name, err)
		}
		*into = b
	}
	return f, nil
}

// check refuses bad files before anything is started.
func (f folder) check() error {
	if f.Generate != nil {
		if _, err := f.generator(); err != nil {
			return err
		}
	}
	if f.Agent != nil {
		if _, err := f.agent(); err != nil {
			return err
		}
	}
	return nil
}

// beside names a file of the folder as diagnostics do.
func (f folder) beside(name string) string { return filepath.Join(filepath.Dir(f.File), name) }

func (f folder) agent() (agent.Config, error) { return agent.Parse(f.beside("agent.json"), f.Agent) }

func (f folder) generator() (generator, error) {
	g := generator{Format: "combined", Rate: 50, Seed: 1, Output: "logs/access.log"}
	name := f.beside("generate.yaml")
	if err := config.LoadYAML(name, f.Generate, &g); err != nil {
		return g, err
	}
	switch {
	case g.Format != "combined":
		return g, fmt.Errorf("%s: format: %q is not supported; there is: combined", name, g.Format)
	case g.Rate < 0 || g.RotateBytes < 0:
		return g, fmt.Errorf("%s: rate and rotate_bytes must not be negative", name)
	}
	return g, nil
}

// pipelines are the agents and generators that `up` runs beside the stacks.
type pipelines struct {
	dir  string
	log  *slog.Logger
	taps agentTaps

	endpoint, region, accessKeyID, secret string

	mu      sync.Mutex
	agents  []*agent.Agent
	rates   map[string]float64 // generated lines a second, by file
	running sync.WaitGroup
	cancel  []context.CancelFunc
}

// generator is generate.yaml.
type generator struct {
	Format string  `yaml:"format"`
	Rate   float64 `yaml:"rate"`
	Seed   uint64  `yaml:"seed"`
	Output string  `yaml:"output"`
	// RotateBytes renames the file at this size; 0 never does.
	RotateBytes int64 `yaml:"rotate_bytes"`
}

// logFile is where a relative path of an agent.json or a generate.yaml lies:
// each stack has a folder for its logs.
func (p *pipelines) logFile(stack, name string) string {
	return filepath.Join(p.dir, "logs", stack, name)
}

// Start runs the folder's generator and agent. A log given in place of the
// generator's is read from its beginning instead.
func (p *pipelines) Start(f folder, log string) error {
	if log == "" && f.Generate != nil {
		if err := p.startGenerator(f); err != nil {
			return err
		}
	}
	if f.Agent != nil {
		return p.startAgent(f, log)
	}
	if log != "" {
		return fmt.Errorf("stack %q has no agent.json to ship %s", f.Stack, log)
	}
	return nil
}

func (p *pipelines) startGenerator(f folder) error {
	g, err := f.generator()
	if err != nil {
		return err
	}
	file := g.Output
	if !filepath.IsAbs(file) {
		file = p.logFile(f.Stack, file)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("start generator: %w", err)
	}
	p.mu.Lock()
	p.rates[file] = g.Rate
	p.mu.Unlock()
	p.run("generator", f.Stack, func(ctx context.Context) error {
		return loadgen.Generate(ctx, loadgen.Options{Path: file, Rate: g.Rate, Seed: g.Seed, RotateBytes: g.RotateBytes})
	})
	return nil
}

func (p *pipelines) startAgent(f folder, log string) error {
	cfg, err := f.agent()
	if err != nil {
		return err
	}
	if log != "" && len(cfg.Flows) > 1 {
		return fmt.Errorf("%s has %d flows; --log takes the place of one", f.beside("agent.json"), len(cfg.Flows))
	}
	for i := range cfg.Flows {
		flow := &cfg.Flows[i]
		switch {
		case log != "":
			flow.FilePattern, flow.InitialPosition = log, tail.StartOfFile
		case !filepath.IsAbs(flow.FilePattern):
			flow.FilePattern = p.logFile(f.Stack, flow.FilePattern)
		}
	}
	for _, w := range cfg.Warnings {
		p.log.Warn("agent.json key has no effect", "place", w.Error())
	}
	a, err := agent.New(cfg, agent.Options{
		Logger: p.log.With("stack", f.Stack), AccessKeyID: p.accessKeyID, SecretAccessKey: p.secret,
		Endpoint: p.endpoint, Region: p.region,
		CheckpointPath: filepath.Join(p.dir, "agent", f.Stack, "checkpoint"), Tap: p.taps.pass,
	})
	if err != nil {
		return fmt.Errorf("start agent of stack %q: %w", f.Stack, err)
	}
	p.mu.Lock()
	p.agents = append(p.agents, a)
	p.mu.Unlock()
	p.run("agent", f.Stack, a.Run)
	return nil
}

func (p *pipelines) run(what, stack string, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	p.mu.Lock()
	p.cancel = append(p.cancel, cancel)
	p.mu.Unlock()
	p.running.Go(func() {
		if err := run(ctx); err != nil && ctx.Err() == nil {
			p.log.Error(what+" ended", "stack", stack, "error", err)
		}
	})
}

// Stop ends generators and agents; agents send what they have read.
func (p *pipelines) Stop() {
	p.mu.Lock()
	cancel := p.cancel
	p.mu.Unlock()
	for _, c := range cancel {
		c()
	}
	p.running.Wait()
}

// flows shows the agents' flows to the console.
func (p *pipelines) flows() []console.Flow {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []console.Flow
	for _, a := range p.agents {
		for _, f := range a.Snapshot().Flows {
			flow := console.Flow{
				Name: f.DeliveryStream, FilePattern: f.FilePattern, DeliveryStream: f.DeliveryStream,
				LinesRead: f.Received, RecordsSent: f.Sent, RecordsFailed: f.Failed, LinesUnmatched: f.Dropped,
				BytesBehind: int64(f.LagBytes), Files: []string{f.FilePattern}, GeneratorRate: p.rates[f.FilePattern],
			}
			if f.LastError != "" {
				flow.LastError = &console.Failure{Message: f.LastError, At: unixMilli(f.LastErrorAt), Current: f.Failing}
			}
			out = append(out, flow)
		}
	}
	return out
}

func newPipelines(dir string, log *slog.Logger) *pipelines {
	return &pipelines{dir: dir, log: log, rates: map[string]float64{}}
}
