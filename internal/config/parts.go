package config

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// Archive is an S3 in place of the embedded one.
type Archive struct {
	Endpoint  string `yaml:"endpoint"`   // https://host, empty for the embedded one
	Region    string `yaml:"region"`     // that requests are signed for; default: the server's
	PathStyle bool   `yaml:"path_style"` // https://host/bucket/key; else https://bucket.host/key
	// AccessKeyID and the secret; without them the AWS chain of the environment
	// that the server was started in.
	AccessKeyID         string `yaml:"access_key_id"`
	SecretAccessKey     string `yaml:"secret_access_key"`
	SecretAccessKeyFile string `yaml:"secret_access_key_file"`
	CAFile              string `yaml:"ca_file"`
}

// Function is where a Lambda function is reached: an address that speaks the
// Lambda Invoke API, or a command that is run for each invocation, with the
// event on its standard input and the result on its standard output.
// `arn: http://127.0.0.1:9001` is short for the address alone.
type Function struct {
	URL     string        `yaml:"url"`
	Command []string      `yaml:"command"`
	Timeout time.Duration `yaml:"timeout"` // of one invocation; default 60 s
}

// UnmarshalYAML accepts the address alone.
func (f *Function) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&f.URL)
	}
	type plain Function
	return n.Load((*plain)(f), yaml.WithKnownFields())
}

// SQL is what holds for the SQL of applications.
type SQL struct {
	Limits SQLLimits `yaml:"limits"`
}

// SQLLimits is what one operator of an application may hold before further rows become error rows: a window's groups; a
// sliding window's, a join's or a sort's rows. 0 is no limit.
type SQLLimits struct {
	Groups int `yaml:"groups"`
	Rows   int `yaml:"rows"`
}

// Limits are a delivery stream's quotas; zero is none. `limits: aws` stands for
// those that AWS gives a stream by default in its region.
type Limits struct {
	AWS               bool    `yaml:"-"`
	RecordsPerSecond  float64 `yaml:"records_per_second"`
	RequestsPerSecond float64 `yaml:"requests_per_second"`
	MiBPerSecond      float64 `yaml:"mib_per_second"`
	// ControlCallsPerSecond is for each operation that is not a put.
	ControlCallsPerSecond float64 `yaml:"control_calls_per_second"`
}

// UnmarshalYAML accepts the words aws and off.
func (l *Limits) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		switch n.Value {
		case "aws":
			*l = Limits{AWS: true}
		case "off":
			*l = Limits{}
		default:
			return fmt.Errorf("%q: want aws, off or the limits themselves", n.Value)
		}
		return nil
	}
	type plain Limits
	return n.Load((*plain)(l), yaml.WithKnownFields())
}

// Retention of what cannot be delivered.
const (
	RetentionKeep = "keep" // until the journal's quota answers puts with 503
	RetentionDrop = "drop" // for 24 hours, as AWS does
)

func (c *Config) checkParts() error {
	if err := c.Archive.check(); err != nil {
		return err
	}
	for arn, f := range c.Functions {
		if err := f.check(arn); err != nil {
			return err
		}
	}
	for name := range c.Tables {
		if database, table, ok := strings.Cut(name, "."); !ok || database == "" || table == "" || strings.Contains(table, ".") {
			return fmt.Errorf("tables: %q: want DATABASE.TABLE", name)
		}
	}
	if !slices.Contains([]string{RetentionKeep, RetentionDrop}, c.Retention) {
		return fmt.Errorf("retention: %q: want keep or drop", c.Retention)
	}
	l := c.Limits
	if min(l.RecordsPerSecond, l.RequestsPerSecond, l.MiBPerSecond, l.ControlCallsPerSecond) < 0 {
		return errors.New("limits: must not be negative; 0 is no limit")
	}
	if min(c.SQL.Limits.Groups, c.SQL.Limits.Rows) < 0 {
		return errors.New("sql: limits must not be negative; 0 is no limit")
	}
	return nil
}

func (a *Archive) check() error {
	if a.Endpoint == "" {
		if *a != (Archive{}) {
			return errors.New("archive: endpoint is missing")
		}
		return nil
	}
	u, err := url.Parse(a.Endpoint)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || strings.Trim(u.Path, "/") != "":
		return fmt.Errorf("archive: %q: want https://host:port", a.Endpoint)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return fmt.Errorf("archive: %s: records never go over plain HTTP to another machine; use https", a.Endpoint)
	case a.SecretAccessKey != "" && a.SecretAccessKeyFile != "":
		return errors.New("archive: give secret_access_key or secret_access_key_file, not both")
	case (a.AccessKeyID == "") != (a.SecretAccessKey == "" && a.SecretAccessKeyFile == ""):
		return errors.New("archive: access_key_id and its secret go together")
	}
	return nil
}

// Secret returns the secret key, read from its file if one is given.
func (a *Archive) Secret() (string, error) {
	if a.SecretAccessKeyFile == "" {
		return a.SecretAccessKey, nil
	}
	b, err := os.ReadFile(a.SecretAccessKeyFile)
	if err != nil {
		return "", fmt.Errorf("archive: read secret_access_key_file: %w", err)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

func (f *Function) check(arn string) error {
	if parts := strings.Split(arn, ":"); len(parts) < 7 || parts[0] != "arn" || parts[2] != "lambda" || parts[5] != "function" {
		return fmt.Errorf("functions: %q: want the ARN of a Lambda function", arn)
	}
	if (f.URL == "") == (len(f.Command) == 0) {
		return fmt.Errorf("functions: %s: want an address or a command", arn)
	}
	if f.URL != "" {
		u, err := url.Parse(f.URL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("functions: %s: %q: want http://host:port", arn, f.URL)
		}
		if u.Scheme == "http" && !loopback(u.Hostname()) {
			return fmt.Errorf("functions: %s: records never go over plain HTTP to another machine; use https", arn)
		}
	}
	if f.Timeout < 0 {
		return fmt.Errorf("functions: %s: timeout must not be negative", arn)
	}
	return nil
}
