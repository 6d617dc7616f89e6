//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"syscall"
	"time"

	"github.com/millrace/millrace/bench/corpus"
	"github.com/millrace/millrace/bench/cputime"
	"github.com/millrace/millrace/bench/load"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/edge"
	"github.com/millrace/millrace/internal/aws/jsonrpc"
	"github.com/millrace/millrace/internal/aws/sigv4"
	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/firehose"
	"github.com/millrace/millrace/internal/journal/pebble"
)

const (
	ingestArgument = "__ingest"
	ingestStream   = "ingest"
	archiveBucket  = "bench-archive"
	region         = "us-east-1"
	ingestKey      = "AKIDBENCH"
	ingestSecret   = "secret"
)

// measureIngest is signed PutRecordBatch calls to fsynced frames, and nothing
// behind them: the archive of the server does not answer, so that its delivery
// waits.
func measureIngest(ctx context.Context, e *environment, o options) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	p, err := start(ctx, exec.Command(self, ingestArgument, e.newDir(), o.profile), "")
	if err != nil {
		return err
	}
	defer p.kill()
	batches, _, err := newBatches(ingestStream)
	if err != nil {
		return err
	}
	job := load.Options{
		Endpoint: p.run.Edge, Batches: batches, Connections: o.connections,
		Signer:   sigv4.Signer{AccessKeyID: ingestKey, Secret: ingestSecret, Region: region, Service: "firehose"},
		Duration: time.Duration(o.seconds) * time.Second / time.Duration(o.slices),
	}
	if _, err := load.Run(ctx, job); err != nil { // warm
		return err
	}
	best, rate, client, calibration := time.Duration(1<<62), 0.0, time.Duration(1<<62), time.Duration(1<<62)
	var spent, records time.Duration
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
	if err := p.measureOnes(ctx, job); err != nil {
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

// measureOnes is one record a call.
func (p *process) measureOnes(ctx context.Context, job load.Options) error {
	c, err := corpus.New(corpus.Options{Records: 1000, Seed: 3})
	if err != nil {
		return err
	}
	job.Batches, job.Rate, job.Duration = nil, 0, job.Duration/2
	for _, r := range c.Records {
		job.Batches = append(job.Batches, load.OneBody(ingestStream, r))
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
	calls := float64(len(result.Latencies))
	print("one record a call (PutRecord)", "%.1f µs CPU of the server, %.0f calls/s a core, %.0f beside the load",
		(after-before).Seconds()*1e6/calls, calls/(after-before).Seconds(), calls/result.Elapsed.Seconds())
	return nil
}

func printLatencies(name string, l []time.Duration) {
	slices.Sort(l)
	at := func(q float64) float64 { return l[int(q*float64(len(l)-1))].Seconds() * 1e3 }
	print(name, "p50 %.1f ms, p99 %.1f ms, p99.9 %.1f ms of %d calls", at(.5), at(.99), at(.999), len(l))
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

// away is an archive that does not answer.
type away struct{}

func (away) Put(ctx context.Context, _, _ string, _ []byte, _ http.Header) error {
	<-ctx.Done()
	return ctx.Err()
}

// everything is allowed to everybody who can sign.
type everything struct{}

func (everything) Authorize(context.Context, call.Identity, string, string) error { return nil }
func (everything) AuthorizeRole(context.Context, string, string, string) error    { return nil }

// serveIngest is the server of measureIngest: edge, Firehose and the journal on
// disk, as cmd/millrace wires them, until it is asked to stop. With a file
// named, its CPU profile goes there.
func serveIngest(dir, profile string) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	j, err := pebble.Open(pebble.Options{Dir: dir, Logger: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	f, err := firehose.Open(firehose.Options{Journal: j, Authorizer: everything{}, Archive: away{}, Logger: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	verifier := sigv4.NewVerifier(sigv4.Options{Credentials: func(id string) (sigv4.Credential, bool) {
		return sigv4.Credential{Secret: ingestSecret, Identity: call.Identity{AccessKeyID: id}}, id == ingestKey
	}})
	front := edge.New(edge.Options{Verifier: verifier, JSON: []*jsonrpc.Service{f.JSONRPC()}, Logger: log})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := front.Server()
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	client := edge.NewClient(front, sigv4.Signer{AccessKeyID: ingestKey, Secret: ingestSecret, Region: region})
	err = client.JSON(ctx, "firehose", "Firehose_20150804.CreateDeliveryStream", map[string]any{
		"DeliveryStreamName":         ingestStream,
		"S3DestinationConfiguration": map[string]any{"RoleARN": "arn:aws:iam::000000000000:role/r", "BucketARN": "arn:aws:s3:::archive"},
	}, nil)
	if err != nil {
		return err
	}
	for f.Streams()[0].Status != "ACTIVE" {
		runtime.Gosched()
	}
	if profile != "" {
		out, err := os.Create(profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(out); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	ready := config.Run{Ready: true, Edge: "http://" + l.Addr().String(), PID: os.Getpid()}
	if err := json.NewEncoder(os.Stdout).Encode(ready); err != nil {
		return fmt.Errorf("say ready: %w", err)
	}
	<-ctx.Done()
	return nil
}
