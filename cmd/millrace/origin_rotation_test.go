//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/realtest"
)

// Files that are rotated while they are written to, by renaming and by copying
// and truncating, over a bad route and under agents that are killed.
func TestRepeatsAcrossRotation(t *testing.T) {
	for name, rotate := range map[string]func(w *originWorld, path string, n int){
		"renamed": func(w *originWorld, path string, n int) { w.must(os.Rename(path, fmt.Sprint(path, ".", n))) },
		"copied and truncated": func(w *originWorld, path string, n int) {
			text, err := os.ReadFile(path)
			w.must(err)
			w.must(os.WriteFile(fmt.Sprint(path, ".", n), text, 0o644))
			w.must(os.Truncate(path, 0))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newOriginWorld(t, "")
			w.route.trouble = cutAnswers
			path := filepath.Join(w.logs, "access.log")
			a, lines := w.startAgent(), 0
			for rotation := 1; rotation <= 6; rotation++ {
				<-w.write("access.log", 500, 1500)
				lines += 500
				rotate(w, path, rotation)
				if rotation%2 == 0 {
					a.kill()
					a = w.startAgent()
					// a file that came and went unseen is lost if the agent is killed again before it has judged it
					time.Sleep(2 * time.Second)
				}
			}
			<-w.write("access.log", 100, 1500)
			w.arrive(a)
			w.sameAsLogs(0)
			t.Logf("%+v", w.route.counts)
			if w.route.repeats == 0 {
				t.Error("nothing came again")
			}
		})
	}
}

// logrotate copies and truncates while a server writes on. What is written
// between the copying and the truncating is nobody's but the agent's if it read
// it in time: every line of the files that are left is there once, every other
// line at most once.
func TestRepeatsAcrossLogrotate(t *testing.T) {
	t.Parallel()
	logrotate := realtest.Program(t, "logrotate")
	w := newOriginWorld(t, "")
	w.route.trouble = cutAnswers
	config := filepath.Join(t.TempDir(), "logrotate.conf")
	write(t, config, fmt.Appendf(nil, "%s {\nrotate 100\nsize 1\nmissingok\ncopytruncate\n}\n", filepath.Join(w.logs, "access.log")))
	a, done := w.startAgent(), w.write("access.log", 6000, 1500)
	for rotation := range 4 {
		time.Sleep(700 * time.Millisecond)
		if out, err := exec.Command(logrotate, "-f", "-s", config+".status", config).CombinedOutput(); err != nil {
			t.Fatalf("logrotate: %v: %s", err, out)
		}
		if rotation == 1 {
			a.kill()
			a = w.startAgent()
		}
	}
	<-done
	w.arrive(a)
	got, left := countLines(w.server.archived("archive", "")), w.linesLeft()
	for line, n := range got {
		if n != 1 || w.written[line] == 0 {
			t.Errorf("%d times in the archive: %q", n, line)
		}
	}
	for line := range left {
		if got[line] == 0 {
			t.Errorf("in a file, not in the archive: %q", line)
		}
	}
	t.Logf("%d lines written, %d left in the files, %d in the archive; %+v", len(w.written), len(left), len(got), w.route.counts)
	if w.route.repeats == 0 {
		t.Error("nothing came again")
	}
}

// A file is deleted and another one gets its inode, begins as it did and is
// longer: it is another incarnation, and what lies at the same bytes no repeat.
func TestAnotherFileWithTheSameInode(t *testing.T) {
	t.Parallel()
	w := newOriginWorld(t, "")
	const head = "#Version: 1.0\n#Fields: date time cs-uri\n"
	w.append("access.log", head)
	<-w.write("access.log", 300, 0)
	a := w.startAgent()
	a.until("the first file is in", func() bool { return w.route.records() >= 302 })
	a.kill()
	path := filepath.Join(w.logs, "access.log")
	inode := func() uint64 {
		info, err := os.Stat(path)
		w.must(err)
		return info.Sys().(*syscall.Stat_t).Ino
	}
	first := inode()
	w.must(os.Remove(path))
	for n := 0; ; n++ {
		write(t, path, nil)
		if inode() == first {
			break
		}
		if n == 100 {
			t.Skip("this file system does not give the inode again")
		}
		w.must(os.Rename(path, filepath.Join(w.logs, fmt.Sprint("other", n)))) // it has an inode that is not wanted
	}
	w.append("access.log", head)
	<-w.write("access.log", 900, 0)
	w.arrive(w.startAgent())
	w.sameAsLogs(0)
}
