//go:build !unix

package invoke

import "os/exec"

// ownGroup does nothing where there are no process groups: the timeout ends the
// command alone.
func ownGroup(*exec.Cmd) {}

func killGroup(*exec.Cmd) {}
