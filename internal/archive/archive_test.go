package archive

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/edge"
	"github.com/millrace/millrace/internal/aws/sigv4"
	"github.com/millrace/millrace/internal/record"
)

// The test binary is the gateway and, for the crash test, a whole server, too.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case ChildArgument:
			os.Exit(ChildMain())
		case serverArgument:
			serverMain(os.Args[2])
		}
	}
	os.Exit(m.Run())
}

const (
	testKey    = "AKIATEST"
	testSecret = "secret"
	roleKey    = "ASIAROLE"
)

// onlyLogs allows a role to write and read below logs/ in one bucket.
type onlyLogs struct{}

func (onlyLogs) Authorize(_ context.Context, who call.Identity, action, resource string) error {
	if (action == "s3:PutObject" || action == "s3:GetObject") && strings.HasPrefix(resource, "arn:aws:s3:::bucket/logs/") {
		return nil
	}
	return call.Denied(who.ARN, action, resource)
}

func (o onlyLogs) AuthorizeRole(ctx context.Context, role, action, resource string) error {
	return o.Authorize(ctx, call.Identity{ARN: role}, action, resource)
}

func testOptions(t testing.TB, dir string) Options {
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Options{Dir: dir, Executable: executable, Authorizer: onlyLogs{}, Logger: slog.New(slog.NewTextHandler(testWriter{t}, nil))}
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

func openTest(t testing.TB) *Archive {
	a, err := Open(context.Background(), testOptions(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

// openEdge serves an archive as clients see it and returns its address.
func openEdge(t testing.TB, a *Archive) string {
	server := httptest.NewServer(newEdge(a))
	t.Cleanup(server.Close)
	return server.URL
}

func newEdge(a *Archive) *edge.Edge {
	verifier := sigv4.NewVerifier(sigv4.Options{Credentials: func(id string) (sigv4.Credential, bool) {
		identity := call.Identity{AccessKeyID: id, ARN: "arn:aws:iam::000000000000:root"}
		if id == roleKey {
			identity.ARN, identity.RoleARN = "arn:aws:sts::000000000000:assumed-role/web/i-1", "arn:aws:iam::000000000000:role/web"
		}
		return sigv4.Credential{Secret: testSecret, Identity: identity}, id == testKey || id == roleKey
	}})
	return edge.New(edge.Options{Verifier: verifier, S3: a, Logger: a.Logger})
}

func TestObjectsAreFiles(t *testing.T) {
	a, ctx := openTest(t), context.Background()
	if err := a.CreateBucket(ctx, "bucket"); err != nil {
		t.Fatal(err)
	}
	const key = "2026/11/22/logs-1-ü +%=&?#.gz"
	if err := a.Put(ctx, "bucket", key, []byte("hello"), http.Header{
		"Content-Type": {"application/x-ndjson"}, "Content-Encoding": {"gzip"}, // and what only a remote S3 can do:
		"X-Amz-Acl": {"bucket-owner-full-control"}, "X-Amz-Server-Side-Encryption": {"aws:kms"}, "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": {"arn:aws:kms:eu-west-1:1:key/k"},
	}); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(a.Dir, "buckets", "bucket", filepath.FromSlash(key)))
	if err != nil || string(file) != "hello" {
		t.Errorf("file: %q %v", file, err)
	}
	r, err := a.Get(ctx, "bucket", key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != "hello" {
		t.Errorf("get: %q %v", got, err)
	}
	var listed []string
	for o, err := range a.List(ctx, "bucket", "2026/") {
		if err != nil || o.Size != 5 || time.Since(o.LastModified) > time.Minute {
			t.Error(o, err)
		}
		listed = append(listed, o.Key)
	}
	if !slices.Equal(listed, []string{key}) {
		t.Errorf("listed %q", listed)
	}
	if err := a.DeleteBucket(ctx, "bucket", false); code(err) != "S3.BucketNotEmpty" {
		t.Error(err)
	}
	if err := a.DeleteBucket(ctx, "bucket", true); err != nil {
		t.Error(err)
	}
	if there, err := a.BucketExists(ctx, "bucket"); there || err != nil {
		t.Error(there, err)
	}
}

func TestFailuresHaveCodes(t *testing.T) {
	a, ctx := openTest(t), context.Background()
	if err := a.CreateBucket(ctx, "bucket"); err != nil {
		t.Fatal(err)
	}
	_, noKey := a.Get(ctx, "bucket", "none")
	var noList error
	for _, err := range a.List(ctx, "nowhere", "") {
		noList = err
	}
	for name, c := range map[string]struct {
		err  error
		code string
	}{
		"put without bucket":        {a.Put(ctx, "nowhere", "key", []byte("x"), nil), "S3.NoSuchBucket"},
		"large put without bucket":  {a.Put(ctx, "nowhere", "key", make([]byte, 5<<20), nil), "S3.NoSuchBucket"},
		"get without key":           {noKey, "S3.NoSuchKey"},
		"list without bucket":       {noList, "S3.NoSuchBucket"},
		"bucket twice":              {a.CreateBucket(ctx, "bucket"), "S3.BucketAlreadyOwnedByYou"},
		"bucket's name":             {a.CreateBucket(ctx, "No_Bucket"), "S3.InvalidBucketName"},
		"key that leads out":        {a.Put(ctx, "bucket", "../other/key", []byte("x"), nil), "S3.InvalidArgument"},
		"key that leads nowhere":    {a.Put(ctx, "bucket", "a//b", []byte("x"), nil), "S3.InvalidArgument"},
		"key of the gateway":        {a.Put(ctx, "bucket", ".sgwtmp/x", []byte("x"), nil), "S3.InvalidArgument"},
		"delete without bucket":     {a.DeleteBucket(ctx, "nowhere", true), "S3.NoSuchBucket"},
		"key too long":              {a.Put(ctx, "bucket", strings.Repeat("a", 1025), nil, nil), "S3.KeyTooLongError"},
		"bucket that leads out":     {a.CreateBucket(ctx, ".."), "S3.InvalidBucketName"},
		"object where a bucket is ": {a.Put(ctx, "", "key", nil, nil), "S3.InvalidBucketName"},
	} {
		if code(c.err) != c.code || !record.IsPermanent(c.err) {
			t.Errorf("%s: %v, want %s", name, c.err, c.code)
		}
	}
}

func code(err error) string {
	var f *record.Failure
	if errors.As(err, &f) {
		return f.Code
	}
	return ""
}

// A gateway that dies is started again; meanwhile requests fail as retryable.
func TestGatewayIsStartedAgain(t *testing.T) {
	a, ctx := openTest(t), context.Background()
	if err := a.CreateBucket(ctx, "bucket"); err != nil {
		t.Fatal(err)
	}
	a.process.mu.Lock()
	first := a.process.child
	a.process.mu.Unlock()
	_ = first.Kill()
	var failed int
	deadline := time.Now().Add(10 * time.Second)
	for {
		err := a.Put(ctx, "bucket", "key", []byte("x"), nil)
		if err == nil {
			break
		}
		if failed++; record.IsPermanent(err) || time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	a.process.mu.Lock()
	defer a.process.mu.Unlock()
	if failed == 0 || a.process.child.Pid == first.Pid {
		t.Error("it never was away")
	}
}

func TestOneArchiveADirectory(t *testing.T) {
	a := openTest(t)
	if _, err := Open(context.Background(), testOptions(t, a.Dir)); err == nil || !strings.Contains(err.Error(), "another server has it") {
		t.Error(err)
	}
	if err := a.Ready(context.Background()); err != nil {
		t.Error(err)
	}
}

// A folder for metadata is kept once it was chosen, and it is synced, too.
func TestMetadataFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "metadata"), 0o700); err != nil {
		t.Fatal(err)
	}
	a, err := Open(context.Background(), testOptions(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	ctx := context.Background()
	if err := errors.Join(a.CreateBucket(ctx, "bucket"), a.Put(ctx, "bucket", "a/b", []byte("x"), http.Header{"Content-Type": {"text/plain"}})); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "metadata", "bucket", "a", "b", "meta")); err != nil {
		t.Error(err)
	}
	if err := errors.Join(a.Delete(ctx, "bucket", "a/b"), a.DeleteBucket(ctx, "bucket", false)); err != nil {
		t.Error(err)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	o := testOptions(t, t.TempDir())
	o.Executable = "/bin/false"
	if _, err := exec.LookPath(o.Executable); err != nil {
		t.Skip("no /bin/false")
	}
	if _, err := Open(context.Background(), o); err == nil || !strings.Contains(err.Error(), "start the archive's gateway") {
		t.Error(err)
	}
	o.Dir = filepath.Join(o.Dir, "lock", "below-a-file")
	if _, err := Open(context.Background(), o); err == nil {
		t.Error("opened below a file")
	}
}

func TestSocketOfADeepDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("deep/", 30))
	a, err := Open(context.Background(), testOptions(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(a.temp); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestFind(t *testing.T) {
	for request, want := range map[string]string{
		"GET /":                          "ListBuckets",
		"POST /":                         "MethodNotAllowed",
		"PUT /b":                         "CreateBucket",
		"PUT /b/":                        "CreateBucket",
		"GET /b?list-type=2&prefix=a":    "ListObjects",
		"GET /b/k?x-id=GetObject":        "GetObject",
		"PUT /b/k?partNumber=1&uploadId": "UploadPart",
		"POST /b?delete":                 "DeleteObjects",
		"GET /b?policy":                  "NotImplemented",
		"PUT /b?versioning":              "NotImplemented",
		"GET /b/k?acl":                   "NotImplemented",
		"GET /b/k?versionId=1":           "NotImplemented",
		"GET /b?tagging&policy":          "NotImplemented",
		"POST /b/k":                      "MethodNotAllowed",
	} {
		method, rest, _ := strings.Cut(request, " ")
		r := httptest.NewRequest(method, rest, nil)
		got, err := find(method, r.URL.Path, r.URL.Query())
		name := got.name
		if err != nil {
			name = err.Code
		}
		if name != want {
			t.Errorf("%s: %s, want %s", request, name, want)
		}
	}
}

var _ edge.S3 = (*Archive)(nil)
