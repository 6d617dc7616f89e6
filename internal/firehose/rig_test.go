package firehose

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/jsonrpc"
	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/memory"
	"github.com/millrace/millrace/internal/record"
)

// archive is an S3 in memory.
type archive struct {
	mu      sync.Mutex
	objects map[string]string // body by bucket/key
	headers map[string]http.Header
	down    map[string]bool // by bucket; "" is all of them
}

func newArchive() *archive {
	return &archive{objects: map[string]string{}}
}

func (a *archive) Put(_ context.Context, bucket, key string, body []byte, header http.Header) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.down[""] || a.down[bucket] {
		return &record.Failure{Kind: record.Retryable, Code: "S3.ServiceUnavailable", Message: "S3 is down"}
	}
	if a.headers == nil {
		a.headers = map[string]http.Header{}
	}
	a.objects[bucket+"/"+key], a.headers[bucket+"/"+key] = string(body), header
	return nil
}

func (a *archive) setDown(down bool) { a.setBucketDown("", down) }

func (a *archive) setBucketDown(bucket string, down bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.down == nil {
		a.down = map[string]bool{}
	}
	a.down[bucket] = down
}

// list returns "bucket/key: body", sorted.
func (a *archive) list() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []string
	for key, body := range a.objects {
		all = append(all, key+": "+strings.TrimRight(body, "\n"))
	}
	slices.Sort(all)
	return all
}

// listHeaders returns "bucket/key: Name=value …", sorted.
func (a *archive) listHeaders() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []string
	for key, header := range a.headers {
		var fields []string
		for name, values := range header {
			fields = append(fields, name+"="+strings.Join(values, ","))
		}
		slices.Sort(fields)
		all = append(all, key+": "+strings.Join(fields, " "))
	}
	slices.Sort(all)
	return all
}

// roles allows everything but what it is told.
type roles struct {
	mu     sync.Mutex
	denied map[string]bool // "role action"
}

func (r *roles) deny(role, action string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.denied[role+" "+action] = true
}

func (r *roles) Authorize(ctx context.Context, who call.Identity, action, resource string) error {
	if who.RoleARN == "" {
		return nil
	}
	return r.AuthorizeRole(ctx, who.RoleARN, action, resource)
}

func (r *roles) AuthorizeRole(_ context.Context, role, action, resource string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.denied[role+" "+action] {
		return call.Denied(role, action, resource)
	}
	return nil
}

// search is a domain that takes documents and refuses those with "bad" in them.
type search struct {
	destination.Destination
	mu      sync.Mutex
	options Search
	taken   []string
	down    bool
}

func (s *search) open(options Search) (destination.Destination, error) {
	if strings.HasSuffix(options.DomainARN, "/missing") {
		return nil, fmt.Errorf("Domain %s does not exist", options.DomainARN)
	}
	s.options = options
	return s, nil
}

func (s *search) Deliver(_ context.Context, b *destination.Batch) (refused []destination.Refusal, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return nil, errors.New("search is down")
	}
	for _, r := range b.Records {
		if strings.Contains(string(r.Data), "bad") {
			refused = append(refused, destination.Refusal{Record: r, Attempts: 1, Code: "400", Message: "mapper_parsing_exception",
				AttemptedAt: 1_000, DocumentID: "1.0", IndexName: s.options.IndexName})
		} else {
			s.taken = append(s.taken, string(r.Data))
		}
	}
	return refused, nil
}

// rig is a service with everything around it.
type rig struct {
	*Service
	journal  journal.Journal
	archive  *archive
	roles    *roles
	search   *search
	function *function
	endpoint *endpoint
	lines    *lines
	limits   Limits
}

func newRig(t *testing.T) *rig {
	t.Helper()
	return openRig(t, memory.New(memory.Options{}))
}

