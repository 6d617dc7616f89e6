//go:build unix

package invoke

import (
	"os/exec"
	"syscall"
)

// ownGroup makes the command the leader of a process group and its end the end
// of all of them.
func ownGroup(run *exec.Cmd) {
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	endWithParent(run.SysProcAttr)
	run.Cancel = func() error { return syscall.Kill(-run.Process.Pid, syscall.SIGKILL) }
}

// killGroup ends what a command that is gone has left in its group.
func killGroup(run *exec.Cmd) {
	_ = syscall.Kill(-run.Process.Pid, syscall.SIGKILL) // nobody may be there any more
}
