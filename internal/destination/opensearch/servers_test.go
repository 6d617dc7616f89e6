//go:build unix

package opensearch_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
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

// What the server refuses of single documents ends with its own words; the others are there. An index rotates by itself.
func realRefusals(t *testing.T, n *node) {
	n.admin.drop(t, "numbers-2026-11-22")
	b := numbers(0, 300)
	b.Records[7].Data = []byte(`{"n":"seven"}`)
	b.Records[8].Data = []byte(`{"n":{"eight":8}}`)
	b.Records[9].Data = []byte(`{"n":`)
	refused, err := n.admin.to(t, "numbers", func(o *opensearch.Options) { o.Rotation, o.Gzip = opensearch.OneDay, true }).Deliver(t.Context(), b)
	if err != nil || len(refused) != 3 {
		t.Fatal(refused, err)
	}
	for i, want := range []string{"failed to parse field [n] of type [long]", "failed to parse field [n] of type [long]", "not one JSON object"} {
		r := refused[i]
		if r.Record.Sequence != record.Sequence(8+i) || r.Code != "400" || !strings.Contains(r.Message, want) || r.IndexName != "numbers-2026-11-22" {
			t.Errorf("%+v", r)
		}
	}
	n.admin.exact(t, "numbers-2026-11-22", 300, 7, 8, 9)
	// A type is an error of the request wherever types are gone, which is not found out document by document.
	n.admin.drop(t, "typed")
	refused, err = n.admin.to(t, "typed", func(o *opensearch.Options) { o.TypeName = "doc" }).Deliver(t.Context(), numbers(0, 2))
	if typed := n.kind == "elasticsearch-7"; err != nil || typed != (len(refused) == 0) {
		t.Fatal(refused, err)
	}
	for _, r := range refused {
		if r.Code != "400" || !strings.Contains(r.Message, "_type") {
			t.Errorf("%+v", r)
		}
	}
}

// Blocks of an index are waited for, each under its own status.
func realBlocks(t *testing.T, n *node) {
	for block, status := range map[string]string{"read_only_allow_delete": "429", "read_only": "403", "write": "403"} {
		n.admin.drop(t, "numbers")
		if refused, err := n.admin.to(t, "numbers", nil).Deliver(t.Context(), numbers(0, 10)); err != nil || len(refused) > 0 {
			t.Fatal(refused, err)
		}
		n.admin.call(t, http.MethodPut, "/numbers/_settings", `{"index.blocks.`+block+`":true}`)
		ctx, failures := told(t)
		timer := time.AfterFunc(time.Second, func() { n.admin.call(t, http.MethodPut, "/numbers/_settings", `{"index.blocks.`+block+`":null}`) })
		refused, err := n.admin.to(t, "numbers", func(o *opensearch.Options) { o.Deliverer = "u" }).Deliver(ctx, numbers(5, 20))
		timer.Stop()
		if err != nil || len(refused) > 0 || !strings.Contains(failures(), status) || strings.Contains(failures(), "grant") {
			t.Fatalf("%s: %v %v told %q", block, refused, err, failures())
		}
		n.admin.exact(t, "numbers", 20)
	}
}

// A queue for one request, twenty shards: most documents of a request find it full, and only these go again.
func realQueue(t *testing.T, n *node) {
	n.admin.drop(t, "numbers")
	n.admin.call(t, http.MethodPut, "/numbers", `{"settings":{"number_of_shards":20,"number_of_replicas":0}}`)
	ctx, failures := told(t)
	for from := 0; from < 3000; from += 300 {
		refused, err := n.admin.to(t, "numbers", nil).Deliver(ctx, numbers(from, from+300))
		if err != nil || len(refused) > 0 {
			t.Fatal(refused, err)
		}
	}
	if !strings.Contains(failures(), "rejected_execution_exception") {
		t.Errorf("the queue was never full: %q", failures())
	}
	n.admin.exact(t, "numbers", 3000)
}

// kill -9 of the server in the middle, with answers that get lost besides: nothing is doubled, nothing is missing.
func realKills(t *testing.T, n *node) {
	n.admin.drop(t, "numbers")
	const batches, size, kills = 60, 200, 2
	unruly := &lossy{next: n.admin, rand: rand.New(rand.NewPCG(1, 1))}
	d := n.admin.to(t, "numbers", func(o *opensearch.Options) { o.RequestBytes, o.Transport = 4000, unruly })
	ctx, failures := told(t)
	for i := range batches {
		if i%(batches/(kills+1)) == 10 && i > 10 {
			unruly.during(50*time.Millisecond, func() {
				n.kill()
				n.start(t)
			})
		}
		refused, err := d.Deliver(ctx, numbers(i*size, (i+1)*size))
		if err != nil || len(refused) > 0 {
			t.Fatal(refused, err)
		}
	}
	unruly.wait()
	if !strings.Contains(failures(), "connect") {
		t.Error("the server was never away")
	}
	n.admin.exact(t, "numbers", batches*size)
}

// lossy loses one request or answer in four.
type lossy struct {
	next http.RoundTripper
	rand *rand.Rand
	busy chan struct{}
}

func (l *lossy) RoundTrip(r *http.Request) (*http.Response, error) {
	fate := l.rand.IntN(8)
	if fate == 0 {
		return nil, errors.New("connect: connection refused")
	}
	resp, err := l.next.RoundTrip(r)
	if err == nil && fate == 1 {
		_ = resp.Body.Close()
		return nil, errors.New("connection reset by peer")
	}
	return resp, err
}

// during runs f beside the deliveries that follow.
func (l *lossy) during(after time.Duration, f func()) {
	l.wait()
	l.busy = make(chan struct{})
	go func() {
		defer close(l.busy)
		time.Sleep(after)
		f()
	}()
}

func (l *lossy) wait() {
	if l.busy != nil {
		<-l.busy
	}
}

// asRole arrives as Amazon's domains see a role: the header authentication of the test's server stands for the signature.
type asRole struct {
	next http.RoundTripper
	arn  string
}

func (a asRole) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Forwarded-For", "127.0.0.1")
	r.Header.Set("X-Proxy-User", a.arn)
	r.Header.Set("X-Proxy-Roles", a.arn)
	return a.next.RoundTrip(r)
}

// A role without mapping gets 403 with the command that helps; the command's calls let it in, to its indices only; a user
// likewise; all_access everywhere.
func realGrant(t *testing.T, n *node) {
	const role = "arn:aws:iam::123456789012:role/firehose-role"
	n.admin.drop(t, "analysed-logs-2026-11-22")
	deliver := func(index string, change func(*opensearch.Options)) ([]destination.Refusal, string) {
		t.Helper()
		ctx, failures := told(t)
		refused, err := n.admin.to(t, index, func(o *opensearch.Options) {
			o.Credentials, o.Transport, o.Deliverer = nil, asRole{n.admin.roundTripper(), role}, role
			o.Rotation, o.RetryDuration = opensearch.OneDay, time.Second
			change(o)
		}).Deliver(ctx, numbers(0, 10))
		if err != nil {
			t.Fatal(err)
		}
		return refused, failures()
	}
	same := func(*opensearch.Options) {}
	apply := func(r grant.Request) {
		t.Helper()
		g, err := grant.New(t.Context(), n.admin.client(t), r)
		if err != nil || len(g.Calls) == 0 {
			t.Fatal(g, err)
		}
		if _, err := g.Apply(t.Context()); err != nil {
			t.Fatal(err)
		}
		if g, err = grant.New(t.Context(), n.admin.client(t), r); err != nil || len(g.Calls) > 0 {
			t.Fatalf("granted twice: %v %v", g.Calls, err)
		}
	}
	refused, failures := deliver("analysed-logs", same)
	if len(refused) != 10 || refused[0].Code != "403" || !strings.Contains(failures, "millrace search grant "+role+" --index 'analysed-logs-*'") {
		t.Fatal(refused, failures)
	}
	apply(grant.Request{Principal: role, Indices: []string{"analysed-logs-*"}, Role: "write_analysed-logs-"})
	if refused, failures = deliver("analysed-logs", same); len(refused) > 0 {
		t.Fatal(refused, failures)
	}
	n.admin.exact(t, "analysed-logs-2026-11-22", 10)
	if refused, failures = deliver("others", same); len(refused) != 10 || refused[0].Code != "403" || !strings.Contains(failures, "'others-*'") {
		t.Fatal(refused, failures)
	}
	apply(grant.Request{Principal: role, AllAccess: true})
	if refused, failures = deliver("others", same); len(refused) > 0 {
		t.Fatal(refused, failures)
	}
	n.admin.call(t, http.MethodPut, "/_plugins/_security/api/internalusers/writer", `{"password":"Qz7-tulip-Harbor!"}`)
	asUser := func(o *opensearch.Options) {
		o.Credentials, o.Transport, o.Deliverer = opensearch.Basic{Username: "writer", Password: "Qz7-tulip-Harbor!"}, n.admin.roundTripper(), "writer"
	}
	if refused, failures = deliver("analysed-logs", asUser); len(refused) != 10 || !strings.Contains(failures, "millrace search grant writer ") {
		t.Fatal(refused, failures)
	}
	apply(grant.Request{Principal: "writer", Indices: []string{"analysed-logs-*"}, Role: "write_analysed-logs-"})
	if refused, failures = deliver("analysed-logs", asUser); len(refused) > 0 {
		t.Fatal(refused, failures)
	}
	if refused, _ = deliver("analysed-logs", func(o *opensearch.Options) {
		o.Credentials, o.Transport = opensearch.Basic{Username: "writer", Password: "wrong"}, n.admin.roundTripper()
	}); len(refused) != 10 || refused[0].Code != "401" {
		t.Fatal(refused)
	}
}
