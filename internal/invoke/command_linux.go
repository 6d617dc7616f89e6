package invoke

import "syscall"

// endWithParent has the kernel end the command when the thread that started it
// ends, so also when the server is killed.
func endWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }
