package agent

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/tail"
)

var rewrite = flag.Bool("rewrite", false, "write what the configurations say into testdata/config/*.txt")

// Each file holds configurations, each followed by what is said about it:
//
//	== title
//	{ … }
//	-- answer
//	agent.json:1:2: text      (warning)
//	…
func TestConfigurations(t *testing.T) {
	files, err := filepath.Glob("testdata/config/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no configurations: %v", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		for i, section := range strings.Split("\n"+string(src), "\n== ") {
			if i == 0 {
				continue
			}
			title, rest, _ := strings.Cut(section, "\n")
			text, _, _ := strings.Cut(rest, "\n-- answer")
			fmt.Fprintf(&out, "== %s\n%s\n-- answer\n%s\n", title, text, describe(Parse("agent.json", []byte(text))))
		}
		if *rewrite {
			if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if out.String() != string(src) {
			t.Errorf("%s differs, got:\n%s", file, out.String())
		}
	}
}

func describe(c Config, err error) string {
	var out strings.Builder
	for _, w := range c.Warnings {
		fmt.Fprintf(&out, "%v (warning)\n", w)
	}
	if err != nil {
		fmt.Fprintln(&out, err)
		return out.String()
	}
	threads := fmt.Sprint(c.MaxSendingThreads)
	if c.MaxSendingThreads == 12*runtime.NumCPU() {
		threads = "12 a core"
	}
	fmt.Fprintf(&out, "endpoint %q, key %q, checkpoint %s, %s threads, timeouts %v %v %v, report %v\n",
		c.FirehoseEndpoint, c.AccessKeyID, c.CheckpointFile, threads, c.ConnectionTimeout, c.SocketTimeout, c.ShutdownTimeout, c.StatusReportPeriod)
	if kinesis := fmt.Sprint(c.KinesisEndpoint, c.KinesisRegion, c.STSEndpoint, c.AssumeRoleARN, c.AssumeRoleExternalID); kinesis != "" {
		fmt.Fprintf(&out, "kinesis %q in %q, sts %q, role %q %q\n", c.KinesisEndpoint, c.KinesisRegion, c.STSEndpoint, c.AssumeRoleARN, c.AssumeRoleExternalID)
	}
	if c.CloudWatch != (CloudWatchConfig{Emit: true, Namespace: "AWSKinesisAgent", BufferTime: 30 * time.Second, QueueSize: 10000}) {
		fmt.Fprintf(&out, "cloudwatch %+v\n", c.CloudWatch)
	}
	if c.MetricsAddress != "" || c.BufferBytes != defaultBufferBytes {
		fmt.Fprintf(&out, "metrics at %q, %d bytes held\n", c.MetricsAddress, c.BufferBytes)
	}
	for _, f := range c.Flows {
		from := "end"
		if f.InitialPosition == tail.StartOfFile {
			from = "start"
		}
		fmt.Fprintf(&out, "%s from %s, buffer %v %d records %d bytes, retry %v to %v, poll %v %v, terminator %q, %d options\n", f.ID(), from,
			f.MaxBufferAge, f.MaxBufferRecords, f.MaxBufferBytes, f.RetryInitialBackoff, f.RetryMaxBackoff, f.PollInterval, f.RefreshInterval,
			f.TruncatedRecordTerminator, len(f.convert.steps))
		if f.BatchesPerFile+f.AggregateBytes+f.SkipHeaderLines > 0 || f.MultiLineStart != nil || f.Footer != nil || f.DeterministicKeys {
			fmt.Fprintf(&out, "  %d batches a file, records of %d bytes, %d header lines, multi-line %v, footer %v, deterministic keys %v\n",
				f.BatchesPerFile, f.AggregateBytes, f.SkipHeaderLines, f.MultiLineStart != nil, f.Footer != nil, f.DeterministicKeys)
		}
	}
	return out.String()
}

func FuzzParseConfig(f *testing.F) {
	files, _ := filepath.Glob("testdata/config/*.txt")
	for _, file := range files {
		src, _ := os.ReadFile(file)
		for _, section := range strings.Split(string(src), "\n== ") {
			_, rest, _ := strings.Cut(section, "\n")
			text, _, _ := strings.Cut(rest, "\n-- answer")
			f.Add([]byte(text))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := Parse("f", src)
		var wrong ConfigError
		if err != nil && !errors.As(err, &wrong) {
			t.Fatalf("%T: %v", err, err)
		}
		for _, d := range append(wrong, c.Warnings...) {
			if d.File != "f" || d.Line < 1 || d.Col < 1 || d.Text == "" {
				t.Fatalf("diagnostic %+v", d)
			}
		}
		if err == nil && (len(c.Flows) == 0 || c.MaxSendingThreads < 1 || c.Flows[0].Stream() == "") {
			t.Fatalf("accepted %+v", c)
		}
	})
}

func TestLoadNamesTheFile(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "missing.json"))
	if err == nil || !strings.Contains(err.Error(), "missing.json") || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func TestSingleLine(t *testing.T) {
	for _, c := range []struct{ options, line, want string }{
		{`[{"optionName":"SINGLELINE"}]`, "\t a b \r", "a b\n"},
		{`[{"optionName":"SINGLELINE","parseOptions":["NO_TRIM","ESCAPE_NEW_LINE"]}]`, " a \r", " a \r\n"},
		{`[{"optionName":"SINGLELINE"},{"optionName":"LOGTOJSON","logFormat":"COMMONAPACHELOG","matchPattern":"(a) (b)","customFieldNames":["x","y"]}]`, "  a b\r", "{\"x\":\"a\",\"y\":\"b\"}\n"},
		{`[]`, " raw \xff\r", " raw \xff\r\n"},
	} {
		cfg, err := Parse("agent.json", []byte(`{"flows":[{"filePattern":"/l/a","deliveryStream":"s","dataProcessingOptions":`+c.options+`}]}`))
		if err != nil {
			t.Fatal(err)
		}
		got, mismatch, err := cfg.Flows[0].convert.append(nil, []byte(c.line))
		if err != nil || mismatch != nil || string(got) != c.want {
			t.Errorf("%s on %q: %q %v, want %q", c.options, c.line, got, mismatch, c.want)
		}
	}
}
