// Package loadgen writes access logs as a busy web shop would: combined format, a few busy hosts and pages among many, and a mix of status codes that
// moves over the minutes, so that a chart of it has something to show.
package loadgen

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Options say what to write and where. Either Path or Writer is set.
type Options struct {
	Path        string    // appended to, created if missing
	Writer      io.Writer // gets whole lines
	Rate        float64   // lines a second; 0 = as fast as possible
	Lines       int64     // end after so many; 0 = when the context ends
	Seed        uint64    // the same seed gives the same lines, apart from their time
	Start       time.Time // time of the first line, from which time goes on at Rate (1000 lines a second if that is 0); zero = the clock's time
	RotateBytes int64     // rename the file to PATH.1, PATH.2, … when it has grown to so many bytes; 0 = never
}

const (
	tick        = 50 * time.Millisecond
	blockLines  = 512
	virtualRate = 1000
)

// Generate writes until ctx ends, which is no error, or all lines are written.
func Generate(ctx context.Context, opts Options) error {
	if err := check(opts); err != nil {
		return err
	}
	out := &output{opts: opts, writer: opts.Writer}
	if err := out.open(); err != nil {
		return err
	}
	defer out.close()
	begun, visitors := time.Now(), newVisitors(opts.Seed)
	buf := make([]byte, 0, blockLines*256)
	for n := int64(0); ctx.Err() == nil && (opts.Lines == 0 || n < opts.Lines); {
		due := opts.due(n, begun)
		if due == 0 {
			sleep(ctx, tick)
			continue
		}
		buf = buf[:0]
		for range due {
			buf = visitors.appendLine(buf, opts.elapsed(n), opts.at(n))
			n++
		}
		if err := out.write(buf); err != nil {
			return err
		}
	}
	return out.close()
}

func check(opts Options) error {
	switch {
	case (opts.Path == "") == (opts.Writer == nil):
		return fmt.Errorf("generate access log: want either a path or a writer")
	case opts.Rate < 0:
		return fmt.Errorf("generate access log: rate is %v, want at least 0", opts.Rate)
	case opts.RotateBytes < 0 || opts.RotateBytes > 0 && opts.Path == "":
		return fmt.Errorf("generate access log: rotation needs a path and a size of at least 1")
	}
	return nil
}

// due is how many of the lines after the first n are to be written now, at most a block.
func (o Options) due(n int64, begun time.Time) int64 {
	due := int64(blockLines)
	if o.Rate > 0 {
		due = min(due, int64(time.Since(begun).Seconds()*o.Rate)+1-n)
	}
	if o.Lines > 0 {
		due = min(due, o.Lines-n)
	}
	return max(due, 0)
}

// elapsed is the time that line n has on the generator's own clock. It depends on nothing else, so neither does the line.
func (o Options) elapsed(n int64) time.Duration {
	rate := o.Rate
	if rate == 0 {
		rate = virtualRate
	}
	return time.Duration(float64(n) / rate * float64(time.Second))
}

// at is the time to write into line n.
func (o Options) at(n int64) time.Time {
	if o.Start.IsZero() {
		return time.Now()
	}
	return o.Start.Add(o.elapsed(n))
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// output is a file that is rotated, or just a writer.
type output struct {
	opts   Options
	writer io.Writer
	file   *os.File
	bytes  int64 // in the file
}

func (o *output) open() error {
	if o.opts.Path == "" {
		return nil
	}
	file, err := os.OpenFile(o.opts.Path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("open access log: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return fmt.Errorf("open access log: %w", err)
	}
	o.file, o.writer, o.bytes = file, file, info.Size()
	return nil
}

func (o *output) write(lines []byte) error {
	if o.opts.RotateBytes > 0 && o.bytes >= o.opts.RotateBytes {
		if err := o.rotate(); err != nil {
			return err
		}
	}
	n, err := o.writer.Write(lines)
	o.bytes += int64(n)
	if err != nil {
		return fmt.Errorf("write access log: %w", err)
	}
	return nil
}

// rotate gives the file the next free number and begins a new one.
func (o *output) rotate() error {
	if err := o.close(); err != nil {
		return err
	}
	names, err := filepath.Glob(escapeGlob(o.opts.Path) + ".*")
	if err != nil {
		return fmt.Errorf("rotate access log: %w", err)
	}
	last := 0
	for _, name := range names {
		if n, err := strconv.Atoi(strings.TrimPrefix(name, o.opts.Path+".")); err == nil {
			last = max(last, n)
		}
	}
	if err := os.Rename(o.opts.Path, fmt.Sprintf("%s.%d", o.opts.Path, last+1)); err != nil {
		return fmt.Errorf("rotate access log: %w", err)
	}
	return o.open()
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

func (o *output) close() error {
	if o.file == nil {
		return nil
	}
	err := o.file.Close()
	o.file = nil
	if err != nil {
		return fmt.Errorf("close access log: %w", err)
	}
	return nil
}
