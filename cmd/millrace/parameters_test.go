//go:build unix

package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A stack keeps its parameters; another value is refused instead of ignored.
func TestChangedParameterIsRefused(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	p := up(t, dir, "--demo", "--parameter", "WindowSeconds=2")
	p.stop()
	p = launch(t, dir, "--demo", "--parameter", "WindowSeconds=3")
	<-p.ended
	if code := p.cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(p.logs.String(), "WindowSeconds=3: the stack was made with 2") {
		t.Fatalf("exit code %d:\n%s", code, p.logs)
	}
	up(t, dir, "--demo").stop() // not given: as it was
}

// What `env` exports does not change what `up` does in the same shell.
func TestUpAfterEnv(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	up(t, dir)
	env, _, code := millrace(t, dir, "env")
	if code != 0 {
		t.Fatal(env)
	}
	other := dataDir(t)
	shell := exec.Command("sh", "-c", env+`exec "$0" up --json --dir "$1" --edge-port 0 --console-port 0 --search-port 0`, os.Args[0], other)
	shell.Env = cleanEnv(asMillrace + "=1")
	out, err := shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	logs := &lockedBuffer{}
	shell.Stderr = logs
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = shell.Process.Kill(); _ = shell.Wait() }()
	line := make([]byte, 16)
	if n, _ := out.Read(line); !strings.HasPrefix(string(line[:n]), `{"ready":true`) {
		t.Fatalf("up answered %q:\n%s", line[:n], logs)
	}
}
