package main

import (
	"context"
	"errors"
	"os"
	"time"
)

// lockWait is how long a start waits for a server that was killed a moment ago:
// the system lets go of its lock only when all of its threads are gone.
const lockWait = 2 * time.Second

// waitForLock is lockDir, tried again for a while.
func waitForLock(ctx context.Context, dir string, wait time.Duration) (unlock func(), err error) {
	for end := time.Now().Add(wait); ; {
		unlock, err = lockDir(dir)
		if err == nil || errors.Is(err, os.ErrNotExist) || time.Now().After(end) {
			return unlock, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(20 * time.Millisecond):
		}
	}
}
