package archive

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

const (
	startTimeout = 10 * time.Second
	stopTimeout  = 2 * time.Second
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
)

// process keeps one gateway running until it is closed.
type process struct {
	executable string
	config     childConfig
	record     string // gateway.json
	logger     *slog.Logger
	restarted  func() // called before a new child is started

	mu      sync.Mutex
	closing bool
	stdin   io.Closer
	child   *os.Process
	last    string // line that the child said
	done    chan struct{}
}

// start starts the first child and returns once it listens.
func (p *process) start(ctx context.Context) error {
	// A left-over may not have closed its socket yet; ours is a new one.
	if err := os.Remove(p.config.Socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	p.done = make(chan struct{})
	exited := make(chan error, 1)
	go p.supervise(exited)
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		if conn, err := net.Dial("unix", p.config.Socket); err == nil {
			return conn.Close()
		}
		select {
		case err := <-exited:
			p.close()
			return fmt.Errorf("start the archive's gateway: %w: %s", err, p.lastLine())
		case <-ctx.Done():
			p.close()
			return fmt.Errorf("start the archive's gateway: it does not listen after %v: %s", startTimeout, p.lastLine())
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// supervise starts a child again whenever one ends. The system ends a child
// with the thread that started it, so this goroutine keeps its thread.
func (p *process) supervise(exited chan<- error) {
	runtime.LockOSThread()
	defer close(p.done)
	pause := firstPause
	for {
		began := time.Now()
		err := p.runOnce()
		p.mu.Lock()
		closing := p.closing
		p.mu.Unlock()
		if closing {
			return
		}
		select {
		case exited <- err:
		default:
		}
		p.logger.Warn("the archive's gateway ended and is started again", "error", err, "said", p.lastLine(), "pause", pause)
		time.Sleep(pause)
		if pause = min(2*pause, longestPause); time.Since(began) > time.Minute {
			pause = firstPause
		}
		p.restarted()
	}
}

// runOnce runs one child to its end.
func (p *process) runOnce() error {
	if err := os.Remove(p.config.Socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	cmd := exec.Command(p.executable, ChildArgument)
	cmd.Env = []string{} // nothing of ours is the gateway's business
	cmd.SysProcAttr = endsWithParent()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	said := &lineWriter{line: p.heard}
	cmd.Stdout, cmd.Stderr = said, said
	if err := p.launch(cmd, stdin); err != nil {
		return err
	}
	config, _ := json.Marshal(p.config)
	_, _ = stdin.Write(append(config, '\n')) // a child that is gone is seen by Wait
	err = cmd.Wait()
	_ = os.Remove(p.record)
	if err == nil {
		err = errors.New("exit status 0")
	}
	return err
}

// launch starts the child unless close has been called, and records it.
func (p *process) launch(cmd *exec.Cmd, stdin io.Closer) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing {
		return errors.New("closing")
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.stdin, p.child = stdin, cmd.Process
	return writeRecord(p.record, cmd.Process.Pid)
}

func (p *process) heard(line string) {
	p.mu.Lock()
	p.last = line
	p.mu.Unlock()
	p.logger.Debug("the archive's gateway says", "line", line)
}

func (p *process) lastLine() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// close asks the child to end, and ends it if it does not.
func (p *process) close() {
	p.mu.Lock()
	p.closing = true
	stdin, child := p.stdin, p.child
	p.mu.Unlock()
	if stdin != nil {
		_ = stdin.Close()
	}
	select {
	case <-p.done:
	case <-time.After(stopTimeout):
		if child != nil {
			_ = child.Kill()
		}
		<-p.done
	}
	_ = os.Remove(p.config.Socket)
}

// lineWriter hands on what is written to it line by line.
type lineWriter struct {
	partial []byte
	line    func(string)
}

func (w *lineWriter) Write(b []byte) (int, error) {
	w.partial = append(w.partial, b...)
	for {
		advance, token, _ := bufio.ScanLines(w.partial, false)
		if advance == 0 {
			w.partial = w.partial[:min(len(w.partial), 4096)]
			return len(b), nil
		}
		if len(token) > 0 {
			w.line(string(token))
		}
		w.partial = w.partial[advance:]
	}
}
