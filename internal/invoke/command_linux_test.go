package invoke

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const pidFile = "INVOKE_TEST_PID_FILE"

// A command that is under way does not outlive a server that is killed.
func TestCommandEndsWithTheServer(t *testing.T) {
	if name := os.Getenv(pidFile); name != "" { // the server
		_, err := command1(t, time.Hour, nil, "sh", "-c", "echo $$ > "+name+".new && mv "+name+".new "+name+" && exec sleep 3600").Invoke(context.Background(), clean, nil)
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "pid")
	server := exec.Command(os.Args[0], "-test.run=^TestCommandEndsWithTheServer$")
	server.Env = append(os.Environ(), pidFile+"="+name)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	within(t, "the command runs", func() bool {
		text, _ := os.ReadFile(name)
		n, _ := fmt.Sscan(string(text), &pid)
		return n == 1
	})
	_ = server.Process.Kill()
	_ = server.Wait()
	within(t, "the command is gone", func() bool {
		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		return err != nil || len(state) == 0 // a zombie has none
	})
}

func within(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain: " + what)
		}
	}
}
