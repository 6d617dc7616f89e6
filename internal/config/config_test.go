package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func load(t *testing.T, text string, env map[string]string) (Config, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(dir, func(k string) string { return env[k] })
}

func TestLoad(t *testing.T) {
	c, err := load(t, "edge_port: 1\nsearch: https://search.example:9200\n", map[string]string{"MILLRACE_EDGE_PORT": "2", "MILLRACE_STRICT": "true"})
	if err != nil {
		t.Fatal(err)
	}
	if c.EdgePort != 2 || c.Search.URL != "https://search.example:9200" || !c.Strict || c.ConsolePort != 4580 {
		t.Fatalf("%+v", c)
	}
	c, err = load(t, "search:\n  url: http://127.0.0.1:9200\n  username: u\n  password: p\n", nil)
	if err != nil || c.Search.Username != "u" {
		t.Fatalf("%+v %v", c, err)
	}
	if _, err := load(t, "", nil); err != nil {
		t.Fatal(err)
	}
}

// Exchanged parts and limits, in their short and their long form.
func TestLoadParts(t *testing.T) {
	c, err := load(t, `limits: aws
retention: drop
archive: {endpoint: "https://s3.example", region: eu-west-1, path_style: true}
tables: {weblogs.access: access.yaml}
functions:
  arn:aws:lambda:us-east-1:000000000000:function:clean: http://127.0.0.1:9001
  arn:aws:lambda:us-east-1:000000000000:function:script:
    command: [python3, clean.py]
    timeout: 5s
`, nil)
	if err != nil {
		t.Fatal(err)
	}
	clean, script := c.Functions["arn:aws:lambda:us-east-1:000000000000:function:clean"], c.Functions["arn:aws:lambda:us-east-1:000000000000:function:script"]
	if !c.Limits.AWS || c.Retention != RetentionDrop || !c.Archive.PathStyle || c.Tables["weblogs.access"] != "access.yaml" ||
		clean.URL != "http://127.0.0.1:9001" || script.Command[1] != "clean.py" || script.Timeout != 5*time.Second {
		t.Fatalf("%+v", c)
	}
	c, err = load(t, "sql: {limits: {groups: 10}}\n", nil)
	if err != nil || c.SQL.Limits != (SQLLimits{Groups: 10, Rows: 16 << 20}) {
		t.Fatalf("%+v %v", c.SQL, err)
	}
	c, err = load(t, "limits:\n  requests_per_second: 0.5\n", nil)
	if err != nil || c.Limits.RequestsPerSecond != 0.5 || c.Retention != RetentionKeep {
		t.Fatalf("%+v %v", c, err)
	}
}

// Everything that is not understood is refused by its name.
func TestLoadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"edge_prot: 1":                         "edge_prot",
		"edge_port: many":                      "many",
		"edge_port: 70000":                     "edge_port",
		"region: ''":                           "region",
		"search: nowhere":                      "nowhere",
		"search:\n  url: https://x\n  user: a": "user",
		"search: https://u:p@host":             "password_file",
		"search:\n  url: http://example.com\n  username: u":               "plain HTTP",
		"search:\n  username: u":                                          "url",
		"journal_quota_mib: -1":                                           "journal_quota_mib",
		"retention: forever":                                              "retention",
		"limits: some":                                                    "aws, off",
		"limits:\n  records_per_second: -1":                               "limits",
		"limits:\n  records: 1":                                           "records",
		"archive:\n  region: x":                                           "endpoint is missing",
		"archive:\n  endpoint: http://s3.example.com":                     "plain HTTP",
		"archive:\n  endpoint: https://x\n  access_key_id: a":             "go together",
		"functions:\n  clean: http://127.0.0.1:1":                         "ARN of a Lambda function",
		"functions:\n  arn:aws:lambda:r:0:function:f: {}":                 "an address or a command",
		"functions:\n  arn:aws:lambda:r:0:function:f: http://example.com": "plain HTTP",
		"tables:\n  web: x.yaml":                                          "DATABASE.TABLE",
	} {
		if _, err := load(t, text, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want it to name %q", text, err, want)
		}
	}
	if _, err := load(t, "", map[string]string{"MILLRACE_SEARCH_PORT": "x"}); err == nil || !strings.Contains(err.Error(), "MILLRACE_SEARCH_PORT") {
		t.Errorf("environment: %v", err)
	}
}

// A mistake in the file is named with its place.
func TestLoadNamesThePlace(t *testing.T) {
	for text, want := range map[string]string{
		"region: a\nsql:\n  limits: {rows: -1}":            "millrace.yaml:3:3: sql: limits must not be negative; 0 is no limit",
		"region: a\nedge_prot: 1":                          "millrace.yaml:2:1: unknown key edge_prot",
		"edge_port: 1\n\nsearch:\n  url: nowhere":          `millrace.yaml:4:3: search: "nowhere": want https://host:port`,
		"region: b\nconsole_port: 70000":                   "millrace.yaml:2:15: console_port: 70000 is no port; 0 takes a free one",
		"edge_port: 1\nsearch:\n  url: http://x\n  usr: a": "millrace.yaml:4:3: unknown key usr",
		"edge_port: many":                                  "millrace.yaml:1:12: ",
		"edge_port: [":                                     "millrace.yaml:",
	} {
		if _, err := load(t, text, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q:\n%v\nwant\n%s", text, err, want)
		}
	}
}

func TestSecretsAreKeptAndPrivate(t *testing.T) {
	dir := t.TempDir()
	first, err := LoadSecrets(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadSecrets(dir)
	if err != nil || again != first {
		t.Fatalf("%+v %v", again, err)
	}
	name := filepath.Join(dir, SecretsFile)
	if info, _ := os.Stat(name); info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v", info.Mode())
	}
	if other, _ := LoadSecrets(t.TempDir()); other.SecretAccessKey == first.SecretAccessKey {
		t.Fatal("two directories share a key")
	}
	_ = os.Chmod(name, 0o644)
	if _, err := LoadSecrets(dir); err == nil {
		t.Fatal("secrets that others read were accepted")
	}
}

// A file without a key is refused: an empty password would let everybody in.
func TestSecretsAreComplete(t *testing.T) {
	for _, key := range []string{"access_key_id", "secret_access_key", "search_user", "search_password", "console_token"} {
		dir := t.TempDir()
		if _, err := LoadSecrets(dir); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, SecretsFile)
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		without := strings.Replace(string(text), `"`+key+`"`, `"was_`+key+`"`, 1)
		if err := os.WriteFile(name, []byte(without), 0o600); err != nil || without == string(text) {
			t.Fatal(err)
		}
		if _, err := LoadSecrets(dir); err == nil || !strings.Contains(err.Error(), "a key is missing") {
			t.Errorf("without %s: %v", key, err)
		}
	}
}

func TestDataDir(t *testing.T) {
	t.Chdir(t.TempDir())
	env := map[string]string{"XDG_DATA_HOME": "/x"}
	get := func(k string) string { return env[k] }
	if d, err := DataDir("", get); d != "/x/millrace" || err != nil {
		t.Fatal(d, err)
	}
	if err := os.Mkdir(LocalDir, 0o700); err != nil {
		t.Fatal(err)
	}
	if d, _ := DataDir("", get); filepath.Base(d) != LocalDir {
		t.Fatal(d)
	}
	if d, _ := DataDir("/y", get); d != "/y" {
		t.Fatal(d)
	}
}
