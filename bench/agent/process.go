//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const stopTimeout = 30 * time.Second

// process is a program under test and what it starts: a process group.
type process struct {
	cmd   *exec.Cmd
	log   string // file of what it writes
	ended chan struct{}
	err   error // set before ended is closed
}

// start runs a program without the caller's AWS settings; it dies with us.
func start(cmd *exec.Cmd, dir string) (*process, error) {
	p := &process{cmd: cmd, log: filepath.Join(dir, "output"), ended: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AWS_") && !strings.HasPrefix(v, "MILLRACE_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// died is the error of a program that ended by itself.
func (p *process) died() error {
	text, _ := os.ReadFile(p.log)
	return fmt.Errorf("%s ended early: %v\n%s", p.cmd.Path, p.err, text[max(0, len(text)-2000):])
}

// stop ends the group as a service manager does, and waits for all of it.
func (p *process) stop() error {
	group := -p.cmd.Process.Pid
	_ = syscall.Kill(group, syscall.SIGTERM)
	for begun := time.Now(); syscall.Kill(group, 0) == nil; time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > stopTimeout {
			p.kill()
			return fmt.Errorf("%s did not stop within %v", p.cmd.Path, stopTimeout)
		}
	}
	<-p.ended
	return nil
}

func (p *process) kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.ended
}

// usage is what a process group has used.
type usage struct {
	cpu     time.Duration // user and system, of ended children too
	peakMiB float64       // resident, the sum of each one's peak
}

// usage reads the clocks of all processes of the group.
func (p *process) usage() (u usage, err error) {
	group := strconv.Itoa(p.cmd.Process.Pid)
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return u, err
	}
	found := 0
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // ended meanwhile
		}
		// the program's name in brackets may hold anything
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(fields) < 15 || fields[2] != group {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			return u, err
		}
		one, err := clock(pid)
		if err != nil {
			continue
		}
		u.cpu += one
		for _, ended := range fields[13:15] { // children, in hundredths of a second
			ticks, _ := strconv.ParseInt(ended, 10, 64)
			u.cpu += time.Duration(ticks) * 10 * time.Millisecond
		}
		u.peakMiB += peak(pid)
		found++
	}
	if found == 0 {
		return u, fmt.Errorf("read CPU time of %s: it is gone", p.cmd.Path)
	}
	return u, nil
}

// clock is the CPU time of a process, its threads that ended included, to the
// nanosecond: the clock that clock_getcpuclockid names.
func clock(pid int) (time.Duration, error) {
	const ofScheduler = 2
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|ofScheduler), &t); err != nil {
		return 0, fmt.Errorf("read CPU time of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// peak is the most memory that a process had resident, MiB.
func peak(pid int) float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseFloat(strings.Fields(value)[0], 64)
			return kib / 1024
		}
	}
	return 0
}
