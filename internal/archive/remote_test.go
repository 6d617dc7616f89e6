package archive

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/sigv4"
	"github.com/millrace/millrace/internal/record"
)

// onEach runs a test on an embedded archive, and on one that is another
// millrace's, behind its edge.
func onEach(t *testing.T, test func(*testing.T, *Archive)) {
	t.Run("embedded", func(t *testing.T) { test(t, openTest(t)) })
	t.Run("remote", func(t *testing.T) { test(t, openRemote(t, Remote{Endpoint: openEdge(t, openTest(t))})) })
}

// openRemote opens an archive elsewhere; what o leaves open is filled in.
func openRemote(t testing.TB, o Remote) *Archive {
	t.Helper()
	if o.Region == "" {
		o.Region, o.PathStyle = "eu-west-1", true
	}
	if o.AccessKeyID == "" && o.Credentials == nil {
		o.AccessKeyID, o.SecretAccessKey = testKey, testSecret
	}
	options := testOptions(t, "")
	options.Remote = &o
	a, err := Open(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

// Another millrace as the remote S3. It refuses a large object while that is
// still on its way.
func TestRemoteMillrace(t *testing.T) {
	a := openRemote(t, Remote{Endpoint: openEdge(t, openTest(t))})
	remoteConversation(t, a)
	if err := a.Put(t.Context(), "nowhere-1", "key", make([]byte, 5<<20), nil); code(err) != "S3.NoSuchBucket" {
		t.Error(err)
	}
}

// The gateway itself as the remote S3: it verifies our signature and hash.
func TestRemoteGateway(t *testing.T) {
	far := openTest(t)
	target := &url.URL{Scheme: "http", Host: "gateway"}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport = far.client.Transport // to its socket; the Host stays the client's
	server := httptest.NewServer(proxy)
	defer server.Close()
	a := openRemote(t, Remote{Endpoint: server.URL, AccessKeyID: far.signer.AccessKeyID, SecretAccessKey: far.signer.Secret, Region: far.Region, PathStyle: true})
	remoteConversation(t, a)
	bad := openRemote(t, Remote{Endpoint: server.URL, AccessKeyID: far.signer.AccessKeyID, SecretAccessKey: "wrong", Region: far.Region, PathStyle: true})
	if err := bad.Put(t.Context(), "bucket", "key", []byte("x"), nil); code(err) != "S3.SignatureDoesNotMatch" || !record.IsPermanent(err) {
		t.Error(err)
	}
	if err := bad.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "SignatureDoesNotMatch") {
		t.Error(err)
	}
}

// remoteConversation is what the deliveries, stacks and pages ask of an S3.
func remoteConversation(t *testing.T, a *Archive) {
	t.Helper()
	ctx := t.Context()
	if err := errors.Join(a.Ready(ctx), a.CreateBucket(ctx, "bucket-1")); err != nil {
		t.Fatal(err)
	}
	large := bytes.Repeat([]byte("0123456789abcdef"), 3<<20/16)
	for key, body := range map[string][]byte{"2026/07/ü +%=&?#.gz": []byte("hello"), "large": large, "empty": nil} {
		if err := a.Put(ctx, "bucket-1", key, body, http.Header{"Content-Type": {"application/octet-stream"}, "X-Amz-Acl": {"bucket-owner-full-control"}}); err != nil {
			t.Fatal(err)
		}
		r, err := a.Get(ctx, "bucket-1", key)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, body) {
			t.Errorf("%s: %d bytes came back as %d: %v", key, len(body), len(got), err)
		}
		_ = r.Close()
	}
	var keys []string
	for o, err := range a.List(ctx, "bucket-1", "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, o.Key)
	}
	if !slices.Equal(keys, []string{"2026/07/ü +%=&?#.gz", "empty", "large"}) {
		t.Errorf("listed %q", keys)
	}
	if buckets, err := a.Buckets(ctx); err != nil || !slices.Contains(buckets, "bucket-1") {
		t.Error(buckets, err)
	}
	_, noKey := a.Get(ctx, "bucket-1", "none")
	for name, c := range map[string]struct {
		err  error
		code string
	}{
		"no key":       {noKey, "S3.NoSuchKey"},
		"no bucket":    {a.Put(ctx, "nowhere-1", "key", []byte("x"), nil), "S3.NoSuchBucket"},
		"not empty":    {a.DeleteBucket(ctx, "bucket-1", false), "S3.BucketNotEmpty"},
		"another host": {a.Put(ctx, "x@evil.example:1", "key", nil, nil), "S3.InvalidBucketName"},
	} {
		if code(c.err) != c.code || !record.IsPermanent(c.err) {
			t.Errorf("%s: %v, want %s", name, c.err, c.code)
		}
	}
	if err := a.DeleteBucket(ctx, "bucket-1", true); err != nil {
		t.Error(err)
	}
	if there, err := a.BucketExists(ctx, "bucket-1"); there || err != nil {
		t.Error(there, err)
	}
}

