//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// sink is the process that takes the calls.
type sink struct {
	cmd      *exec.Cmd
	stdin    io.Closer
	endpoint string
}

// startSink runs this program again as a sink.
func startSink(ctx context.Context) (*sink, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &sink{cmd: exec.CommandContext(ctx, self, sinkArgument)}
	s.cmd.Stderr = os.Stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.kill()
		return nil, fmt.Errorf("start sink: %w", err)
	}
	s.endpoint = strings.TrimSpace(line)
	return s, nil
}

func (s *sink) kill() {
	_ = s.stdin.Close()
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// reset begins a measurement, with delays or without.
func (s *sink) reset(ctx context.Context, delays bool) error {
	path := "/reset"
	if delays {
		path += "?delays=1"
	}
	return s.call(ctx, http.MethodPost, path, nil)
}

// received is what has come so far.
func (s *sink) received(ctx context.Context) (got received, err error) {
	return got, s.call(ctx, http.MethodGet, "/received", &got)
}

// await returns when n records have come.
func (s *sink) await(ctx context.Context, p *process, n int64) (got received, err error) {
	for {
		err = s.call(ctx, http.MethodGet, fmt.Sprint("/received?records=", n), &got)
		if err != nil || got.Records >= n {
			return got, err
		}
		select {
		case <-p.ended:
			return got, p.died()
		default:
		}
	}
}

// exactly waits a little for records that are too many.
func (s *sink) exactly(ctx context.Context, n int64) error {
	time.Sleep(200 * time.Millisecond)
	got, err := s.received(ctx)
	if err == nil && got.Records != n {
		err = fmt.Errorf("the sink has %d records of %d lines", got.Records, n)
	}
	return err
}

func (s *sink) call(ctx context.Context, method, path string, into any) error {
	r, err := http.NewRequestWithContext(ctx, method, s.endpoint+path, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, path, response.Status)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(into)
}
