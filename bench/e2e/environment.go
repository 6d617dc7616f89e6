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
	root   string // of the source tree
	dir    string // removed at the end
	binary string // "" until it is built
	n      int
}

// newEnvironment works on the source tree that e2e is run in.
func newEnvironment(ctx context.Context) (*environment, error) {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return nil, fmt.Errorf("find the module: %w", err)
	}
	dir, err := os.MkdirTemp("", "mre2e")
	if err != nil {
		return nil, err
	}
	return &environment{root: strings.TrimSpace(string(root)), dir: dir}, nil
}

// build builds millrace for the first part that needs it.
func (e *environment) build(ctx context.Context) error {
	if e.binary != "" {
		return nil
	}
	binary := filepath.Join(e.dir, "millrace")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "./cmd/millrace")
	build.Dir = e.root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build millrace: %w", err)
	}
	e.binary = binary
	return nil
}

// newDir is an empty place for a data directory.
func (e *environment) newDir() string {
	e.n++
	return filepath.Join(e.dir, fmt.Sprint("d", e.n))
}

func (e *environment) close() { _ = os.RemoveAll(e.dir) }
