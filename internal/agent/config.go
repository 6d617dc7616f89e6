package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/millrace/millrace/internal/tail"
)

// Config is what an agent.json says, checked, with the Kinesis Agent's defaults filled in.
type Config struct {
	File     string // where it was read from
	Flows    []FlowConfig
	Warnings []Diagnostic // keys that have no effect here, each with its reason

	FirehoseEndpoint string // with scheme; "" = AWS
	KinesisEndpoint  string
	KinesisRegion    string
	STSEndpoint      string

	AccessKeyID          string // "" = the SDK's chain
	SecretAccessKey      string
	AssumeRoleARN        string
	AssumeRoleExternalID string

	CheckpointFile     string
	BufferBytes        int // of all that is held: what is filled, waits and is in flight
	MaxSendingThreads  int
	MaxConnections     int
	ConnectionTimeout  time.Duration
	SocketTimeout      time.Duration
	ShutdownTimeout    time.Duration
	StatusReportPeriod time.Duration
	UserAgent          string // prefix of ours
	UserAgentOverride  string

	MetricsAddress string // where counters are shown to Prometheus; "" = nowhere
	CloudWatch     CloudWatchConfig

	threadsPerCore int
}

// CloudWatchConfig is about the Kinesis Agent's metrics. They are sent where an endpoint is named, or where the flows send to AWS.
type CloudWatchConfig struct {
	Emit        bool
	Endpoint    string
	Namespace   string
	TagInstance bool
	BufferTime  time.Duration
	QueueSize   int
}

// FlowConfig is one file pattern and where its lines go.
type FlowConfig struct {
	FilePattern       string
	DeliveryStream    string
	KinesisStream     string // where there is no delivery stream
	DeterministicKeys bool   // partition keys are digests, not random
	InitialPosition   tail.Position

	MaxBufferAge     time.Duration
	MaxBufferRecords int
	MaxBufferBytes   int // of records before base64

	RetryInitialBackoff time.Duration
	RetryMaxBackoff     time.Duration
	retryMaxSet         bool
	PollInterval        time.Duration
	RefreshInterval     time.Duration

	BatchesPerFile            int // in flight; 0 = as many as there are, in no order
	AggregateBytes            int // lines are packed into one record up to this size, 0 = not
	SkipHeaderLines           int
	TruncatedRecordTerminator string
	MultiLineStart            func(line []byte) bool // a line that begins a record; nil = each does
	Footer                    func(line []byte) bool // a trimmed line that ends a file; nil = none does

	convert converter
	place   Diagnostic // without text
}

func (c FlowConfig) service() *service {
	if c.DeliveryStream != "" {
		return firehoseService()
	}
	return kinesisService()
}

// Stream is the name of what the flow sends to.
func (c FlowConfig) Stream() string {
	if c.DeliveryStream != "" {
		return c.DeliveryStream
	}
	return c.KinesisStream
}

// ID names the flow in logs and in the checkpoint, as the Kinesis Agent does.
func (c FlowConfig) ID() string { return c.service().prefix + c.Stream() + ":" + c.FilePattern }

// throttledBackoff is the longest wait for a service that wants less: two seconds, so that its relief is noticed soon, unless the file says how long.
func (c FlowConfig) throttledBackoff() time.Duration {
	if c.retryMaxSet {
		return c.RetryMaxBackoff
	}
	return min(c.RetryMaxBackoff, 2*time.Second)
}

// DefaultCheckpointFile outlives a reboot, unlike the Kinesis Agent's under /var/run.
const DefaultCheckpointFile = "/var/lib/millrace-agent/checkpoint"

// Load reads an agent.json and the files of the folder agent.d beside it, whose flows are added. An unreadable main file is an error of the file system, a wrong one a
// ConfigError; of agent.d, wrong files are left out with a warning.
func Load(path string) (Config, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	c, errs := parse(path, src)
	if len(errs) == 0 {
		c.addFolder(filepath.Join(filepath.Dir(path), "agent.d"))
	}
	return c.checked(errs)
}

// Parse reads the text of an agent.json; name stands in the diagnostics. All errors are found at once.
func Parse(name string, src []byte) (Config, error) {
	c, errs := parse(name, src)
	return c.checked(errs)
}

func parse(name string, src []byte) (Config, ConfigError) {
	root, err := parseJSON(src)
	if err != nil {
		d := err.(Diagnostic)
		d.File = name
		return Config{}, ConfigError{d}
	}
	r := &configReader{file: name}
	c := Config{File: name}
	if root.kind != objectNode {
		r.fail(root.line, root.col, "the configuration is %s, want an object", root.kind)
	} else {
		r.global(&c, root)
	}
	c.Warnings = r.warnings
	return c, r.errors
}

// addFolder adds the flows of every regular file in dir. Other keys of theirs have no effect, as with the Kinesis Agent.
func (c *Config) addFolder(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			c.Warnings = append(c.Warnings, Diagnostic{dir, 1, 1, "folder is left out: " + err.Error()})
		}
		return
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			continue
		}
		src, err := os.ReadFile(path)
		if err != nil {
			c.Warnings = append(c.Warnings, Diagnostic{path, 1, 1, "file is left out: " + err.Error()})
			continue
		}
		more, errs := parse(path, src)
		if len(errs) > 0 {
			d := errs[0]
			d.Text = "file is left out: " + d.Text
			c.Warnings = append(c.Warnings, d)
			continue
		}
		c.Warnings = append(c.Warnings, more.Warnings...)
		c.Flows = append(c.Flows, more.Flows...)
	}
}

// checked looks at what only the whole tells.
func (c Config) checked(errs ConfigError) (Config, error) {
	seen := make(map[string]bool)
	for _, f := range c.Flows {
		if f.Stream() == "" || f.FilePattern == "" {
			continue
		}
		if id := f.ID(); seen[id] {
			d := f.place
			d.Text = "flow " + id + " is there twice"
			errs = append(errs, d)
		} else {
			seen[id] = true
		}
	}
	if len(c.Flows) == 0 && len(errs) == 0 {
		errs = append(errs, Diagnostic{c.File, 1, 1, "flows is missing or empty: want a list of at least one flow"})
	}
	if len(errs) > 0 {
		return c, errs
	}
	return c, nil
}
