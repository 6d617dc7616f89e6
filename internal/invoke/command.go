package invoke

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// command runs a program for each invocation, in the server's directory: the
// event on its standard input, the result on its standard output. Exit status 0
// says that the result is good; another one, that the function failed, and its
// standard error says why.
//
// The program and those that it starts are a process group, which is killed at
// the timeout. On Linux the program ends with the server, however that dies.
type command struct {
	args    []string
	environ []string
	timeout time.Duration // from the start, not from when it queued
	slots   chan struct{}
}

// afterExit is how long processes that a command leaves behind may hold on to
// its output.
const afterExit = time.Second

func (c *command) call(ctx context.Context, to name, payload []byte) ([]byte, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	ctx, cancel := withTimeout(ctx, c.timeout)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)

	run := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	stdout := &output{full: func() { stop(errFull) }}
	stderr := &tail{}
	run.Stdin, run.Stdout, run.Stderr = bytes.NewReader(payload), stdout, stderr
	run.Env = environment(c.environ, to)
	run.WaitDelay = afterExit
	ownGroup(run)
	err := run.Run()

	var exit *exec.ExitError
	switch cause := context.Cause(ctx); {
	case errors.Is(err, exec.ErrWaitDelay):
		killGroup(run)
		return nil, retryable(FunctionError, "%s: a process that the command left behind keeps its output open", c.args[0])
	case err == nil:
		return stdout.buf.Bytes(), nil
	case cause == errFull:
		return nil, tooLarge()
	case timedOut(ctx):
		return nil, timeoutFailure(c.timeout)
	case errors.As(err, &exit):
		return nil, retryable(FunctionError, "%s: %s: %s", c.args[0], exit, excerpt(stderr.buf))
	case run.Process == nil:
		f := permanent(ResourceNotFound, "the function's command was not started")
		f.Cause = err
		return nil, f
	default:
		f := retryable(FunctionError, "%s", c.args[0])
		f.Cause = err
		return nil, f
	}
}

// environment is what the command inherits, without the server's own settings
// and keys, and with the function's name and region as Lambda gives them.
func environment(inherited []string, to name) []string {
	var env []string
	for _, v := range inherited {
		if !slices.ContainsFunc([]string{"AWS_", "MILLRACE_", "OPENSEARCH_"}, func(own string) bool { return strings.HasPrefix(v, own) }) {
			env = append(env, v)
		}
	}
	version := to.qualifier
	if version == "" {
		version = "$LATEST"
	}
	return append(env, "AWS_REGION="+to.region, "AWS_DEFAULT_REGION="+to.region,
		"AWS_LAMBDA_FUNCTION_NAME="+to.function, "AWS_LAMBDA_FUNCTION_VERSION="+version)
}

var errFull = errors.New("result above its limit")

// output keeps a result up to its limit, then ends the command.
type output struct {
	buf  bytes.Buffer
	full func()
}

func (o *output) Write(b []byte) (int, error) {
	if o.buf.Len()+len(b) > MaxPayloadBytes {
		o.full()
		return 0, errFull
	}
	return o.buf.Write(b)
}

// tail keeps the last bytes written to it.
type tail struct{ buf []byte }

func (t *tail) Write(b []byte) (int, error) {
	const kept = 1024
	t.buf = append(t.buf, b[max(0, len(b)-kept):]...)
	if len(t.buf) > kept {
		t.buf = append(t.buf[:0], t.buf[len(t.buf)-kept:]...)
	}
	return len(b), nil
}

var _ io.Writer = (*tail)(nil)