func openRig(t *testing.T, j journal.Journal) *rig {
	t.Helper()
	r := unopened(j)
	r.open(t)
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func unopened(j journal.Journal) *rig {
	return &rig{journal: j, archive: newArchive(), roles: &roles{denied: map[string]bool{}}, search: &search{},
		function: &function{}, endpoint: &endpoint{}, lines: &lines{}}
}

func (r *rig) options() Options {
	return Options{Journal: r.journal, Authorizer: r.roles, Archive: r.archive, Search: r.search.open, HTTP: r.endpoint,
		Functions: r.function, Table: webTable, Diagnose: r.lines.add, Limits: r.limits, Logger: discard}
}

// open is a start of the process; the service before must be closed.
func (r *rig) open(t *testing.T) {
	t.Helper()
	s, err := Open(r.options())
	if err != nil {
		t.Fatal(err)
	}
	r.Service = s
}

// reopen is a kill and a start on the same disk.
func (r *rig) reopen(t *testing.T) {
	t.Helper()
	_ = r.Close()
	switch j := r.journal.(type) {
	case *memory.Journal:
		r.journal = j.Reopen()
	case *failing:
		r.journal = &failing{Journal: j.Reopen()}
	}
	r.open(t)
}

var root = call.Identity{AccessKeyID: "AKIAMILLRACE", ARN: "arn:aws:iam::000000000000:root"}

// do calls an operation as the edge does.
func (r *rig) do(operation, body string, header ...string) (string, error) {
	return r.doAs(root, operation, body, header...)
}

func (r *rig) doAs(who call.Identity, operation, body string, header ...string) (string, error) {
	c := newCall(who, operation, body, header...)
	for _, op := range r.JSONRPC().Operations {
		if op.Name == operation {
			out, err := op.Handle(context.Background(), c)
			return string(out), err
		}
	}
	return "", awserr.New("UnknownOperationException", "")
}

func newCall(who call.Identity, operation, body string, header ...string) *call.Call {
	c := &call.Call{Identity: who, Service: "firehose", Operation: operation, Region: "eu-west-1", RequestID: "id",
		Header: http.Header{}, Body: []byte(body)}
	for i := 0; i+1 < len(header); i += 2 {
		c.Header.Set(header[i], header[i+1])
	}
	return c
}

// create makes an active stream that delivers to s3://archive.
func (r *rig) create(t *testing.T, name string) *stream {
	t.Helper()
	_, err := r.do("CreateDeliveryStream", fmt.Sprintf(`{"DeliveryStreamName":%q,"S3DestinationConfiguration":{"RoleARN":"arn:aws:iam::000000000000:role/r",
		"BucketARN":"arn:aws:s3:::archive","BufferingHints":{"SizeInMBs":1,"IntervalInSeconds":900}}}`, name))
	if err != nil {
		t.Fatal(err)
	}
	return r.active(t, name)
}

func (r *rig) active(t *testing.T, name string) *stream {
	t.Helper()
	st, err := r.lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); st.current().Status != active; {
		if time.Now().After(deadline) {
			t.Fatalf("%s is %s", name, st.current().Status)
		}
		time.Sleep(time.Millisecond)
	}
	return st
}

// ServeHTTP is an edge that trusts everybody.
func (r *rig) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		jsonrpc.WriteError(w, "id", awserr.From(err))
		return
	}
	_, operation, _ := strings.Cut(req.Header.Get("X-Amz-Target"), ".")
	r.JSONRPC().Serve(w, req, &call.Call{Identity: root, Service: "firehose", Operation: operation, Region: "eu-west-1",
		RequestID: "id", Header: req.Header, Body: body})
}

var discard = slog.New(slog.DiscardHandler)

// testingT is what *testing.T and *rapid.T share.
type testingT interface {
	Context() context.Context
	Fatal(args ...any)
}

// openRigFor makes a rig with a stream "web" inside a property.
func openRigFor(t testingT) *rig {
	r := unopened(memory.New(memory.Options{}))
	s, err := Open(r.options())
	if err != nil {
		t.Fatal(err)
	}
	r.Service = s
	if _, err := r.do("CreateDeliveryStream", `{"DeliveryStreamName":"web","S3DestinationConfiguration":{"RoleARN":"arn:aws:iam::000000000000:role/r","BucketARN":"arn:aws:s3:::archive"}}`); err != nil {
		t.Fatal(err)
	}
	st, err := r.lookup("web")
	if err != nil {
		t.Fatal(err)
	}
	for st.current().Status != active {
		time.Sleep(100 * time.Microsecond)
	}
	return r
}
