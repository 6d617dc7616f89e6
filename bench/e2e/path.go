//go:build linux

package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/millrace/millrace/bench/cputime"
	"github.com/millrace/millrace/bench/load"
	"github.com/millrace/millrace/internal/aws/sigv4"
	"github.com/millrace/millrace/internal/console"
)

//go:embed template.yaml
var template []byte

// pathSlices are bursts of load of which the best counts.
const pathSlices = 3

// drainTimeout is how long the path may take to its end after the load.
const drainTimeout = 120 * time.Second

// upPath starts millrace with the template.
func (e *environment) upPath(ctx context.Context, dir string, o options) (*process, error) {
	file := filepath.Join(e.dir, "bench.yaml")
	if err := os.WriteFile(file, template, 0o600); err != nil {
		return nil, err
	}
	return e.up(ctx, dir, file, "--parameter", fmt.Sprint("BufferMiB=", o.bufferMiB))
}

func (p *process) job(batches []load.Batch, o options) load.Options {
	return load.Options{
		Endpoint: p.run.Edge, Batches: batches, Connections: o.connections, Duration: time.Duration(o.seconds) * time.Second,
		Signer: sigv4.Signer{AccessKeyID: p.run.AccessKeyID, Secret: p.run.SecretAccessKey, Region: p.run.Region, Service: "firehose"},
	}
}

// measurePath is the whole server: signed calls to the journal, from there to
// the archive's objects and through the application to documents of the index.
// CPU time is counted from the first call until the last record has arrived.
func measurePath(ctx context.Context, e *environment, o options) error {
	dir := e.newDir()
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
	warm := p.job(batches, o)
	warm.Duration = time.Second
	result, err := load.Run(ctx, warm)
	if err != nil {
		return err
	}
	book.note(result)
	if err := book.drain(ctx, p); err != nil {
		return err
	}
	var best slice
	calibration := cputime.Calibrate()
	for i := range pathSlices {
		one, err := book.slice(ctx, p, o)
		if err != nil {
			return err
		}
		calibration = min(calibration, cputime.Calibrate())
		if i == 0 || one.cpu() < best.cpu() {
			best = one
		}
	}
	if err := book.checkArchive(dir); err != nil {
		return err
	}
	print("records, all accounted for", "%d in the archive and in the index's sums", book.sent.records)
	print("CPU of the server, a record", "%.3f µs, %.1f × calibration (the archive's process %.3f µs of it)",
		best.cpu().Seconds()*1e3, float64(best.cpu())/1000/float64(calibration), best.child.Seconds()*1e3)
	print(fmt.Sprintf("%d cores of the server alone", runtime.NumCPU()), "%.0f records/s", float64(runtime.NumCPU())*1e6/(best.cpu().Seconds()*1e3))
	print("accepted beside the load", "%.0f records/s", best.accepted)
	print("archived beside the load", "%.0f records/s", best.archived)
	hwm, hwmArchive := p.memory("VmHWM")
	print("memory at most", "%.0f MiB, and %.0f MiB of the archive's process", hwm, hwmArchive)
	half := p.job(batches, o)
	half.Rate = best.archived / 2
	results, err := p.resultTimes(ctx)
	if err != nil {
		return err
	}
	if result, err = load.Run(ctx, half); err != nil {
		return err
	}
	book.note(result)
	late, err := results()
	if err != nil {
		return err
	}
	printLatencies("answer at half of that", result.Latencies)
	printLatencies("result after its window's end", late)
	if err := book.drain(ctx, p); err != nil {
		return err
	}
	if err := book.checkArchive(dir); err != nil {
		return err
	}
	return p.stop()
}

// slice is one burst of load, a thousand times the CPU time of a record.
type slice struct {
	parent, child      time.Duration
	accepted, archived float64 // records a second
}

func (s slice) cpu() time.Duration { return s.parent + s.child }

// slice measures a burst from its first call until all of it has arrived.
func (l *ledger) slice(ctx context.Context, p *process, o options) (s slice, err error) {
	parent, child, err := p.cpu()
	if err != nil {
		return s, err
	}
	job := p.job(l.batches, o)
	job.Duration /= 2
	begun := time.Now()
	result, err := load.Run(ctx, job)
	if err != nil {
		return s, err
	}
	l.note(result)
	n := result.Records(l.batches)
	s.accepted = float64(n) / result.Elapsed.Seconds()
	if err := l.awaitArchive(ctx, p); err != nil {
		return s, err
	}
	s.archived = float64(n) / time.Since(begun).Seconds()
	if err := l.await(ctx, p, drainTimeout); err != nil {
		return s, err
	}
	parentAfter, childAfter, err := p.cpu()
	s.parent, s.child = (parentAfter-parent)*1000/time.Duration(n), (childAfter-child)*1000/time.Duration(n)
	return s, err
}

// drain waits until everything that was acknowledged has arrived.
func (l *ledger) drain(ctx context.Context, p *process) error {
	if err := l.awaitArchive(ctx, p); err != nil {
		return err
	}
	return l.await(ctx, p, drainTimeout)
}

// awaitArchive waits until the delivery to the archive has nothing left.
func (l *ledger) awaitArchive(ctx context.Context, p *process) error {
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		var st console.Status
		if err := p.console(ctx, http.MethodPost, "/api/v1/streams/"+ingestStream+"/flush", nil); err != nil {
			return err
		}
		if err := p.console(ctx, http.MethodGet, "/api/v1/status", &st); err != nil {
			return err
		}
		left := int64(0)
		for _, d := range st.DeliveryStreams {
			if d.Name == ingestStream {
				left = d.FreshnessMs
			}
		}
		if left == 0 {
			return nil
		}
		if time.Since(begun) > drainTimeout {
			return fmt.Errorf("the archive is %d ms behind after %v", left, drainTimeout)
		}
	}
}

// console calls the server's API.
func (p *process) console(ctx context.Context, method, path string, into any) error {
	u, err := url.Parse(p.run.Console)
	if err != nil {
		return err
	}
	token := u.Query().Get("token")
	u.RawQuery, u.Path = "", path
	r, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s %s: %s", method, path, response.Status)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(into)
}
