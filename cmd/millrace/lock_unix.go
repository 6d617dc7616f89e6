//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const lockFile = "lock"

// ownFilesOnly lets nobody else read what this process and its children write,
// also in a data directory that somebody has made for all: logs name people.
func ownFilesOnly() { unix.Umask(0o077) }

// lockDir makes this process the only one that works on a data directory. The
// system lets go of the lock when the process ends, however it ends.
func lockDir(dir string) (unlock func(), err error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("data directory %q is in use by another millrace; stop it with millrace down, or give another --dir", dir)
		}
		return nil, fmt.Errorf("lock data directory %q: %w", dir, err)
	}
	return func() { _ = f.Close() }, nil
}
