//go:build linux

package main

import (
	"context"
	"time"
)

// measureMemory is the demo at rest, after half a minute. Pages of the program's file are
// shared by both processes and counted for each.
func measureMemory(ctx context.Context, e *environment, o options) error {
	p, err := e.up(ctx, e.newDir(), "--demo")
	if err != nil {
		return err
	}
	defer p.kill()
	const settle, watch = 15 * time.Second, 15 * time.Second
	time.Sleep(settle)
	before, childBefore, err := p.cpu()
	if err != nil {
		return err
	}
	time.Sleep(watch)
	after, childAfter, err := p.cpu()
	if err != nil {
		return err
	}
	for _, line := range []struct{ name, field string }{{"resident, the demo at 50 lines/s", "VmRSS"}, {"  not shared with a file", "RssAnon"}} {
		own, child := p.memory(line.field)
		print(line.name, "%.0f MiB, and %.0f MiB of the archive's process", own, child)
	}
	print("  shared pages counted once", "%.0f MiB together", p.shared())
	print("CPU, the demo at 50 lines/s", "%.1f %% of a core", 100*(after-before+childAfter-childBefore).Seconds()/watch.Seconds())
	return p.stop()
}
