// Package loadgen makes traffic: access logs, beacons for a web server, records from a template.
//
// Access logs come in two styles. Shop is what a busy web shop would log: a few busy hosts and pages among many, and a mix of status codes that moves over the minutes, so
// that a chart of it has something to show. Fake is what the Fake-Apache-Log-Generator writes: everything at random with fixed weights.
package loadgen

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options say what to write and where. Either Path or Writer is set.
type Options struct {
	Path        string        // appended to, created if missing
	Writer      io.Writer     // gets whole lines
	Style       Style         // of the lines
	Rate        float64       // lines a second; 0 = as fast as possible
	Sleep       time.Duration // between lines, in place of Rate
	Burst       Burst         // of the rate
	Daily       bool          // the rate follows the hour of the day: a fifth at four in the morning, 1.8 times at four in the afternoon
	Lines       int64         // end after so many; 0 = when the context ends
	Seed        uint64        // the same seed gives the same lines, apart from their time
	Start       time.Time     // time of the first line, from which time goes on at Rate (1000 lines a second if that is 0); zero = the clock's time
	Hostile     float64       // share of lines, 0 to 1, that are made to trouble a reader
	RotateBytes int64         // rename the file to PATH.1, PATH.2, … when it has grown to so many bytes; 0 = never
}

// Style is a kind of lines.
type Style int

const (
	Shop Style = iota
	Fake
)

const (
	tick        = 50 * time.Millisecond
	blockLines  = 512
	virtualRate = 1000
)

// source writes lines. What a line is depends on the seed and on elapsed, its time is at.
type source interface {
	appendLine(dst []byte, elapsed time.Duration, at time.Time) []byte
}

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
	begun, lines := time.Now(), newSource(opts)
	pace := newPace(opts, begun)
	buf := make([]byte, 0, blockLines*256)
	for n := int64(0); ctx.Err() == nil && (opts.Lines == 0 || n < opts.Lines); {
		buf = buf[:0]
		for i := 0; i < blockLines && (opts.Lines == 0 || n < opts.Lines) && pace.due(time.Since(begun)); i++ {
			buf = lines.appendLine(buf, pace.elapsed, opts.at(pace.elapsed))
			pace.next()
			n++
		}
		if len(buf) == 0 {
			sleep(ctx, min(tick, pace.elapsed-time.Since(begun)))
			continue
		}
		if err := out.write(buf); err != nil {
			return err
		}
	}
	return out.close()
}

// GenerateAll runs several generators at once. The first error ends them all.
func GenerateAll(ctx context.Context, all []Options) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var running sync.WaitGroup
	for _, opts := range all {
		running.Go(func() {
			if err := Generate(ctx, opts); err != nil {
				cancel(err)
			}
		})
	}
	running.Wait()
	if err := context.Cause(ctx); err != ctx.Err() {
		return err
	}
	return nil
}

func newSource(opts Options) source {
	var lines source = newVisitors(opts.Seed)
	if opts.Style == Fake {
		lines = newFake(opts)
	}
	if opts.Hostile > 0 {
		lines = newHostile(lines, opts.Seed, opts.Hostile)
	}
	return lines
}

func check(opts Options) error {
	switch {
	case (opts.Path == "") == (opts.Writer == nil):
		return fmt.Errorf("generate access log: want either a path or a writer")
	case !(opts.Rate >= 0) || math.IsInf(opts.Rate, 0):
		return fmt.Errorf("generate access log: rate is %v, want at least 0", opts.Rate)
	case opts.Sleep < 0 || opts.Sleep > 0 && opts.Rate > 0:
		return fmt.Errorf("generate access log: want either a rate or a sleep of at least 0")
	case (opts.Daily || opts.Burst != Burst{}) && opts.Rate == 0 && opts.Sleep == 0:
		return fmt.Errorf("generate access log: bursts and the daily curve need a rate")
	case !(opts.Hostile >= 0 && opts.Hostile <= 1):
		return fmt.Errorf("generate access log: hostile share is %v, want 0 to 1", opts.Hostile)
	case opts.RotateBytes < 0 || opts.RotateBytes > 0 && opts.Path == "":
		return fmt.Errorf("generate access log: rotation needs a path and a size of at least 1")
	}
	if opts.Burst != (Burst{}) {
		return opts.Burst.check()
	}
	return nil
}

// at is the time to write into a line.
func (o Options) at(elapsed time.Duration) time.Time {
	if o.Start.IsZero() {
		return time.Now()
	}
	return o.Start.Add(elapsed)
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
