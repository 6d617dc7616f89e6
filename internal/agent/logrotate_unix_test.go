//go:build unix

package agent

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/realtest"
)

// Real logrotate, forced again and again while a server writes: by renaming with and without compression, and by copying and truncating, whose own loss between the
// copying and the truncating the writer avoids by standing still meanwhile.
func TestRealLogrotate(t *testing.T) {
	logrotate := realtest.Program(t, "logrotate")
	for _, how := range []string{"create", "create\ncompress\ndelaycompress", "create\ncompress", "copytruncate", "copytruncate\ndateext\ndateformat -%s"} {
		t.Run(strings.ReplaceAll(how, "\n", "_"), func(t *testing.T) {
			t.Parallel()
			fake := newFakeFirehose(t)
			r := newRunner(t, fake, exactConfig)
			config := r.path("logrotate.conf")
			text := fmt.Sprintf("%s {\nrotate 100\nsize 1\nmissingok\n%s\n}\n", r.path("access.log"), how)
			if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			written := []string{}
			r.start()
			for rotation := range 8 {
				if rotation == 4 { // the rest of it happens while nobody looks
					r.kill()
				}
				if rotation == 6 {
					r.start()
				}
				for range 30 {
					line := fmt.Sprintf("line %d\n", len(written))
					written = append(written, line)
					r.append("access.log", line)
				}
				if running := rotation < 4 || rotation > 5; running {
					eventually(t, "the file is read", func() bool { return r.hasRead("access.log") })
				}
				if out, err := exec.Command(logrotate, "-f", "-s", r.path("status"), config).CombinedOutput(); err != nil {
					t.Fatalf("logrotate: %v: %s", err, out)
				}
				if strings.Contains(how, "%s") {
					time.Sleep(time.Second) // its names are seconds
				}
			}
			deadline := time.Now().Add(20 * time.Second)
			for len(fake.records("web")) < len(written) && time.Now().Before(deadline) {
				time.Sleep(10 * time.Millisecond)
			}
			if err := r.stop(); err != nil {
				t.Fatal(err)
			}
			slices.Sort(written)
			if got := fake.records("web"); !slices.Equal(got, written) {
				missing := slices.DeleteFunc(written, func(line string) bool { return slices.Contains(got, line) })
				t.Errorf("%d arrived, missing are %q; the agent says:\n%s", len(got), missing, r.logs)
			}
		})
	}
}

// hasRead reports whether the file that has this name now was read to its end.
func (r *runner) hasRead(name string) bool {
	info, err := os.Stat(r.path(name))
	if err != nil {
		return false
	}
	for _, f := range r.agent.flows[0].tailer.Checkpoint(func(_ [16]byte, read uint64) uint64 { return read }).Files {
		if f.Inode == info.Sys().(*syscall.Stat_t).Ino && !f.Rotated && f.Offset == uint64(info.Size()) {
			return true
		}
	}
	return false
}
