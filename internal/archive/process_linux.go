package archive

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// endsWithParent has the kernel end the child when the thread that started it
// ends, so also after SIGKILL. The child stays in our process group.
func endsWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// startTime tells two processes with the same id apart. A zombie is not there.
func startTime(pid int) (string, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	// The name in parentheses may hold anything; the fields after it do not.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 || fields[0][0] == 'Z' {
		return "", errors.New("no such process")
	}
	return string(fields[19]), nil
}
