//go:build linux

package main

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// flinkJob is the tumbling query for Flink's table API.
//
//go:embed flink.py
var flinkJob []byte

// runFlink runs the tumbling query over a file in Flink, one task at a time as
// we do, and reads its results.
func runFlink(ctx context.Context, python, dir, file string) (measured, error) {
	job, out := filepath.Join(dir, "flink.py"), filepath.Join(dir, "flink-out")
	if err := os.WriteFile(job, flinkJob, 0o600); err != nil {
		return measured{}, err
	}
	defer os.RemoveAll(out)
	cmd := exec.CommandContext(ctx, python, job, file, out)
	text, err := cmd.CombinedOutput()
	if err != nil {
		return measured{}, fmt.Errorf("run Flink: %w\n%s", err, text)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	var milliseconds, peak int64
	if _, err := fmt.Sscan(lines[len(lines)-1], &milliseconds, &peak); err != nil {
		return measured{}, fmt.Errorf("read what Flink used: %w\n%s", err, text)
	}
	var m measured
	m.fromState(cmd.ProcessState) // of Python
	m.CPU += time.Duration(milliseconds) * time.Millisecond
	m.PeakMiB += peak >> 10
	return m, m.readResults(out)
}

// readResults adds up the JSON lines below a folder.
func (m *measured) readResults(dir string) error {
	return filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(path)[0] == '_' {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			h := fnv.New64a()
			h.Write(lines.Bytes())
			m.Digest += h.Sum64()
			m.Out++
		}
		return lines.Err()
	})
}
