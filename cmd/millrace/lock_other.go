//go:build !unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
)

const lockFile = "lock"

// ownFilesOnly has nothing to do: a file gets the rights of its directory.
func ownFilesOnly() {}

// lockDir makes this process the only one that works on a data directory: a
// file that is open for writing cannot be opened so again.
func lockDir(dir string) (unlock func(), err error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, err
	}
	name := filepath.Join(dir, lockFile)
	_ = os.Remove(name) // fails while another process holds it
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data directory %q is in use by another millrace: %w", dir, err)
	}
	return func() { _ = f.Close(); _ = os.Remove(name) }, nil
}