// stub is a remote S3 whose every answer is a function's.
func stub(t testing.TB, handler http.HandlerFunc) string {
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = nil
	server.Start()
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server.URL
}

// In host style the bucket is part of the host, which is signed.
func TestHostStyle(t *testing.T) {
	verifier := sigv4.NewVerifier(sigv4.Options{Credentials: func(id string) (sigv4.Credential, bool) {
		return sigv4.Credential{Secret: testSecret, Identity: call.Identity{AccessKeyID: id}}, id == testKey
	}})
	var asked []string
	address := stub(t, func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.Host)
		asked = append(asked, r.Method+" "+host+" "+r.URL.EscapedPath())
		if _, err := verifier.Verify(r); err != nil {
			t.Error(err)
		}
		_, _ = io.Copy(io.Discard, r.Body)
	})
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(address, "http://"))
	a := openRemote(t, Remote{Endpoint: "http://s3.example:" + port, Region: "eu-west-1"})
	a.remote.client.Transport.(*http.Transport).DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:"+port)
	}
	err := errors.Join(a.Put(t.Context(), "logs", "a b/c", []byte("x"), nil), a.Put(t.Context(), "logs", "/a//../b", []byte("x"), nil), a.CreateBucket(t.Context(), "logs"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"PUT logs.s3.example /a%20b/c", "PUT logs.s3.example //a//../b", "PUT logs.s3.example /"}
	if !slices.Equal(asked, want) {
		t.Errorf("asked %q", asked)
	}
}

// Answers that are refusals keep S3's codes and say whether trying again helps.
func TestRemoteRefusals(t *testing.T) {
	for _, c := range []struct {
		status    int
		body      string
		code      string
		permanent bool
	}{
		{503, "<Error><Code>SlowDown</Code><Message>Reduce your rate</Message></Error>", "S3.SlowDown", false},
		{500, "", "S3.InternalServerError", false},
		{429, "", "S3.TooManyRequests", false},
		{400, "<Error><Code>RequestTimeout</Code></Error>", "S3.RequestTimeout", false},
		{400, "<Error><Code>ExpiredToken</Code></Error>", "S3.ExpiredToken", false},
		{403, "<Error><Code>AccessDenied</Code></Error>", "S3.AccessDenied", true},
		{403, "<Error><Code>InvalidAccessKeyId</Code></Error>", "S3.InvalidAccessKeyId", true},
		{301, "<Error><Code>PermanentRedirect</Code></Error>", "S3.PermanentRedirect", true},
		{307, "<Error><Code>TemporaryRedirect</Code></Error>", "S3.TemporaryRedirect", false},
		{400, "<html>", "S3.BadRequest", true},
	} {
		followed := false
		address := stub(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				followed = true
			}
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})
		err := openRemote(t, Remote{Endpoint: address}).Put(t.Context(), "bucket", "key", []byte("x"), nil)
		if code(err) != c.code || record.IsPermanent(err) != c.permanent || followed {
			t.Errorf("%d %s: %v, permanent %v, followed %v", c.status, c.body, err, record.IsPermanent(err), followed)
		}
	}
}

