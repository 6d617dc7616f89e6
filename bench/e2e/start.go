//go:build linux

package main

import (
	"context"
	"time"

	"github.com/millrace/millrace/bench/load"
)

// measureStart is the first start of the demo on an empty directory, and the
// start after a kill -9 under load.
func measureStart(ctx context.Context, e *environment, o options) error {
	p, err := e.up(ctx, e.newDir(), "--demo")
	if err != nil {
		return err
	}
	print("first start of the demo", "listens after %.2f s, ready after %.2f s", p.listening.Seconds(), p.ready.Seconds())
	if err := p.stop(); err != nil {
		return err
	}
	return measureRestart(ctx, e, o)
}

// measureRestart kills the server while it is loaded. After the restart nothing
// that was acknowledged is missing.
func measureRestart(ctx context.Context, e *environment, o options) error {
	dir := e.newDir()
	p, err := e.upPath(ctx, dir, o)
	if err != nil {
		return err
	}
	defer func() { p.kill() }()
	batches, c, err := newBatches(ingestStream)
	if err != nil {
		return err
	}
	book := newLedger(batches, c)
	killed := time.AfterFunc(time.Duration(o.seconds)*time.Second, p.kill)
	defer killed.Stop()
	job := p.job(batches, o)
	job.Duration += 10 * time.Second
	result, err := load.Run(ctx, job) // ends with the server
	if err == nil || ctx.Err() != nil {
		return err
	}
	book.note(result)
	if p, err = e.upPath(ctx, dir, o); err != nil {
		return err
	}
	begun := time.Now()
	print("start after kill -9 under load", "listens after %.2f s, ready after %.2f s", p.listening.Seconds(), p.ready.Seconds())
	if err := book.await(ctx, p, drainTimeout); err != nil {
		return err
	}
	print("  the index has all counts", "%.2f s after the start", (p.ready + time.Since(begun)).Seconds())
	if err := book.awaitArchive(ctx, p); err != nil {
		return err
	}
	print("  records, all accounted for", "%d acknowledged, %d without an answer", book.sent.records, book.unknown.records)
	return book.checkArchive(dir)
}
