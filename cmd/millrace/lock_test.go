package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A start waits for one that is about to end, not for one that stays, and not for a folder that is not there.
func TestWaitForLock(t *testing.T) {
	dir := t.TempDir()
	first, err := lockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := waitForLock(t.Context(), dir, 0); err == nil || !strings.Contains(err.Error(), "is in use by another millrace") {
		t.Fatalf("two at once: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := waitForLock(ctx, dir, time.Hour); err == nil {
		t.Fatal("two at once after the end of the time to start")
	}
	time.AfterFunc(50*time.Millisecond, first)
	second, err := waitForLock(t.Context(), dir, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	second()
	if _, err := waitForLock(t.Context(), filepath.Join(dir, "none"), time.Hour); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("no folder: %v", err)
	}
}
