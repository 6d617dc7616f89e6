//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// bench is the built agent, a sink and a folder for everything else.
type bench struct {
	options
	out    io.Writer
	root   string // of the module
	dir    string // removed at the end
	binary string
	sink   *sink
	n      int
}

// newBench builds the agent from the source tree that the command is run in.
func newBench(ctx context.Context, o options, out io.Writer) (*bench, error) {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return nil, fmt.Errorf("find the module: %w", err)
	}
	dir, err := os.MkdirTemp("", "mragent")
	if err != nil {
		return nil, err
	}
	b := &bench{options: o, out: out, root: strings.TrimSpace(string(root)), dir: dir, binary: filepath.Join(dir, "millrace-agent")}
	if err := b.build(ctx, b.binary); err != nil {
		b.close()
		return nil, err
	}
	if b.sink, err = startSink(ctx); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// build makes the stripped program, for this machine or what env says.
func (b *bench) build(ctx context.Context, file string, env ...string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", file, "./cmd/millrace-agent")
	cmd.Dir, cmd.Stderr = b.root, os.Stderr
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build millrace-agent: %w", err)
	}
	return nil
}

func (b *bench) close() {
	if b.sink != nil {
		b.sink.kill()
	}
	_ = os.RemoveAll(b.dir)
}

// newDir makes an empty folder.
func (b *bench) newDir() (string, error) {
	b.n++
	dir := filepath.Join(b.dir, fmt.Sprint("d", b.n))
	return dir, os.Mkdir(dir, 0o700)
}

// print writes one figure.
func (b *bench) print(name, format string, args ...any) {
	fmt.Fprintf(b.out, "  %-38s %s\n", name, fmt.Sprintf(format, args...))
}

// fill puts a run's places into a command or a configuration.
func (b *bench) fill(text, file, dir string) string {
	return strings.NewReplacer("{file}", file, "{endpoint}", b.sink.endpoint, "{dir}", dir).Replace(text)
}

// agentConfig is the agent.json of one flow; the keys of flow come first.
const agentConfig = `{
	"firehose.endpoint": "{endpoint}", "awsAccessKeyId": "AKIDBENCH", "awsSecretAccessKey": "secret", "kinesis.region": "us-east-1",
	"cloudwatch.emitMetrics": false, "checkpointFile": "{dir}/checkpoint",
	"flows": [{%s"filePattern": "{file}", "deliveryStream": "web", "initialPosition": "START_OF_FILE",
		"dataProcessingOptions": [{"optionName": "LOGTOJSON", "logFormat": "COMBINEDAPACHELOG"}]}]
}`

// startAgent runs the agent on the files with a checkpoint of its own.
func (b *bench) startAgent(config, file string) (*process, error) {
	dir, err := b.newDir()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "agent.json")
	if err := os.WriteFile(path, []byte(b.fill(config, file, dir)), 0o600); err != nil {
		return nil, err
	}
	return start(exec.Command(b.binary, "run", "-c", path), dir)
}

// startPeer runs the other agent.
func (b *bench) startPeer(file string) (*process, error) {
	dir, err := b.newDir()
	if err != nil {
		return nil, err
	}
	return start(exec.Command("sh", "-c", b.fill(b.peer, file, dir)), dir)
}
