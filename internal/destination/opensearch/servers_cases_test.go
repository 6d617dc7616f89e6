//go:build unix

package opensearch_test

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/destination/opensearch"
	"github.com/millrace/millrace/internal/destination/opensearch/grant"
	"github.com/millrace/millrace/internal/record"
)

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
