//go:build unix

package archive

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// lock makes sure that one Archive has the directory; the system gives it up
// with the process.
func lock(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %q: another server has it: %w", name, err)
	}
	return f, nil
}
