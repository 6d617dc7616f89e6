//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/millrace/millrace/bench/load"
	"github.com/millrace/millrace/internal/aws/sigv4"
	"github.com/millrace/millrace/internal/config"
)

// peerRounds are how often the servers take turns; the median counts.
const peerRounds = 3

// peer is another server of the same API.
type peer struct {
	name    string
	command func(port string) *exec.Cmd
}

// The peers are those of PATH. Both keep everything in memory.
var peers = []peer{
	{"moto_server", func(port string) *exec.Cmd { return exec.Command("moto_server", "-H", "127.0.0.1", "-p", port) }},
	{"ministack", func(port string) *exec.Cmd {
		cmd := exec.Command("ministack")
		cmd.Env = []string{"GATEWAY_PORT=" + port}
		return cmd
	}},
}

// measurePeers puts the same batches by the same client into millrace and into
// other emulators: a stream to a bucket, no more. The CPU time of millrace is
// that of all its processes until the last record is in the bucket, signatures
// verified and everything fsynced; peers write the object before they answer.
func measurePeers(ctx context.Context, e *environment, o options) error {
	dir := e.newDir()
	own, err := e.up(ctx, dir)
	if err != nil {
		return err
	}
	defer own.kill()
	batches, c, err := newBatches(ingestStream)
	if err != nil {
		return err
	}
	book := newLedger(batches, c)
	contestants := []*contestant{{name: "millrace", process: own, settle: func() error { return book.awaitArchive(ctx, own) }}}
	for _, candidate := range peers {
		if _, err := exec.LookPath(candidate.name); err != nil {
			print(candidate.name, "is not in PATH and left out")
			continue
		}
		p, err := e.startPeer(ctx, candidate)
		if err != nil {
			return fmt.Errorf("start %s: %w", candidate.name, err)
		}
		defer p.kill()
		contestants = append(contestants, &contestant{name: candidate.name, process: p, settle: func() error { return nil }})
	}
	for _, one := range contestants {
		if err := one.prepare(ctx); err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
	}
	for round := range peerRounds + 1 { // the first warms
		for _, one := range contestants {
			result, err := one.put(ctx, batches, o, round > 0)
			if err != nil {
				return fmt.Errorf("%s: %w", one.name, err)
			}
			if one.process == own {
				book.note(result)
			}
		}
	}
	if err := book.checkArchive(dir); err != nil {
		return err
	}
	for _, one := range contestants {
		slices.Sort(one.spent)
		median := one.spent[len(one.spent)/2]
		hwm, child := one.process.memory("VmHWM")
		print(one.name, "%.2f CPU s a million records (%.2f to %.2f), %d records, %.0f MiB", median, one.spent[0], one.spent[len(one.spent)-1], one.records, hwm+child)
	}
	return own.stop()
}

// contestant is a server and what it has spent.
type contestant struct {
	name    string
	process *process
	settle  func() error // waits until everything is delivered
	spent   []float64    // CPU seconds a million records, of each round
	records int64
}

// put is one round.
func (c *contestant) put(ctx context.Context, batches []load.Batch, o options, counts bool) (*load.Result, error) {
	before, childBefore, err := c.process.cpu()
	if err != nil {
		return nil, err
	}
	job := c.process.job(batches, o)
	job.Duration = time.Duration(o.seconds) * time.Second / peerRounds
	result, err := load.Run(ctx, job)
	if err != nil {
		return nil, err
	}
	if err := c.settle(); err != nil {
		return nil, err
	}
	after, childAfter, err := c.process.cpu()
	if err != nil {
		return nil, err
	}
	if n := result.Records(batches); counts && n > 0 {
		c.spent = append(c.spent, (after-before+childAfter-childBefore).Seconds()*1e6/float64(n))
		c.records += n
	}
	return result, nil
}

// prepare makes the bucket and the stream.
func (c *contestant) prepare(ctx context.Context) error {
	if err := c.call(ctx, http.MethodPut, "/"+archiveBucket, "s3", "", ""); err != nil {
		return err
	}
	create := fmt.Sprintf(`{"DeliveryStreamName":%q,"ExtendedS3DestinationConfiguration":{"RoleARN":"arn:aws:iam::000000000000:role/bench",`+
		`"BucketARN":"arn:aws:s3:::%s","BufferingHints":{"IntervalInSeconds":60,"SizeInMBs":5}}}`, ingestStream, archiveBucket)
	if err := c.call(ctx, http.MethodPost, "/", "firehose", "CreateDeliveryStream", create); err != nil {
		return err
	}
	time.Sleep(time.Second) // until it is ACTIVE
	return nil
}

func (c *contestant) call(ctx context.Context, method, path, service, operation, body string) error {
	r, err := http.NewRequestWithContext(ctx, method, c.process.run.Edge+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	if operation != "" {
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		r.Header.Set("X-Amz-Target", "Firehose_20150804."+operation)
	}
	run := c.process.run
	signer := sigv4.Signer{AccessKeyID: run.AccessKeyID, Secret: run.SecretAccessKey, Region: run.Region, Service: service}
	if err := signer.Sign(r, sigv4.HashOf([]byte(body)), time.Now()); err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 500))
		return fmt.Errorf("%s %s %s: %s: %s", method, path, operation, response.Status, text)
	}
	return nil
}

// startPeer starts a peer on a free port, in a folder of its own, and waits
// until it answers.
func (e *environment) startPeer(ctx context.Context, candidate peer) (*process, error) {
	ports, err := freePorts(1)
	if err != nil {
		return nil, err
	}
	home := e.newDir()
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, err
	}
	cmd := candidate.command(ports[0])
	cmd.Env = append(cmd.Env, "PATH="+os.Getenv("PATH"), "HOME="+home, "TMPDIR="+home)
	cmd.Dir = home
	p := &process{cmd: cmd, run: config.Run{Edge: "http://127.0.0.1:" + ports[0], Region: region, AccessKeyID: "test", SecretAccessKey: "test"}}
	log, err := os.Create(filepath.Join(home, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	for begun := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		client := http.Client{Timeout: 5 * time.Second}
		if response, err := client.Get(p.run.Edge + "/"); err == nil {
			_ = response.Body.Close()
			return p, nil
		}
		if time.Since(begun) > readyTimeout || ctx.Err() != nil {
			p.kill()
			text, _ := os.ReadFile(log.Name())
			return nil, fmt.Errorf("no answer within %v: %s", readyTimeout, text)
		}
	}
}