// What is wrong between us and the remote S3 is not told to clients as theirs.
func TestClientsDoNotSeeOurCredentials(t *testing.T) {
	for _, answer := range []string{"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "PermanentRedirect", "AccessDenied"} {
		status := map[string]int{"PermanentRedirect": 301}[answer]
		a := openRemote(t, Remote{Endpoint: stub(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(max(status, 403*min(1, 301-status)))
			_, _ = io.WriteString(w, "<Error><Code>"+answer+"</Code></Error>")
		})})
		_, err := sdkClient(openEdge(t, a), testKey).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")})
		want := "ServiceUnavailable"
		if answer == "AccessDenied" {
			want = answer
		}
		if errorCode(err) != want {
			t.Errorf("%s: %v", answer, err)
		}
	}
}

// Credentials that are refused or have expired are asked for again.
func TestCredentialsAreReadAgain(t *testing.T) {
	var retrieved atomic.Int32
	provider := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		n := retrieved.Add(1)
		keys := aws.Credentials{AccessKeyID: "OLD", SecretAccessKey: "s"}
		switch n {
		case 2:
			keys = aws.Credentials{AccessKeyID: "SHORT", SecretAccessKey: "s", SessionToken: "token", CanExpire: true, Expires: time.Now().Add(-time.Hour)}
		case 3:
			keys.AccessKeyID = "NEW"
		case 4:
			return aws.Credentials{}, errors.New("no metadata address")
		}
		return keys, nil
	})
	var used []string
	var refuse string
	a := openRemote(t, Remote{Credentials: provider, Endpoint: stub(t, func(w http.ResponseWriter, r *http.Request) {
		_, id, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		id, _, _ = strings.Cut(id, "/")
		used = append(used, id+r.Header.Get("X-Amz-Security-Token"))
		if id == refuse {
			w.WriteHeader(400)
			_, _ = io.WriteString(w, "<Error><Code>ExpiredToken</Code></Error>")
		}
	})})
	put := func() error { return a.Put(t.Context(), "bucket", "key", nil, nil) }
	if err := put(); err != nil {
		t.Fatal(err)
	}
	refuse = "OLD"
	if err := put(); code(err) != "S3.ExpiredToken" || record.IsPermanent(err) {
		t.Fatal(err)
	}
	for range 3 { // SHORT, which has expired at once, then NEW twice
		if err := put(); err != nil {
			t.Fatal(err)
		}
	}
	refuse = "NEW"
	_ = put()
	if err := put(); err == nil || record.IsPermanent(err) || !strings.Contains(err.Error(), "no metadata address") {
		t.Error(err)
	}
	if want := []string{"OLD", "OLD", "SHORTtoken", "NEW", "NEW", "NEW"}; !slices.Equal(used, want) {
		t.Errorf("used %q", used)
	}
}

