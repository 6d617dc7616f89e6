//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// originWorld is a server with a delivery stream into an archive, log files, an
// agent that follows them, and the route between both.
type originWorld struct {
	t          *testing.T
	server     *process
	route      *route
	dir        string // of the server
	logs       string
	checkpoint string

	mu      sync.Mutex
	written map[string]int
	next    int
}

const originTemplate = `
Resources:
  Archive: {Type: AWS::S3::Bucket, Properties: {BucketName: archive}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement: [{Effect: Allow, Principal: {Service: firehose.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: write
          PolicyDocument: {Version: 2012-10-17, Statement: [{Effect: Allow, Action: 's3:PutObject', Resource: !Sub '${Archive.Arn}/*'}]}
  Web:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      DeliveryStreamName: web
      ExtendedS3DestinationConfiguration:
        BucketARN: !GetAtt Archive.Arn
        RoleARN: !GetAtt Role.Arn
        BufferingHints: {IntervalInSeconds: 1, SizeInMBs: 1}
`

func newOriginWorld(t *testing.T, settings string) *originWorld {
	t.Helper()
	w := &originWorld{t: t, dir: dataDir(t), logs: t.TempDir(), written: map[string]int{}}
	w.checkpoint = filepath.Join(t.TempDir(), "checkpoint")
	configure(t, w.dir, settings)
	template := filepath.Join(t.TempDir(), "origin.yaml")
	write(t, template, []byte(originTemplate))
	w.server = up(t, w.dir, template)
	w.route = newRoute(t, w.server)
	return w
}

func (w *originWorld) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// restartServer kills the server and starts another on its data.
func (w *originWorld) restartServer() {
	w.server.kill()
	w.server = up(w.t, w.dir)
	w.route.leadTo(w.server)
}

// write appends so many different lines, at a rate or at once.
func (w *originWorld) write(name string, lines, perSecond int) (done chan struct{}) {
	log, err := os.OpenFile(filepath.Join(w.logs, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	w.must(err)
	done = make(chan struct{})
	go func() {
		defer close(done)
		defer log.Close()
		for i := range lines {
			w.mu.Lock()
			w.next++
			line := fmt.Sprintf("line %d of all %s", w.next, strings.Repeat("x", w.next%150))
			w.written[line]++
			w.mu.Unlock()
			if _, err := fmt.Fprintln(log, line); err != nil {
				w.t.Error(err)
			}
			if perSecond > 0 && i%20 == 19 {
				time.Sleep(20 * time.Second / time.Duration(perSecond))
			}
		}
	}()
	return done
}

// append appends whole lines.
func (w *originWorld) append(name, text string) {
	log, err := os.OpenFile(filepath.Join(w.logs, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	w.must(err)
	_, err = log.WriteString(text)
	w.must(err)
	w.must(log.Close())
	for line := range strings.Lines(text) {
		w.written[strings.TrimSuffix(line, "\n")]++
	}
}

// linesLeft are those of the files that are there now.
func (w *originWorld) linesLeft() map[string]int {
	names, err := filepath.Glob(filepath.Join(w.logs, "access.log*"))
	w.must(err)
	var all []string
	for _, name := range names {
		text, err := os.ReadFile(name)
		w.must(err)
		all = append(all, strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")...)
	}
	return countLines(all)
}

func countLines(lines []string) map[string]int {
	n := map[string]int{}
	for _, line := range lines {
		if line != "" {
			n[line]++
		}
	}
	return n
}

// arrive waits until the agent has nothing left to send, and stops it.
func (w *originWorld) arrive(a *agentProcess) {
	w.t.Helper()
	before := -1
	a.until("the agent has no more to send", func() bool {
		time.Sleep(1500 * time.Millisecond)
		now := w.route.requestsSeen()
		still := now == before
		before = now
		return still
	})
	a.stop()
	if _, errs, code := millrace(w.t, w.dir, "flush", "web"); code != 0 {
		w.t.Fatal(errs)
	}
}

// sameAsLogs compares the archive with all lines that were written; again is how
// many lines it must have besides, each of them one that was written.
func (w *originWorld) sameAsLogs(again int) {
	w.t.Helper()
	lines := w.server.archived("archive", "")
	got, want := countLines(lines), 0
	for line, n := range w.written {
		want += n
		if got[line] < n || again == 0 && got[line] > n {
			w.t.Errorf("%d times written, %d times in the archive: %q", n, got[line], line)
		}
		delete(got, line)
	}
	if len(lines) != want+again || len(got) > 0 {
		w.t.Errorf("%d lines in the archive, %d written and %d again; never written: %v", len(lines), want, again, got)
	}
}

// agentProcess is a running `millrace agent run`.
type agentProcess struct {
	t     *testing.T
	cmd   *exec.Cmd
	logs  *lockedBuffer
	ended chan struct{}
}

func (w *originWorld) startAgent() *agentProcess {
	w.t.Helper()
	file := filepath.Join(w.t.TempDir(), "agent.json")
	write(w.t, file, fmt.Appendf(nil, `{"checkpointFile": %q, "firehose.endpoint": %q, "awsAccessKeyId": %q, "awsSecretAccessKey": %q, "maxSendingThreads": 8,
		"flows": [{"filePattern": %q, "deliveryStream": "web", "initialPosition": "START_OF_FILE", "maxBufferAgeMillis": 1000, "maxBufferSizeRecords": 40,
		"retryInitialBackoffMillis": 20, "retryMaxBackoffMillis": 200}]}`,
		w.checkpoint, w.route.server.URL, w.server.Run.AccessKeyID, w.server.Run.SecretAccessKey, filepath.Join(w.logs, "access.log")))
	a := &agentProcess{t: w.t, logs: &lockedBuffer{}, ended: make(chan struct{})}
	a.cmd = exec.Command(os.Args[0], "agent", "run", "-c", file)
	a.cmd.Env = cleanEnv(asMillrace+"=1", "AWS_REGION="+w.server.Run.Region)
	a.cmd.Stderr = a.logs
	w.must(a.cmd.Start())
	go func() {
		_ = a.cmd.Wait()
		close(a.ended)
	}()
	w.t.Cleanup(func() {
		a.kill()
		if w.t.Failed() {
			w.t.Logf("stderr of the agent:\n%s", lastOf(a.logs.String(), 3000))
		}
	})
	return a
}

func (a *agentProcess) kill() {
	_ = a.cmd.Process.Kill()
	<-a.ended
}

func (a *agentProcess) stop() {
	a.t.Helper()
	_ = a.cmd.Process.Signal(syscall.SIGTERM)
	<-a.ended
	if code := a.cmd.ProcessState.ExitCode(); code != 0 {
		a.t.Errorf("the agent's exit code is %d", code)
	}
}

func (a *agentProcess) until(what string, done func() bool) {
	a.t.Helper()
	eventually(a.t, what, 60*time.Second, func() error {
		select {
		case <-a.ended:
			a.t.Fatalf("the agent ended by itself:\n%s", a.logs)
		default:
		}
		if !done() {
			return fmt.Errorf("not yet")
		}
		return nil
	})
}
