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

// measureFile is one busy flow: the agent, and its peer in turns, send a file
// that is there already, from their start until the sink has its last line.
func measureFile(ctx context.Context, b *bench) error {
	file := filepath.Join(b.dir, "access.log")
	size, err := writeLines(file, b.lines)
	if err != nil {
		return fmt.Errorf("write lines: %w", err)
	}
	defer os.Remove(file)
	b.print("lines", "%d of %d bytes", b.lines, size/int64(b.lines))
	config := fmt.Sprintf(agentConfig, `"maxBufferAgeMillis": 1000, `)
	if b.config != "" {
		text, err := os.ReadFile(b.config)
		if err != nil {
			return fmt.Errorf("read configuration: %w", err)
		}
		config = string(text)
	}
	readers := []*reader{{name: "millrace-agent", start: func() (*process, error) { return b.startAgent(config, file) }}}
	if b.peer != "" {
		readers = append(readers, &reader{name: "peer", start: func() (*process, error) { return b.startPeer(file) }})
	}
	for range b.rounds {
		for _, r := range readers {
			if err := r.read(ctx, b); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
		}
		slices.Reverse(readers)
	}
	for _, r := range readers {
		r.print(b, size)
	}
	return nil
}

// reader is an agent that sends the file, and what that took in each round.
type reader struct {
	name  string
	start func() (*process, error)
	cpu   []time.Duration
	wall  []time.Duration
	peak  float64 // MiB
	calls int64
	sent  int64 // bytes of bodies
}

// read is one round.
func (r *reader) read(ctx context.Context, b *bench) error {
	if err := b.sink.reset(ctx, false); err != nil {
		return err
	}
	begun := time.Now()
	p, err := r.start()
	if err != nil {
		return err
	}
	defer p.kill()
	got, err := b.sink.await(ctx, p, int64(b.lines))
	if err != nil {
		return err
	}
	wall := time.Since(begun)
	used, err := p.usage()
	if err != nil {
		return err
	}
	if err := b.sink.exactly(ctx, int64(b.lines)); err != nil {
		return err
	}
	r.cpu, r.wall, r.peak = append(r.cpu, used.cpu), append(r.wall, wall), max(r.peak, used.peakMiB)
	r.calls, r.sent = got.Calls, got.Bytes
	return p.stop()
}

func (r *reader) print(b *bench, size int64) {
	slices.Sort(r.cpu)
	slices.Sort(r.wall)
	million := float64(b.lines) / 1e6
	cpu, wall := r.cpu[len(r.cpu)/2].Seconds(), r.wall[len(r.wall)/2].Seconds()
	b.print(r.name+": CPU a million lines", "%.2f s (%.2f to %.2f), %.0f MB/s a core",
		cpu/million, r.cpu[0].Seconds()/million, r.cpu[len(r.cpu)-1].Seconds()/million, float64(size)/cpu/1e6)
	b.print("  beside the sink, observed", "%.0f lines/s", float64(b.lines)/wall)
	b.print("  memory at most", "%.1f MiB resident", r.peak)
	b.print("  calls", "%d, %.0f records and %.0f KiB each", r.calls, float64(b.lines)/float64(r.calls), float64(r.sent)/float64(r.calls)/1024)
}
