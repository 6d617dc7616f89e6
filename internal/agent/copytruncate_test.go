package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A log is copied and truncated while its server writes on: what comes between the copying and the truncating is in no file any more. The test counts these lines by
// what is left on disk; all others arrive, once, whatever the number of rotations a second, and whether the pattern matches the copies or not.
func TestCopyTruncateUnderAWriter(t *testing.T) {
	for _, config := range []string{exactConfig, rawConfig} {
		for _, perSecond := range []int{1, 10, 50} {
			t.Run(fmt.Sprint(config == exactConfig, " ", perSecond), func(t *testing.T) {
				t.Parallel()
				copyTruncateUnderAWriter(t, config, perSecond)
			})
		}
	}
}

func copyTruncateUnderAWriter(t *testing.T, config string, perSecond int) {
	fake := newFakeFirehose(t)
	r := newRunner(t, fake, config)
	r.start()
	log, err := os.OpenFile(r.path("access.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	written, stop := make(map[string]bool), make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			line := fmt.Sprintf("line %d\n", len(written))
			written[line] = true
			log.WriteString(line)
			if len(written)%20 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
	})
	rotations := 0
	for end := time.Now().Add(2500 * time.Millisecond); time.Now().Before(end); rotations++ {
		time.Sleep(time.Second / time.Duration(perSecond))
		content, err := os.ReadFile(r.path("access.log"))
		if err == nil {
			err = os.WriteFile(r.path(fmt.Sprintf("access.log-%04d", rotations)), content, 0o644)
		}
		if err == nil {
			err = log.Truncate(0)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	writer.Wait()
	left := linesOnDisk(t, r.path("access.log*"))
	var missing []string
	for range 200 {
		there := make(map[string]bool)
		for _, line := range fake.records("web") {
			there[line] = true
		}
		missing = slices.DeleteFunc(slices.Clone(left), func(line string) bool { return there[line] })
		if len(missing) == 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if len(missing) > 0 {
		t.Errorf("%d lines on disk did not arrive, %q to %q; the agent says:\n%s", len(missing), missing[0], missing[len(missing)-1], r.logs)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	arrived, repeated := make(map[string]bool), 0
	for _, line := range fake.records("web") {
		if !written[line] {
			t.Errorf("%q was not written", line)
		}
		if arrived[line] {
			repeated++
		}
		arrived[line] = true
	}
	if repeated > 0 {
		t.Errorf("%d lines arrived twice; the agent says:\n%s", repeated, r.logs)
	}
	raced, saved := len(written)-len(left), len(arrived)-len(left)
	t.Logf("%d lines, %d rotations; %d lines came between copying and truncating, %d of them arrived all the same", len(written), rotations, raced, saved)
}

// linesOnDisk are the lines of all files that a pattern matches.
func linesOnDisk(t *testing.T, pattern string) (lines []string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, slices.Collect(strings.Lines(string(text)))...)
	}
	return lines
}
