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
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/memory"
	"github.com/millrace/millrace/internal/record"
)

// archive is an S3 in memory.
type archive struct {
	mu      sync.Mutex
	objects map[string]string // body by bucket/key
	headers map[string]http.Header
	trouble map[string]string // by bucket; "" is all of them
	puts    int               // also those that failed
}

func newArchive() *archive {
	return &archive{objects: map[string]string{}, headers: map[string]http.Header{}, trouble: map[string]string{}}
}

// Put meets the trouble of the bucket: "down" refuses, "gone" says that there is
// no such bucket, "hangs" never answers, "forgets" stores and does not say so.
func (a *archive) Put(ctx context.Context, bucket, key string, body []byte, header http.Header) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.puts++
	trouble := a.trouble[bucket]
	if all := a.trouble[""]; all != "" {
		trouble = all
	}
	switch trouble {
	case "down":
		return &record.Failure{Kind: record.Retryable, Code: "S3.ServiceUnavailable", Message: "S3 is down"}
	case "gone":
		return &record.Failure{Kind: record.Retryable, Code: "S3.NoSuchBucket", Message: "The specified bucket does not exist"}
	case "hangs":
		a.mu.Unlock()
		<-ctx.Done()
		a.mu.Lock()
		return context.Cause(ctx)
	}
	a.objects[bucket+"/"+key], a.headers[bucket+"/"+key] = string(body), header
	if trouble == "forgets" {
		return errors.New("read answer: connection reset by peer")
	}
	return nil
}

// locked reads what a goroutine of the service may be writing.
func locked[T any](mu *sync.Mutex, v *T) T {
	mu.Lock()
	defer mu.Unlock()
	return *v
}

func (a *archive) setDown(down bool) {
	if down {
		a.meet("", "down")
	} else {
		a.meet("", "")
	}
}

// meet lets a bucket meet trouble from now on; empty is none.
func (a *archive) meet(bucket, trouble string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.trouble[bucket] = trouble
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

// assume is denied as an action of the role.
func (r *roles) assume(role, _ string) error {
	return r.AuthorizeRole(context.Background(), role, "sts:AssumeRole", "*")
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
	events   *events // between the service and its function
	lines    *lines
	limits   Limits
	again    [][]byte // records that the last put was told to send again
	taps     map[string]record.Sequence
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
	r := &rig{journal: j, archive: newArchive(), roles: &roles{denied: map[string]bool{}}, search: newSearch(),
		function: &function{}, endpoint: &endpoint{}, lines: &lines{}, taps: map[string]record.Sequence{}}
	r.events = &events{Invoker: r.function}
	return r
}

func (r *rig) options() Options {
	return Options{Journal: r.journal, Authorizer: r.roles, Assume: r.roles.assume, Archive: r.archive, Search: r.search.open, HTTP: r.endpoint,
		Functions: r.events, Table: webTable, Diagnose: r.lines.add, Limits: r.limits, Logger: discard}
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
