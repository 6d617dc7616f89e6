//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/millrace/millrace/internal/config"
)

// asMillrace makes the test binary behave as the program: the tests start the
// real thing in processes that can be killed.
const asMillrace = "MILLRACE_TEST_MAIN"

func TestMain(m *testing.M) {
	if ran, code := child(os.Args); ran {
		os.Exit(code)
	}
	if os.Getenv(asMillrace) != "" {
		os.Exit(run(os.Args[1:]))
	}
	// These tests wait for windows, buffers and other processes more than they
	// compute: more of them at a time than there are cores.
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		if err := parallel.Value.Set("6"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// process is a running `millrace up`.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	Run  config.Run // of the ready line
	Dir  string
	logs *lockedBuffer
	// client asks the search endpoint; one with its own certificate needs another.
	client *http.Client
	// ready is closed when the ready line was read, ended when the process is gone.
	ready, ended chan struct{}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// cleanEnv is the environment without what other sessions may have set.
func cleanEnv(extra ...string) []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AWS_") && !strings.HasPrefix(v, "MILLRACE_") {
			env = append(env, v)
		}
	}
	return append(env, extra...)
}

// launch starts `millrace up` on free ports without waiting for it.
func launch(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	p := &process{t: t, Dir: dir, logs: &lockedBuffer{}, client: http.DefaultClient, ready: make(chan struct{}), ended: make(chan struct{})}
	args = append([]string{"up", "--json", "--dir", dir, "--edge-port", "0", "--console-port", "0", "--search-port", "0"}, args...)
	p.cmd = exec.Command(os.Args[0], args...)
	p.cmd.Env = cleanEnv(asMillrace + "=1")
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Stderr = p.logs
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		line, err := bufio.NewReader(out).ReadBytes('\n')
		if err == nil && json.Unmarshal(line, &p.Run) == nil {
			close(p.ready)
		}
		_, _ = io.Copy(io.Discard, out)
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("stderr of millrace:\n%s", lastOf(p.logs.String(), 8000))
		}
	})
	return p
}

func lastOf(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}

// up starts `millrace up` and waits for the ready line.
func up(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	p := launch(t, dir, args...)
	p.await()
	return p
}

func (p *process) await() {
	p.t.Helper()
	select {
	case <-p.ready:
	case <-p.ended:
		p.t.Fatalf("millrace ended before it was ready:\n%s", p.logs)
	case <-time.After(60 * time.Second):
		p.t.Fatalf("millrace was not ready within 60 s:\n%s", p.logs)
	}
}

// kill ends the process and all its children as kill -9 does.
func (p *process) kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.ended
}

// stop ends it as Ctrl-C does and returns its exit code.
func (p *process) stop() int {
	p.t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(40 * time.Second):
		p.t.Fatal("millrace did not end within 40 s of SIGTERM")
	}
	return p.cmd.ProcessState.ExitCode()
}

// millrace runs a command of the program on the data directory.
func millrace(t *testing.T, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, os.Args[0], append(args, "--dir", dir)...)
	c.Env = cleanEnv(asMillrace + "=1")
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	_ = c.Run()
	return out.String(), errs.String(), c.ProcessState.ExitCode()
}

// s3Client is the AWS SDK's client on the edge.
func (p *process) s3Client() *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(p.Run.Edge), Region: p.Run.Region, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(p.Run.AccessKeyID, p.Run.SecretAccessKey, ""),
	})
}

// archived returns the lines of all objects of the buckets whose name contains
// want and not without.
func (p *process) archived(want, without string) []string {
	p.t.Helper()
	var all []string
	for _, bucket := range p.buckets() {
		if strings.Contains(bucket, want) && (without == "" || !strings.Contains(bucket, without)) {
			for _, lines := range p.objects(bucket) {
				all = append(all, lines...)
			}
		}
	}
	return all
}

func (p *process) buckets() []string {
	p.t.Helper()
	buckets, err := p.s3Client().ListBuckets(p.t.Context(), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	var names []string
	for _, b := range buckets.Buckets {
		names = append(names, *b.Name)
	}
	return names
}

// bucket is the one bucket whose name contains want.
func (p *process) bucket(want string) string {
	p.t.Helper()
	var found []string
	for _, name := range p.buckets() {
		if strings.Contains(name, want) {
			found = append(found, name)
		}
	}
	if len(found) != 1 {
		p.t.Fatalf("want one bucket %q, there are %v", want, found)
	}
	return found[0]
}

// objects are the lines of a bucket's objects, by key.
func (p *process) objects(bucket string) map[string][]string {
	p.t.Helper()
	ctx, client := p.t.Context(), p.s3Client()
	lines := map[string][]string{}
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: &bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			p.t.Fatal(err)
		}
		for _, o := range page.Contents {
			got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: o.Key})
			if err != nil {
				p.t.Fatal(err)
			}
			text, err := io.ReadAll(got.Body)
			_ = got.Body.Close()
			if err != nil {
				p.t.Fatal(err)
			}
			lines[*o.Key] = strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		}
	}
	return lines
}

// searchSums is the sum of STATUSCOUNT by STATUS over the index.
func (p *process) searchSums() (map[int]int, error) {
	body := `{"size":0,"aggs":{"status":{"terms":{"field":"STATUS","size":1000},"aggs":{"sum":{"sum":{"field":"STATUSCOUNT"}}}}}}`
	var answer struct {
		Aggregations struct {
			Status struct {
				Buckets []struct {
					Key int                     `json:"key"`
					Sum struct{ Value float64 } `json:"sum"`
				} `json:"buckets"`
			} `json:"status"`
		} `json:"aggregations"`
	}
	if err := p.searchJSON(http.MethodPost, "/analysed-logs*/_search", body, &answer); err != nil {
		return nil, err
	}
	sums := map[int]int{}
	for _, b := range answer.Aggregations.Status.Buckets {
		sums[b.Key] = int(b.Sum.Value)
	}
	return sums, nil
}

func (p *process) searchJSON(method, path, body string, into any) error {
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.Run.Search+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	if p.Run.SearchUser != "" {
		r.SetBasicAuth(p.Run.SearchUser, p.Run.SearchPassword)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := p.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, text)
	}
	return json.Unmarshal(text, into)
}

// eventually repeats a check until it holds.
func eventually(t *testing.T, what string, within time.Duration, check func() error) {
	t.Helper()
	deadline := time.Now().Add(within)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s, not within %v: %v", what, within, err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// dataDir is a short temporary folder: unix sockets have short names.
func dataDir(t *testing.T) string {
	dir, err := os.MkdirTemp("", "mr")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "d")
}
