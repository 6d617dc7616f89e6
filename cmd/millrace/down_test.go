//go:build unix

package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// When down answers, the server is gone and the directory is free: its agents
// have sent what they had read.
func TestDownWaitsForTheEnd(t *testing.T) {
	dir := dataDir(t)
	p := up(t, dir, "--demo")
	time.Sleep(time.Second) // lines are under way
	if _, stderr, code := millrace(t, dir, "down", "--wipe"); code != 0 {
		t.Fatalf("down --wipe: %d: %s", code, stderr)
	}
	select {
	case <-p.ended:
	case <-time.After(5 * time.Second):
		t.Error("the server is still there")
	}
	for _, name := range kept {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
}
