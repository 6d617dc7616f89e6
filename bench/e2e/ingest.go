//go:build linux

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/millrace/millrace/bench/corpus"
	"github.com/millrace/millrace/bench/cputime"
	"github.com/millrace/millrace/bench/load"
	"github.com/millrace/millrace/internal/aws/sigv4"
)

const (
	ingestArgument = "__ingest"
	ingestStream   = "ingest"
	archiveBucket  = "bench-archive"
	region         = "us-east-1"
	ingestKey      = "AKIDBENCH"
	ingestSecret   = "secret"
)

// upIngest starts the server of ingest in a process of its own. ingestJob is load for it.
func (e *environment) upIngest(ctx context.Context, o options) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return start(ctx, exec.Command(self, ingestArgument, e.newDir(), o.profile), "")
}

func (p *process) ingestJob(batches []load.Batch, o options) load.Options {
	return load.Options{
		Endpoint: p.run.Edge, Batches: batches, Connections: o.connections,
		Signer:   sigv4.Signer{AccessKeyID: ingestKey, Secret: ingestSecret, Region: region, Service: "firehose"},
		Duration: time.Duration(o.seconds) * time.Second / time.Duration(o.slices),
	}
}

// measureIngest is signed PutRecordBatch calls to fsynced frames, and nothing
// behind them: the archive of the server does not answer, so that its delivery
// waits.
func measureIngest(ctx context.Context, e *environment, o options) error {
	p, err := e.upIngest(ctx, o)
	if err != nil {
		return err
	}
	defer p.kill()
	batches, _, err := newBatches(ingestStream)
	if err != nil {
		return err
	}
	job := p.ingestJob(batches, o)
	if _, err := load.Run(ctx, job); err != nil { // warm
		return err
	}
	best, rate, client, calibration := time.Duration(1<<62), 0.0, time.Duration(1<<62), time.Duration(1<<62)
	var spent, records time.Duration
	before, err := p.allocations(ctx)
	if err != nil {
		return err
	}
	for range o.slices {
		calibration = min(calibration, cputime.Calibrate())
		serverBefore, _, err := p.cpu()
		if err != nil {
			return err
		}
		clientBefore := cputime.Process()
		result, err := load.Run(ctx, job)
		if err != nil {
			return err
		}
		n := time.Duration(result.Records(batches))
		client = min(client, (cputime.Process()-clientBefore)*1000/n)
		server, _, err := p.cpu()
		if err != nil {
			return err
		}
		best = min(best, (server-serverBefore)*1000/n)
		spent, records = spent+server-serverBefore, records+n
		rate = max(rate, float64(n)/result.Elapsed.Seconds())
	}
	print("CPU of the server, a record", "%.3f µs, %.1f × calibration", best.Seconds()*1e3, float64(best)/1000/float64(calibration))
	print("  mean of all slices", "%.3f µs", (spent*1000/records).Seconds()*1e3)
	after, err := p.allocations(ctx)
	if err != nil {
		return err
	}
	print("allocations, a record", "%.4f, %.0f bytes; %.0f records between two collections", float64(after.Objects-before.Objects)/float64(records),
		float64(after.Bytes-before.Bytes)/float64(records), float64(records)/float64(max(1, after.Collections-before.Collections)))
	own, _ := p.memory("VmHWM")
	print("memory at most", "%.0f MiB", own)
	print("CPU of the load, a record", "%.3f µs", client.Seconds()*1e3)
	print("accepted beside the load", "%.0f records/s", rate)
	print("a core of the server alone", "%.0f records/s", 1e6/(best.Seconds()*1e3))
	job.Rate, job.Duration = rate/2, time.Duration(o.seconds)*time.Second
	result, err := load.Run(ctx, job)
	if err != nil {
		return err
	}
	printLatencies("answer at half that rate", result.Latencies)
	if err := e.measureSync(); err != nil {
		return err
	}
	return p.stop()
}

// measureSync is what the disk takes in the same minute: a write of 4 KiB and
// its fdatasync, one after the other.
func (e *environment) measureSync() error {
	f, err := os.Create(filepath.Join(e.dir, "sync"))
	if err != nil {
		return err
	}
	defer f.Close()
	block := make([]byte, 4<<10)
	var took []time.Duration
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {
		begun := time.Now()
		if _, err := f.Write(block); err != nil {
			return err
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			return err
		}
		took = append(took, time.Since(begun))
	}
	printLatencies("fdatasync of 4 KiB, in the same minute", took)
	return nil
}

// measureOnes is one record a call, to the same server.
func measureOnes(ctx context.Context, e *environment, o options) error {
	p, err := e.upIngest(ctx, o)
	if err != nil {
		return err
	}
	defer p.kill()
	c, err := corpus.New(corpus.Options{Records: 1000, Seed: 3})
	if err != nil {
		return err
	}
	var bodies []load.Batch
	for _, r := range c.Records {
		bodies = append(bodies, load.OneBody(ingestStream, r))
	}
	job := p.ingestJob(bodies, o)
	if _, err := load.Run(ctx, job); err != nil { // warm
		return err
	}
	best, rate, objects, calibration := time.Duration(1<<62), 0.0, 0.0, time.Duration(1<<62)
	var latencies []time.Duration
	for range o.slices {
		calibration = min(calibration, cputime.Calibrate())
		allocated, err := p.allocations(ctx)
		if err != nil {
			return err
		}
		before, _, err := p.cpu()
		if err != nil {
			return err
		}
		result, err := load.Run(ctx, job)
		if err != nil {
			return err
		}
		after, _, err := p.cpu()
		if err != nil {
			return err
		}
		now, err := p.allocations(ctx)
		if err != nil {
			return err
		}
		calls := len(result.Latencies)
		best = min(best, (after-before)/time.Duration(calls))
		rate = max(rate, float64(calls)/result.Elapsed.Seconds())
		objects = float64(now.Objects-allocated.Objects) / float64(calls)
		latencies = append(latencies, result.Latencies...)
	}
	print("CPU of the server, a call", "%.1f µs, %.0f × calibration", best.Seconds()*1e6, float64(best)/float64(calibration))
	print("a core of the server alone", "%.0f calls/s", 1/best.Seconds())
	print("beside the load", "%.0f calls/s", rate)
	print("allocations, a call", "%.0f", objects)
	printLatencies("answer at that rate", latencies)
	return p.stop()
}

func printLatencies(name string, l []time.Duration) {
	slices.Sort(l)
	at := func(q float64) float64 { return l[int(q*float64(len(l)-1))].Seconds() * 1e3 }
	print(name, "p50 %.1f ms, p99 %.1f ms, p99.9 %.1f ms of %d", at(.5), at(.99), at(.999), len(l))
}

// newBatches are the bodies of the load, and the corpus that they are made of.
func newBatches(stream string) ([]load.Batch, *corpus.Corpus, error) {
	const batches = 64
	c, err := corpus.New(corpus.Options{Records: batches * load.BatchRecords, Seed: 2})
	if err != nil {
		return nil, nil, err
	}
	var out []load.Batch
	for i := 0; i < len(c.Records); i += load.BatchRecords {
		out = append(out, load.Body(stream, c.Records[i:i+load.BatchRecords]))
	}
	return out, c, nil
}
