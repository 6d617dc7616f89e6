//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"

	"github.com/millrace/millrace/internal/searchindex"
)

// serveArgument makes this command the server that it measures.
const serveArgument = "serve-index"

const user, password = "bench", "bench-password"

// server is a process that is measured.
type server struct {
	name    string
	address string
	pid     int

	dir     string
	command *exec.Cmd
}

// start runs the embedded index in a process and a directory of its own.
func start(ctx context.Context, profile string) (*server, error) {
	dir, err := os.MkdirTemp("", "bench-search")
	if err != nil {
		return nil, err
	}
	s := &server{name: "millrace", dir: dir, command: exec.CommandContext(ctx, os.Args[0], serveArgument, dir, profile)}
	s.command.Stderr = os.Stderr
	s.command.Cancel = func() error { return s.command.Process.Signal(syscall.SIGTERM) }
	out, err := s.command.StdoutPipe()
	if err == nil {
		err = s.command.Start()
	}
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("the index did not start: %w", err)
	}
	s.address, s.pid = strings.TrimSpace(line), s.command.Process.Pid
	return s, nil
}

func (s *server) stop() {
	_ = s.command.Process.Signal(syscall.SIGTERM)
	_ = s.command.Wait()
	_ = os.RemoveAll(s.dir)
}

// serve is the measured process.
func serve(dir, profile string) error {
	x, err := searchindex.Open(searchindex.Options{Dir: filepath.Join(dir, "index"), Users: map[string]string{user: password}})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	h := &http.Server{Handler: x.Namespace("bench")}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, func() { _ = h.Close() })
	fmt.Println("http://" + l.Addr().String())
	if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return x.Close()
}

// memory is the most that the process has had, in MiB.
func (s *server) memory() int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid))
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, _ := strconv.Atoi(strings.Fields(rest)[0])
			return n / 1024
		}
	}
	return 0
}
