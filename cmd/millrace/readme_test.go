//go:build unix

package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/realtest"
)

// testCommand is the only line of the README that is not executed: it is what
// runs this test.
const testCommand = "go test ./..."

// Every shell block of the README is executed, line by line and in order, by
// somebody with a fresh home. `up` stays in a terminal of its own; before the
// next `up` it is stopped with Ctrl-C, as the README says.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	reader := newReader(t)
	lines := 0
	for _, block := range shellBlock.FindAllStringSubmatch(string(text), -1) {
		for line := range strings.Lines(block[1]) {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") || line == testCommand {
				continue
			}
			lines++
			reader.types(line)
		}
	}
	if lines < 10 {
		t.Errorf("only %d lines were found in the README", lines)
	}
	// the last block took everything away
	if reader.up != nil {
		t.Error("a server was left running")
	}
	if _, err := os.Stat(filepath.Join(reader.data, "journal")); !os.IsNotExist(err) {
		t.Errorf("the data directory was not wiped: %v", err)
	}
}

var shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// reader types what the README says into one shell. Its exports outlive a line.
type reader struct {
	t    *testing.T
	home string
	data string
	env  []string
	up   *terminal
}

// terminal is one in which `up` runs.
type terminal struct {
	cmd   *exec.Cmd
	out   *lockedBuffer
	ended chan struct{}
}

func newReader(t *testing.T) *reader {
	t.Helper()
	home, err := os.MkdirTemp("", "mr")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	bin := filepath.Join(home, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	// `go run ./cmd/millrace` is this very package, compiled already: the
	// README's lines cost no compiler, and `access.log` not the source tree.
	program := "#!/bin/sh\ntest \"$1 $2\" = 'run ./cmd/millrace' || { echo \"unexpected: go $*\" >&2; exit 97; }\n" +
		"shift 2\n" + asMillrace + "=1 exec " + shellQuote(os.Args[0]) + ` "$@"` + "\n"
	if err := os.WriteFile(filepath.Join(bin, "go"), []byte(program), 0o755); err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, home: home, data: filepath.Join(home, ".local/share/millrace")}
	r.env = cleanEnv("PATH="+bin+":"+os.Getenv("PATH"), "HOME="+home, "XDG_DATA_HOME=", "AWS_PAGER=", "AWS_MAX_ATTEMPTS=1")
	// Not the default ports, which somebody may use, but the same ones for every
	// `up`: what `env` exported must go on to be true.
	for i, what := range []string{"EDGE", "CONSOLE", "SEARCH"} {
		r.env = append(r.env, fmt.Sprintf("MILLRACE_%s_PORT=%d", what, freePort(t, 20000+2000*i)))
	}
	t.Cleanup(func() {
		if r.up != nil {
			_ = syscall.Kill(-r.up.cmd.Process.Pid, syscall.SIGKILL)
			<-r.up.ended
		}
	})
	return r
}

// freePort finds one below those that the system gives to clients.
func freePort(t *testing.T, from int) int {
	t.Helper()
	for port := from + os.Getpid()%1000; port < from+2000; port++ {
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			_ = l.Close()
			return port
		}
	}
	t.Fatal("there is no free port")
	return 0
}

// types executes one line.
func (r *reader) types(line string) {
	r.t.Helper()
	if strings.HasPrefix(line, "aws ") {
		if _, err := exec.LookPath("aws"); err != nil {
			if realtest.Required() {
				r.t.Fatalf("MILLRACE_REAL=1 and there is no aws for: %s", line)
			}
			r.t.Logf("NOT EXECUTED, there is no aws on this machine: %s", line)
			return
		}
	}
	if strings.HasPrefix(line, "go run ./cmd/millrace up") {
		r.interrupts()
		r.starts(line)
		return
	}
	ctx, cancel := context.WithTimeout(r.t.Context(), 60*time.Second)
	defer cancel()
	out, err := r.shell(ctx, line+"\nexport -p > \"$HOME/exports\"").CombinedOutput()
	if err != nil {
		r.t.Fatalf("$ %s\n%s%v", line, out, err)
	}
	r.t.Logf("$ %s\n%s", line, out)
	if strings.HasPrefix(line, "go run ./cmd/millrace down") && r.up != nil {
		r.ends("down")
	}
}

func (r *reader) shell(ctx context.Context, script string) *exec.Cmd {
	c := exec.CommandContext(ctx, "sh", "-euc", `if test -e "$HOME/exports"; then . "$HOME/exports"; fi`+"\n"+script)
	c.Env, c.Dir = r.env, r.home
	return c
}

// starts runs `up` and waits until it says so.
func (r *reader) starts(line string) {
	r.t.Helper()
	c := r.shell(context.Background(), "exec "+line)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	r.up = &terminal{cmd: c, out: &lockedBuffer{}, ended: make(chan struct{})}
	c.Stdout, c.Stderr = r.up.out, r.up.out
	if err := c.Start(); err != nil {
		r.t.Fatal(err)
	}
	go func(up *terminal) {
		_ = up.cmd.Wait()
		close(up.ended)
	}(r.up)
	eventually(r.t, "$ "+line, 60*time.Second, func() error {
		select {
		case <-r.up.ended:
			r.t.Fatalf("$ %s\nended: %s", line, r.up.out)
		default:
		}
		if !strings.Contains(r.up.out.String(), "millrace is up") {
			return fmt.Errorf("not up yet:\n%s", r.up.out)
		}
		return nil
	})
}

// interrupts is Ctrl-C, which a terminal sends to the whole group.
func (r *reader) interrupts() {
	r.t.Helper()
	if r.up != nil {
		_ = syscall.Kill(-r.up.cmd.Process.Pid, syscall.SIGINT)
		r.ends("Ctrl-C")
	}
}

func (r *reader) ends(by string) {
	r.t.Helper()
	select {
	case <-r.up.ended:
	case <-time.After(40 * time.Second):
		r.t.Fatalf("up did not end within 40 s of %s:\n%s", by, r.up.out)
	}
	if code := r.up.cmd.ProcessState.ExitCode(); code != 0 {
		r.t.Errorf("up ended with %d after %s:\n%s", code, by, r.up.out)
	}
	if strings.Contains(r.up.out.String(), "level=ERROR") {
		r.t.Errorf("up complained:\n%s", r.up.out)
	}
	r.up = nil
}
