//go:build !linux

package archive

import (
	"errors"
	"syscall"
)

// endsWithParent has nothing to add: the child ends when its standard input
// does, which the system closes with us.
func endsWithParent() *syscall.SysProcAttr { return nil }

// startTime is not known here, so no left-over is recorded; the closing pipe
// has ended it.
func startTime(int) (string, error) { return "", errors.ErrUnsupported }
