//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// environment is the program under test and a folder for its data.
type environment struct {
	dir    string // removed at the end
	binary string
	n      int
}

// newEnvironment builds millrace from the source tree that e2e is run in.
func newEnvironment(ctx context.Context) (*environment, error) {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return nil, fmt.Errorf("find the module: %w", err)
	}
	dir, err := os.MkdirTemp("", "mre2e")
	if err != nil {
		return nil, err
	}
	e := &environment{dir: dir, binary: filepath.Join(dir, "millrace")}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", e.binary, "./cmd/millrace")
	build.Dir = strings.TrimSpace(string(root))
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		e.close()
		return nil, fmt.Errorf("build millrace: %w", err)
	}
	return e, nil
}

// newDir is an empty place for a data directory.
func (e *environment) newDir() string {
	e.n++
	return filepath.Join(e.dir, fmt.Sprint("d", e.n))
}

func (e *environment) close() { _ = os.RemoveAll(e.dir) }