// Without keys of its own the archive uses what the environment has, as it is
// at the moment: a shared file that is written again is read again.
func TestChainOfTheEnvironment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "credentials")
	write := func(id string) {
		if err := os.WriteFile(file, []byte("[default]\naws_access_key_id = "+id+"\naws_secret_access_key = secret\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_PROFILE": "", "AWS_CA_BUNDLE": "", "AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": file, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	var used []string
	address := stub(t, func(w http.ResponseWriter, r *http.Request) {
		_, id, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		id, _, _ = strings.Cut(id, "/")
		if used = append(used, id); id == "FIRST" && len(used) > 1 {
			w.WriteHeader(403)
			_, _ = io.WriteString(w, "<Error><Code>InvalidAccessKeyId</Code></Error>")
		}
	})
	write("FIRST")
	a, err := Open(t.Context(), Options{Remote: &Remote{Endpoint: address, PathStyle: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := a.Put(t.Context(), "bucket", "key", nil, nil); err != nil {
		t.Fatal(err)
	}
	write("SECOND")
	if err := a.Put(t.Context(), "bucket", "key", nil, nil); code(err) != "S3.InvalidAccessKeyId" {
		t.Error(err)
	}
	if err := a.Put(t.Context(), "bucket", "key", nil, nil); err != nil || !slices.Equal(used, []string{"FIRST", "FIRST", "SECOND"}) {
		t.Error(err, used)
	}
}

// An S3 without ACLs gets objects without one, and is asked only once.
func TestRemoteWithoutACLs(t *testing.T) {
	var asked []string
	a := openRemote(t, Remote{Endpoint: stub(t, func(w http.ResponseWriter, r *http.Request) {
		acl := r.Header.Get("X-Amz-Acl")
		asked = append(asked, acl)
		if acl != "" {
			w.WriteHeader(http.StatusNotImplemented)
			_, _ = io.WriteString(w, "<Error><Code>NotImplemented</Code><Message>Header 'x-amz-acl'</Message></Error>")
		}
	})})
	for range 2 {
		if err := a.Put(t.Context(), "bucket", "key", []byte("x"), http.Header{"X-Amz-Acl": {"bucket-owner-full-control"}}); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"bucket-owner-full-control", "", ""}; !slices.Equal(asked, want) {
		t.Errorf("asked %q", asked)
	}
}

// Encryption headers reach the remote S3, which can do what they say.
func TestRemoteEncryption(t *testing.T) {
	var header http.Header
	a := openRemote(t, Remote{Endpoint: stub(t, func(w http.ResponseWriter, r *http.Request) { header = r.Header })})
	if err := a.Put(t.Context(), "bucket", "key", []byte("x"), http.Header{"X-Amz-Server-Side-Encryption": {"aws:kms"}, "Content-Encoding": {"gzip"}}); err != nil {
		t.Fatal(err)
	}
	if header.Get("X-Amz-Server-Side-Encryption") != "aws:kms" || header.Get("X-Amz-Content-Sha256") != sigv4.HashOf([]byte("x")) || header.Get("Content-Encoding") != "gzip" {
		t.Error(header)
	}
	_, err := sdkClient(openEdge(t, a), testKey).PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key"), Body: strings.NewReader("x"), ServerSideEncryption: "AES256", StorageClass: "STANDARD_IA"})
	if err != nil || header.Get("X-Amz-Server-Side-Encryption") != "AES256" || header.Get("X-Amz-Storage-Class") != "STANDARD_IA" {
		t.Error(err, header)
	}
}

// ca_file names the authority of a remote S3 that the system does not know.
func TestRemoteBehindTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := openRemote(t, Remote{Endpoint: server.URL, CAFile: authority}).Put(t.Context(), "bucket", "key", make([]byte, 2<<20), nil); err != nil {
		t.Error(err)
	}
	if err := openRemote(t, Remote{Endpoint: server.URL}).Put(t.Context(), "bucket", "key", nil, nil); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Error(err)
	}
}

func TestOpenRemoteSaysWhatIsWrong(t *testing.T) {
	for want, r := range map[string]Remote{
		"want https":                 {Endpoint: "s3.example"},
		"set path_style":             {Endpoint: "http://127.0.0.1:9000"},
		"go together":                {Endpoint: "https://s3.example", AccessKeyID: "a"},
		"read ca_file":               {Endpoint: "https://s3.example", CAFile: "/nowhere"},
		"holds no certificate":       {Endpoint: "https://s3.example", CAFile: "remote_test.go"},
		"open archive at ftp://host": {Endpoint: "ftp://host"},
	} {
		if _, err := Open(t.Context(), Options{Remote: &r}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
