//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/millrace/millrace/bench/cputime"
	"github.com/millrace/millrace/internal/config"
)

const readyTimeout = 60 * time.Second

// process is a program that prints a line of JSON when it is ready.
type process struct {
	cmd       *exec.Cmd
	run       config.Run
	stderr    bytes.Buffer
	listening time.Duration // from the start to the edge's first answer
	ready     time.Duration // from the start to the line
}

// up starts millrace on a data directory and waits until it is ready.
func (e *environment) up(ctx context.Context, dir string, args ...string) (*process, error) {
	if err := e.build(ctx); err != nil {
		return nil, err
	}
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	args = append([]string{"up", "--json", "--dir", dir, "--edge-port", ports[0], "--console-port", ports[1], "--search-port", ports[2]}, args...)
	return start(ctx, exec.Command(e.binary, args...), "http://127.0.0.1:"+ports[0]+"/_millrace/health")
}

// start runs a program until it prints its line. With health, an address, it
// takes down when that answers first.
func start(ctx context.Context, cmd *exec.Cmd, health string) (*process, error) {
	p := &process{cmd: cmd}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AWS_") && !strings.HasPrefix(v, "MILLRACE_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Stderr = &p.stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line := make(chan error, 1)
	go func() {
		text, err := bufio.NewReader(out).ReadBytes('\n')
		p.ready = time.Since(begun)
		if err == nil {
			err = json.Unmarshal(text, &p.run)
		}
		line <- err
		_, _ = io.Copy(io.Discard, out)
	}()
	deadline := time.After(readyTimeout)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-line:
			if err != nil {
				p.kill()
				return nil, fmt.Errorf("wait for the ready line: %w\n%s", err, p.stderr.String())
			}
			if p.listening == 0 {
				p.listening = p.ready
			}
			return p, nil
		case <-tick.C:
			if health != "" && p.listening == 0 && answers(health) {
				p.listening = time.Since(begun)
			}
		case <-deadline:
			p.kill()
			return nil, fmt.Errorf("not ready within %v\n%s", readyTimeout, p.stderr.String())
		case <-ctx.Done():
			p.kill()
			return nil, ctx.Err()
		}
	}
}

func answers(url string) bool {
	client := http.Client{Timeout: time.Second}
	response, err := client.Get(url)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// freePorts are ports that nobody listens on.
func freePorts(n int) (ports []string, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports = append(ports, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	}
	return ports, nil
}

// kill ends the process and its children as kill -9 does.
func (p *process) kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	_ = p.cmd.Wait()
}

// stop ends it as Ctrl-C does.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	ended := make(chan error, 1)
	go func() { ended <- p.cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("stop: %w\n%s", err, p.stderr.String())
		}
		return nil
	case <-time.After(readyTimeout):
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-ended
		return fmt.Errorf("did not stop within %v", readyTimeout)
	}
}

// tree is the process and its children.
func (p *process) tree() []int {
	pids := []int{p.cmd.Process.Pid}
	tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", p.cmd.Process.Pid))
	for _, t := range tasks {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", p.cmd.Process.Pid, t.Name()))
		for _, child := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(child); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// cpu is what the process and its children have used so far, each.
func (p *process) cpu() (parent, children time.Duration, err error) {
	for i, pid := range p.tree() {
		used, err := cputime.Of(pid)
		if err != nil {
			return 0, 0, err
		}
		if i == 0 {
			parent = used
		} else {
			children += used
		}
	}
	return parent, children, nil
}

// memory is a line of /proc/PID/status (VmRSS, VmHWM, RssAnon) of the process and of
// its children, MiB.
func (p *process) memory(line string) (parent, children float64) {
	for i, pid := range p.tree() {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		for l := range strings.Lines(string(text)) {
			if value, ok := strings.CutPrefix(l, line+":"); ok {
				kib, _ := strconv.ParseFloat(strings.Fields(value)[0], 64)
				if i == 0 {
					parent = kib / 1024
				} else {
					children += kib / 1024
				}
			}
		}
	}
	return parent, children
}

// shared is what the process and its children take together, MiB: a page that
// several processes map counts in parts.
func (p *process) shared() (total float64) {
	for _, pid := range p.tree() {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		for l := range strings.Lines(string(text)) {
			if value, ok := strings.CutPrefix(l, "Pss:"); ok {
				kib, _ := strconv.ParseFloat(strings.Fields(value)[0], 64)
				total += kib / 1024
			}
		}
	}
	return total
}
