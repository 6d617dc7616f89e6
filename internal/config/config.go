// Package config is what a user may set for the server itself: ports, limits
// and the addresses of exchanged parts. What a pipeline is made of is not here
// but in AWS's own words: templates, agent.json, the application's SQL.
//
// A value comes from the flag, else from MILLRACE_<NAME>, else from
// millrace.yaml in the data directory, else from Default.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// FileName is the file in the data directory.
const FileName = "millrace.yaml"

// Config is millrace.yaml.
type Config struct {
	Region      string `yaml:"region"`
	EdgePort    int    `yaml:"edge_port"`    // 0 takes a free one
	ConsolePort int    `yaml:"console_port"` // 0 takes a free one
	SearchPort  int    `yaml:"search_port"`  // 0 takes a free one; further domains take free ones

	// JournalQuotaMiB bounds what delivery streams may keep; puts are answered
	// with ServiceUnavailableException beyond it.
	JournalQuotaMiB int64 `yaml:"journal_quota_mib"`
	// DiskReserveMiB of free space are left on the data directory's disk.
	DiskReserveMiB int64 `yaml:"disk_reserve_mib"`

	// Strict refuses roles that do not exist instead of warning once.
	Strict bool `yaml:"strict"`

	// Search replaces the embedded index by a cluster.
	Search Search `yaml:"search"`
	// Archive replaces the embedded S3.
	Archive Archive `yaml:"archive"`
	// Functions are Lambda functions by their ARNs, without a version or alias.
	Functions map[string]Function `yaml:"functions"`
	// Tables stand in place of AWS Glue: by DATABASE.TABLE the file that holds
	// the schema, relative to the data directory.
	Tables map[string]string `yaml:"tables"`
	// AcceptJournalLoss takes a journal that is not what was noted of it. It is
	// a flag of one start and not a setting.
	AcceptJournalLoss bool `yaml:"-"`
	// Limits throttle puts as AWS does; without them nothing is throttled.
	Limits Limits `yaml:"limits"`
	// Retention says what becomes of records that cannot be delivered.
	Retention string `yaml:"retention"`
	// SQL bounds what applications hold in memory.
	SQL SQL `yaml:"sql"`
}

// Search is the address of an OpenSearch or Elasticsearch cluster and how to
// enter it. `search: https://host:9200` is short for its URL alone.
type Search struct {
	URL          string `yaml:"url"`
	Username     string `yaml:"username"`
	Password     string `yaml:"password"`
	PasswordFile string `yaml:"password_file"`
	CAFile       string `yaml:"ca_file"`
}

// UnmarshalYAML accepts the address alone.
func (s *Search) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&s.URL)
	}
	type plain Search
	return n.Load((*plain)(s), yaml.WithKnownFields())
}

// Default is what holds when nothing is set.
func Default() Config {
	return Config{
		Region: "us-east-1", EdgePort: 4566, ConsolePort: 4580, SearchPort: 9200,
		JournalQuotaMiB: 20 << 10, DiskReserveMiB: 512, Retention: RetentionKeep,
		SQL: SQL{Limits: SQLLimits{Groups: 4 << 20, Rows: 16 << 20}},
	}
}

// Load reads millrace.yaml of the data directory over the defaults, then the
// environment over both. A missing file is an empty one.
func Load(dir string, getenv func(string) string) (Config, error) {
	c := Default()
	name := filepath.Join(dir, FileName)
	text, err := os.ReadFile(name)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return c, fmt.Errorf("read configuration: %w", err)
	default:
		if err := LoadYAML(name, text, &c); err != nil {
			return c, err
		}
		if err := c.Check(); err != nil {
			key, _, _ := strings.Cut(err.Error(), ":")
			line, column := place(text, key)
			return c, at(name, line, column, err)
		}
	}
	if err := c.environment(getenv); err != nil {
		return c, err
	}
	return c, c.Check()
}

func (c *Config) environment(getenv func(string) string) error {
	ints := map[string]*int{
		"MILLRACE_EDGE_PORT": &c.EdgePort, "MILLRACE_CONSOLE_PORT": &c.ConsolePort, "MILLRACE_SEARCH_PORT": &c.SearchPort,
	}
	for name, field := range ints {
		if v := getenv(name); v != "" {
			n, err := strconv.Atoi(v)
			if err != nil {
				return fmt.Errorf("%s=%q: want a port number", name, v)
			}
			*field = n
		}
	}
	sizes := map[string]*int64{"MILLRACE_JOURNAL_QUOTA_MIB": &c.JournalQuotaMiB, "MILLRACE_DISK_RESERVE_MIB": &c.DiskReserveMiB}
	for name, field := range sizes {
		if v := getenv(name); v != "" {
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil {
				return fmt.Errorf("%s=%q: want a number of MiB", name, v)
			}
			*field = n
		}
	}
	for name, field := range map[string]*string{
		"MILLRACE_REGION": &c.Region, "MILLRACE_SEARCH_URL": &c.Search.URL,
		"MILLRACE_SEARCH_USERNAME": &c.Search.Username, "MILLRACE_SEARCH_PASSWORD": &c.Search.Password,
	} {
		if v := getenv(name); v != "" {
			*field = v
		}
	}
	if v := getenv("MILLRACE_STRICT"); v != "" {
		strict, err := strconv.ParseBool(v)
		if err != nil {
			return fmt.Errorf("MILLRACE_STRICT=%q: want true or false", v)
		}
		c.Strict = strict
	}
	return nil
}

// Check refuses values that cannot be. An error begins with the key.
func (c *Config) Check() error {
	for _, port := range []struct {
		key   string
		value int
	}{{"edge_port", c.EdgePort}, {"console_port", c.ConsolePort}, {"search_port", c.SearchPort}} {
		if port.value < 0 || port.value > 65535 {
			return fmt.Errorf("%s: %d is no port; 0 takes a free one", port.key, port.value)
		}
	}
	if c.Region == "" {
		return errors.New("region: must not be empty")
	}
	if c.JournalQuotaMiB < 0 {
		return fmt.Errorf("journal_quota_mib: %d must not be negative; 0 is no limit", c.JournalQuotaMiB)
	}
	if c.DiskReserveMiB < 0 {
		return fmt.Errorf("disk_reserve_mib: %d must not be negative; 0 is no limit", c.DiskReserveMiB)
	}
	if err := c.checkParts(); err != nil {
		return err
	}
	return c.Search.check()
}

func (s *Search) check() error {
	if s.URL == "" {
		if *s != (Search{}) {
			return errors.New("search: url is missing")
		}
		return nil
	}
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("search: %q: want https://host:port", s.URL)
	}
	if u.User != nil {
		return errors.New("search: put the user into username, the password into password_file")
	}
	if s.Password != "" && s.PasswordFile != "" {
		return errors.New("search: give password or password_file, not both")
	}
	if u.Scheme == "http" && s.Username != "" && !loopback(u.Hostname()) {
		return fmt.Errorf("search: %s: a password never goes over plain HTTP to another machine; use https", s.URL)
	}
	return nil
}

// Secret returns the password, read from its file if one is given.
func (s *Search) Secret() (string, error) {
	if s.PasswordFile == "" {
		return s.Password, nil
	}
	b, err := os.ReadFile(s.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("search: read password_file: %w", err)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
