//go:build unix && !linux

package invoke

import "syscall"

// endWithParent does nothing: a command outlives a server that is killed by what
// it has left to do.
func endWithParent(*syscall.SysProcAttr) {}
