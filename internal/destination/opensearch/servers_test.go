//go:build unix

package opensearch_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/destination/opensearch"
	"github.com/millrace/millrace/internal/destination/opensearch/grant"
	"github.com/millrace/millrace/internal/realtest"
	"github.com/millrace/millrace/internal/record"
)

// node is a real server of the test's own, which may be killed.
type node struct {
	kind, dir string
	port      int
	pid       int
	admin     *server
}

// startNode starts a server of .ci/search or .ci/opensearch. It takes some tens of seconds, and a GiB of memory.
func startNode(t *testing.T, kind string, settings ...string) *node {
	t.Helper()
	realtest.Program(t, "mvn")
	dir, err := os.MkdirTemp("", "node") // t.TempDir is closed to the user that servers run as
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	n := &node{kind: kind, dir: filepath.Join(dir, "d"), port: freePort(t)}
	t.Cleanup(func() {
		n.kill()
		_ = os.RemoveAll(dir)
	})
	n.start(t, settings...)
	n.admin = &server{url: fmt.Sprintf("http://127.0.0.1:%d", n.port), user: "admin", password: "secret"}
	if kind == "opensearch-security" {
		n.admin.url, n.admin.password = strings.Replace(n.admin.url, "http:", "https:", 1), "admin"
		n.admin.transport = n.trust(t)
	}
	return n
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (n *node) start(t *testing.T, settings ...string) {
	t.Helper()
	script, args := "../../../.ci/search/start", []string{n.kind, strconv.Itoa(n.port), n.dir}
	if n.kind == "opensearch-3" {
		script, args = "../../../.ci/opensearch/start", args[1:]
	}
	c := exec.Command(script, append(args, settings...)...)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("start %s: %v", n.kind, err)
	}
	if n.pid, err = strconv.Atoi(strings.TrimSpace(string(out))); err != nil {
		t.Fatal(err)
	}
}

// kill ends the server as a power cut does, as far as a process can.
func (n *node) kill() {
	if n.pid == 0 {
		return
	}
	_ = syscall.Kill(n.pid, syscall.SIGKILL)
	for syscall.Kill(n.pid, 0) == nil {
		time.Sleep(20 * time.Millisecond)
	}
	n.pid = 0
}

func (n *node) trust(t *testing.T) http.RoundTripper {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(n.dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
}

// The matrix of real servers: MILLRACE_SEARCH_SERVERS names those to start, "all" all of them. The run of every day has
// the one at MILLRACE_OPENSEARCH.
func TestServers(t *testing.T) {
	kinds := []string{"opensearch-3", "opensearch-security", "elasticsearch-8", "elasticsearch-7"}
	asked := strings.FieldsFunc(os.Getenv("MILLRACE_SEARCH_SERVERS"), func(r rune) bool { return r == ',' || r == ' ' })
	if len(asked) == 0 {
		t.Skip("MILLRACE_SEARCH_SERVERS names no server to start: " + strings.Join(kinds, ", ") + ", or all")
	}
	if slices.Equal(asked, []string{"all"}) {
		asked = kinds
	}
	for _, kind := range asked {
		t.Run(kind, func(t *testing.T) {
			// a queue so small that deliveries meet its end
			n := startNode(t, kind, "thread_pool.write.size=1", "thread_pool.write.queue_size=1")
			t.Run("suite", func(t *testing.T) {
				runSuite(t, func(t *testing.T) *server { n.admin.drop(t, "logs"); return n.admin })
			})
			t.Run("refusals", func(t *testing.T) { realRefusals(t, n) })
			t.Run("blocks", func(t *testing.T) { realBlocks(t, n) })
			t.Run("queue", func(t *testing.T) { realQueue(t, n) })
			if kind == "opensearch-security" {
				t.Run("grant", func(t *testing.T) { realGrant(t, n) })
			} else {
				t.Run("nothing to grant", func(t *testing.T) {
					if _, err := grant.New(t.Context(), n.admin.client(t), grant.Request{Principal: "u", AllAccess: true}); !errors.Is(err, grant.ErrNoSecurity) {
						t.Fatal(err)
					}
				})
			}
			t.Run("kills", func(t *testing.T) { realKills(t, n) })
		})
	}
}

func (s *server) drop(t *testing.T, index string) {
	t.Helper()
	s.call(t, http.MethodDelete, "/"+index+"?ignore_unavailable=true", "")
}

func (s *server) client(t *testing.T) *opensearch.Client {
	t.Helper()
	c, err := opensearch.NewClient(s.url, opensearch.Basic{Username: s.user, Password: s.password}, s.roundTripper(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func numbers(from, to int) *destination.Batch {
	b := &destination.Batch{ID: strconv.Itoa(from), Stream: record.StreamID{3}, Name: "numbers"}
	for i := from; i < to; i++ {
		b.Records = append(b.Records, record.Record{Sequence: record.Sequence(i + 1), Arrival: 1795341600000, Data: fmt.Appendf(nil, `{"n":%d}`, i)})
	}
	return b
}

func (s *server) to(t *testing.T, index string, change func(*opensearch.Options)) *opensearch.Destination {
	t.Helper()
	o := opensearch.Options{Endpoint: s.url, IndexName: index, Rotation: opensearch.NoRotation, RetryDuration: 5 * time.Minute,
		Credentials: opensearch.Basic{Username: s.user, Password: s.password}, Transport: s}
	if change != nil {
		change(&o)
	}
	d, err := opensearch.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// exact wants the numbers of an index to be 0 to n-1 without the missing, each once.
func (s *server) exact(t *testing.T, index string, n int, missing ...int) {
	t.Helper()
	sum := n * (n - 1) / 2
	for _, m := range missing {
		sum -= m
	}
	s.call(t, http.MethodPost, "/"+index+"/_refresh", "")
	answer := s.call(t, http.MethodPost, "/"+index+"/_search", `{"size":0,"track_total_hits":true,"aggs":{"sum":{"sum":{"field":"n"}}}}`)
	var found struct {
		Hits         struct{ Total struct{ Value int } }
		Aggregations struct{ Sum struct{ Value float64 } }
	}
	if err := json.Unmarshal([]byte(answer), &found); err != nil {
		t.Fatal(err)
	}
	if found.Hits.Total.Value != n-len(missing) || found.Aggregations.Sum.Value != float64(sum) {
		t.Fatalf("want %d numbers with the sum %d: %s", n-len(missing), sum, answer)
	}
}

// told gathers what the engine is told, and lets no wait between attempts be longer than a moment.
func told(t *testing.T) (ctx context.Context, failures func() string) {
	again := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go func() {
		for ctx.Err() == nil {
			select {
			case again <- struct{}{}:
			case <-ctx.Done():
			}
			time.Sleep(300 * time.Millisecond)
		}
	}()
	var all strings.Builder
	return destination.WithAttempts(ctx, destination.Attempts{Failed: func(err error) { fmt.Fprintln(&all, err) }, Again: again}), all.String
}
