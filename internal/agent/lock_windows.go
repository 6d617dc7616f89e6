package agent

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockFile takes a lock that ends with the process, however it ends.
func lockFile(path string) (*os.File, error) {
	fd, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	if err := windows.LockFileEx(windows.Handle(fd.Fd()), flags, 0, 1, 0, new(windows.Overlapped)); err != nil {
		fd.Close()
		if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
			return nil, errors.New("another agent uses it")
		}
		return nil, err
	}
	return fd, nil
}

// syncFolder has nothing to do: the file system's journal orders renames, and folders cannot be synced.
func syncFolder(string) error { return nil }
