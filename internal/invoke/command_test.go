//go:build unix

package invoke

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/realtest"
)

func command1(t *testing.T, timeout time.Duration, environ []string, args ...string) *Functions {
	t.Helper()
	f, err := New(Options{Environ: environ, Functions: map[string]config.Function{clean: {Command: args, Timeout: timeout}}})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestCommand(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{"cat", "result {}"},
		{"true", "result "}, // without having read the event
		{"echo lost >&2; exit 3", "retryable Lambda.FunctionError: sh: exit status 3: lost"},
		{"seq 1 9999 >&2; exit 1", "retryable Lambda.FunctionError: sh: exit status 1: 795 9796"},
		{"kill -9 $$", "retryable Lambda.FunctionError: sh: signal: killed:"},
		{"cat /dev/zero", "retryable Lambda.FunctionError: the function's result is larger than 6291456 bytes"},
	} {
		f := command1(t, 0, nil, "sh", "-c", c.script)
		if got := outcome(f.Invoke(context.Background(), clean, []byte("{}"))); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %.300s", c.script, got)
		}
	}
	got := outcome(command1(t, 0, nil, "/no/such/program").Invoke(context.Background(), clean, nil))
	if !strings.HasPrefix(got, "permanent Lambda.ResourceNotFound: the function's command was not started: ") {
		t.Error(got)
	}
}

// The server's keys are not the function's.
func TestCommandEnvironment(t *testing.T) {
	f := command1(t, 0, []string{"PATH=" + os.Getenv("PATH"), "LANG=C", "AWS_SECRET_ACCESS_KEY=secret", "AWS_REGION=us-east-1", "MILLRACE_DIR=/x", "OPENSEARCH_PASSWORD=secret"}, "env")
	got, err := f.Invoke(context.Background(), clean+":prod", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := "LANG=C\nAWS_REGION=eu-west-1\nAWS_DEFAULT_REGION=eu-west-1\nAWS_LAMBDA_FUNCTION_NAME=clean\nAWS_LAMBDA_FUNCTION_VERSION=prod\n"
	if _, rest, _ := strings.Cut(string(got), "\n"); rest != want {
		t.Errorf("got\n%s", got)
	}
}

// What a command has started ends with it at the timeout.
func TestTimeoutEndsTheWholeGroup(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pid")
	f := command1(t, 2*time.Second, nil, "sh", "-c", "sleep 60 & echo $! > "+name+"; wait")
	if got := outcome(f.Invoke(context.Background(), clean, nil)); got != "retryable Lambda.FunctionTimedOut: the function did not answer within 2s" {
		t.Fatal(got)
	}
	gone(t, name)
}

// A process that is left behind does not keep the invocation, nor itself, alive.
func TestProcessLeftBehind(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pid")
	f := command1(t, time.Minute, nil, "sh", "-c", "sleep 60 & echo $! > "+name)
	if got := outcome(f.Invoke(context.Background(), clean, nil)); !strings.Contains(got, "left behind") {
		t.Fatal(got)
	}
	gone(t, name)
}

func gone(t *testing.T, pidFile string) {
	t.Helper()
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Sscan(string(text), &pid); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		if syscall.Kill(pid, 0) != nil || zombie(pid) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d is still there", pid)
}

// zombie: whoever adopted the process may be slow to notice its end.
func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(stat), ") Z ")
}

// Commands queue for their turn, and a stop ends the queueing.
func TestCommandsAtOnce(t *testing.T) {
	dir := t.TempDir()
	f := command1(t, 0, nil, "sh", "-c", "echo > $(mktemp "+dir+"/XXXXXX); while [ ! -e "+dir+"/go ]; do sleep 0.01; done; cat")
	ctx, stop := context.WithCancel(context.Background())
	results := make(chan string)
	for range maxCommands + 3 {
		go func() { results <- outcome(f.Invoke(ctx, clean, []byte("{}"))) }()
	}
	for started := 0; started < maxCommands; {
		files, _ := os.ReadDir(dir)
		started = len(files)
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(50 * time.Millisecond)
	if files, _ := os.ReadDir(dir); len(files) != maxCommands {
		t.Errorf("%d commands at once", len(files))
	}
	stop()
	for range maxCommands + 3 {
		if got := <-results; got != "error invoke function "+clean+": context canceled" {
			t.Error(got)
		}
	}
	if err := os.WriteFile(dir+"/go", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := outcome(f.Invoke(context.Background(), clean, []byte("{}"))); got != "result {}" {
		t.Error(got)
	}
}

// A handler as it is written for Lambda, with the two lines that make it a command.
func TestPythonCommand(t *testing.T) {
	python := realtest.Program(t, "python3")
	f := command1(t, 0, nil, python, "testdata/upper.py")
	got := outcome(f.Invoke(context.Background(), clean, []byte(`{"records":[{"recordId":"1","data":"YWJj"}]}`)))
	if want := `result {"records": [{"recordId": "1", "result": "Ok", "data": "QUJD"}]}`; strings.TrimSpace(got) != want {
		t.Error(got)
	}
}
