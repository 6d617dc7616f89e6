//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// settle is how long new files are looked at more closely.
const settle = 5 * time.Second

// measureIdle is an agent that follows many files in which nothing happens.
func measureIdle(ctx context.Context, b *bench) error {
	files, pattern, err := b.openFiles()
	if err != nil {
		return err
	}
	defer closeFiles(files)
	for _, f := range files {
		if _, err := f.Write(datedLine(nil, time.Now())); err != nil {
			return err
		}
	}
	if err := b.sink.reset(ctx, false); err != nil {
		return err
	}
	p, err := b.startAgent(fmt.Sprintf(agentConfig, `"maxBufferAgeMillis": 1000, `), pattern)
	if err != nil {
		return err
	}
	defer p.kill()
	if _, err := b.sink.await(ctx, p, int64(b.files)); err != nil {
		return err
	}
	if err := sleep(ctx, settle); err != nil {
		return err
	}
	before, err := p.usage()
	if err != nil {
		return err
	}
	if err := sleep(ctx, b.watch); err != nil {
		return err
	}
	after, err := p.usage()
	if err != nil {
		return err
	}
	if err := b.sink.exactly(ctx, int64(b.files)); err != nil {
		return err
	}
	b.print(fmt.Sprintf("%d files that rest", b.files), "%.3f %% of a core over %v, %.1f MiB resident at most",
		100*(after.cpu-before.cpu).Seconds()/b.watch.Seconds(), b.watch, after.peakMiB)
	return p.stop()
}

// measureGrowing is an agent that follows many files which get a line a second
// each: first with a call a line, so that the delay is that of reading and of
// the call, then with calls that wait for more lines, as they do by default.
func measureGrowing(ctx context.Context, b *bench) error {
	if err := b.growing(ctx, "a call a line", `"maxBufferSizeRecords": 1, `); err != nil {
		return err
	}
	return b.growing(ctx, "a call of 5 s", `"maxBufferAgeMillis": 5000, `)
}

func (b *bench) growing(ctx context.Context, name, keys string) error {
	files, pattern, err := b.openFiles()
	if err != nil {
		return err
	}
	defer closeFiles(files)
	if err := b.sink.reset(ctx, true); err != nil {
		return err
	}
	p, err := b.startAgent(fmt.Sprintf(agentConfig, keys), pattern)
	if err != nil {
		return err
	}
	defer p.kill()
	warm, err := grow(ctx, files, settle+5*time.Second)
	if err != nil {
		return err
	}
	if _, err := b.sink.await(ctx, p, warm); err != nil {
		return err
	}
	if err := b.sink.reset(ctx, true); err != nil {
		return err
	}
	before, err := p.usage()
	if err != nil {
		return err
	}
	written, err := grow(ctx, files, b.watch)
	if err != nil {
		return err
	}
	after, err := p.usage()
	if err != nil {
		return err
	}
	got, err := b.sink.await(ctx, p, written)
	if err != nil {
		return err
	}
	if err := b.sink.exactly(ctx, written); err != nil {
		return err
	}
	if int64(len(got.Delays)) != written {
		return fmt.Errorf("the sink read %d times of %d lines", len(got.Delays), written)
	}
	slices.Sort(got.Delays)
	at := func(part float64) float64 { return 1000 * got.Delays[int(part*float64(len(got.Delays)-1))] }
	b.print(fmt.Sprintf("%d files, a line/s, %s", b.files, name), "line to sink p50 %.1f ms, p99 %.1f ms, at most %.1f ms", at(0.5), at(0.99), at(1))
	b.print("  CPU", "%.1f %% of a core, %.0f calls/s; %.1f MiB resident at most",
		100*(after.cpu-before.cpu).Seconds()/b.watch.Seconds(), float64(got.Calls)/b.watch.Seconds(), after.peakMiB)
	return p.stop()
}

// grow writes a line a second to each file, in turns, and returns how many.
func grow(ctx context.Context, files []*os.File, how time.Duration) (written int64, err error) {
	var line []byte
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for begun := time.Now(); time.Since(begun) < how; {
		due := int64(time.Since(begun).Seconds() * float64(len(files)))
		for ; written < due; written++ {
			line = datedLine(line, time.Now())
			if _, err := files[written%int64(len(files))].Write(line); err != nil {
				return written, err
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return written, ctx.Err()
		}
	}
	return written, nil
}

// openFiles makes empty log files and the pattern that names them.
func (b *bench) openFiles() (files []*os.File, pattern string, err error) {
	dir, err := b.newDir()
	if err != nil {
		return nil, "", err
	}
	for i := range b.files {
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("site%04d.log", i)))
		if err != nil {
			closeFiles(files)
			return nil, "", err
		}
		files = append(files, f)
	}
	return files, filepath.Join(dir, "site*.log"), nil
}

func closeFiles(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

func sleep(ctx context.Context, how time.Duration) error {
	select {
	case <-time.After(how):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
