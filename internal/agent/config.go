package agent

import (
	"fmt"
	"os"
	"time"

	"github.com/millrace/millrace/internal/tail"
)

// Config is what an agent.json says, checked, with the Kinesis Agent's defaults filled in.
type Config struct {
	File     string // where it was read from
	Flows    []FlowConfig
	Warnings []Diagnostic // keys that have no effect here, each with its reason

	FirehoseEndpoint   string // with scheme; "" = AWS
	AccessKeyID        string // "" = the SDK's chain
	SecretAccessKey    string
	CheckpointFile     string
	MaxSendingThreads  int
	MaxConnections     int
	ConnectionTimeout  time.Duration
	SocketTimeout      time.Duration
	ShutdownTimeout    time.Duration
	StatusReportPeriod time.Duration
	UserAgent          string // prefix of ours
	UserAgentOverride  string
}

// FlowConfig is one file pattern and where its lines go.
type FlowConfig struct {
	FilePattern     string
	DeliveryStream  string
	InitialPosition tail.Position

	MaxBufferAge     time.Duration
	MaxBufferRecords int
	MaxBufferBytes   int // of records before base64

	RetryInitialBackoff time.Duration
	RetryMaxBackoff     time.Duration
	PollInterval        time.Duration
	RefreshInterval     time.Duration

	TruncatedRecordTerminator string

	convert converter
}

// ID names the flow in logs and in the checkpoint, as the Kinesis Agent does.
func (c FlowConfig) ID() string { return "fh:" + c.DeliveryStream + ":" + c.FilePattern }

// DefaultCheckpointFile outlives a reboot, unlike the Kinesis Agent's under /var/run.
const DefaultCheckpointFile = "/var/lib/millrace-agent/checkpoint"

// Load reads an agent.json. An unreadable file is an error of the file system, a wrong one a ConfigError.
func Load(path string) (Config, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, src)
}

// Parse reads the text of an agent.json; name stands in the diagnostics. All errors are found at once.
func Parse(name string, src []byte) (Config, error) {
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
	if len(r.errors) > 0 {
		return c, r.errors
	}
	return c, nil
}
