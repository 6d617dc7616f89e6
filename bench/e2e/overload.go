//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/millrace/millrace/bench/load"
)

const (
	overloadLimit  = 20_000 // records a second of a stream
	overloadTimes  = 10
	overloadQuota  = 64  // MiB of the journal
	overloadMemory = 512 // MiB at most, of all processes together
)

// measureOverload is more load than the server is set to take: ten times the
// records that a stream may take, and an archive that hangs until the journal is
// full. What was acknowledged must arrive all the same, within bounded memory.
func measureOverload(ctx context.Context, e *environment, o options) error {
	if err := e.overload(ctx, o, "ten times a stream's limit", fmt.Sprintf("limits:\n  records_per_second: %d\n", overloadLimit), limited); err != nil {
		return err
	}
	return e.overload(ctx, o, "the archive hangs", fmt.Sprintf("journal_quota_mib: %d\n", overloadQuota), hung)
}

// overload starts a server with settings, overloads it, and holds the books.
func (e *environment) overload(ctx context.Context, o options, name, settings string,
	run func(context.Context, *process, load.Options) (*load.Result, error)) error {
	dir := e.newDir()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "millrace.yaml"), []byte(settings), 0o600); err != nil {
		return err
	}
	p, err := e.upPath(ctx, dir, o)
	if err != nil {
		return err
	}
	defer p.kill()
	batches, c, err := newBatches(ingestStream)
	if err != nil {
		return err
	}
	book := newLedger(batches, c)
	job := p.job(batches, o)
	job.Duration, job.Overload = time.Duration(o.overload)*time.Second, true
	print(name, "%d s", o.overload)
	result, err := run(ctx, p, job)
	if err != nil {
		return err
	}
	book.note(result)
	print("  taken, refused", "%d, %d records", book.sent.records, result.Refused)
	if result.Refused == 0 {
		return fmt.Errorf("void: nothing was refused, the load is too small for this machine")
	}
	if err := book.drain(ctx, p); err != nil {
		return err
	}
	if err := book.checkArchive(dir); err != nil {
		return err
	}
	own, child := p.memory("VmHWM")
	print("  memory at most", "%.0f MiB, and %.0f MiB of the archive's process", own, child)
	if own+child > overloadMemory {
		return fmt.Errorf("%.0f MiB of memory, at most %d are right", own+child, overloadMemory)
	}
	return p.stop()
}

// limited puts at ten times the rate that the stream is limited to.
func limited(ctx context.Context, _ *process, job load.Options) (*load.Result, error) {
	job.Rate = overloadLimit * overloadTimes
	result, err := load.Run(ctx, job)
	if err == nil {
		goodput := float64(result.Records(job.Batches)) / result.Elapsed.Seconds()
		print("  goodput", "%.0f records/s, %.0f %% of the limit", goodput, goodput*100/overloadLimit)
	}
	return result, err
}

// hung puts as fast as it can while the archive's process is stopped, and lets
// that go on afterwards.
func hung(ctx context.Context, p *process, job load.Options) (*load.Result, error) {
	for _, pid := range p.tree()[1:] {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			return nil, err
		}
		defer syscall.Kill(pid, syscall.SIGCONT)
	}
	job.Duration /= 2
	first, err := load.Run(ctx, job)
	if err != nil {
		return first, err
	}
	half, _ := p.memory("VmRSS")
	second, err := load.Run(ctx, job)
	whole, _ := p.memory("VmRSS")
	print("  resident, after half of it and all", "%.0f and %.0f MiB", half, whole)
	return first.Plus(second), err
}
