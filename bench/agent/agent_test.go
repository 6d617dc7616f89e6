//go:build linux

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary be the sink.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == sinkArgument {
		exit(serveSink())
	}
	os.Exit(m.Run())
}

// The agent is also its own peer here.
func TestMeasures(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs the agent")
	}
	flow := strings.ReplaceAll(agentConfig, "%s", `"maxBufferAgeMillis": 1000, `)
	config := filepath.Join(t.TempDir(), "agent.json")
	if err := os.WriteFile(config, []byte(flow), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	b, err := newBench(t.Context(), options{lines: 20_000, rounds: 1, config: config, files: 20, watch: time.Second}, &out)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	b.peer = "cat >{dir}/agent.json <<'END'\n" + flow + "\nEND\n" + b.binary + " run -c {dir}/agent.json"
	for _, p := range []part{{"file", measureFile}, {"idle", measureIdle}} {
		if err := p.run(t.Context(), b); err != nil {
			t.Fatalf("%s: %v", p.name, err)
		}
	}
	if err := b.growing(t.Context(), "a call a line", `"maxBufferSizeRecords": 1, `); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"20000 of 226 bytes", "millrace-agent: CPU a million lines", "peer: CPU a million lines", "20 files that rest", "20 files, a line/s"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, out.String())
		}
	}
	t.Log(out.String())
}
