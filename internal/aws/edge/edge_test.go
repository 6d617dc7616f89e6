package edge

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/jsonrpc"
	"github.com/millrace/millrace/internal/aws/query"
	"github.com/millrace/millrace/internal/aws/restjson"
	"github.com/millrace/millrace/internal/aws/sigv4"
)

const (
	testKey    = "AKIATEST"
	testSecret = "secret"
)

type echo struct{ Name string }

// echoS3 answers the path that it is given, once the payload is verified.
type echoS3 struct{}

func (echoS3) Serve(w http.ResponseWriter, r *http.Request, c *call.Call, body *sigv4.Payload) {
	n, err := io.Copy(io.Discard, body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	fmt.Fprintf(w, "s3 %s %s %d", c.Identity.AccessKeyID, r.URL.EscapedPath(), n)
}

func testEdge(t testing.TB, handled *atomic.Int32) *Edge {
	count := func() {
		if handled != nil {
			handled.Add(1)
		}
	}
	json := &jsonrpc.Service{Name: "firehose", Prefix: "Firehose_20150804", Logger: slog.New(slog.DiscardHandler), Operations: []jsonrpc.Operation{
		jsonrpc.Typed("Echo", func(_ context.Context, c *call.Call, in *echo) (*echo, error) {
			count()
			if in.Name == "" {
				return nil, awserr.New("InvalidArgumentException", "no name")
			}
			return &echo{in.Name + " " + c.Region}, nil
		}),
		{Name: "Count", Handle: func(_ context.Context, c *call.Call) ([]byte, error) {
			count()
			return fmt.Appendf(nil, "%d", len(c.Body)), nil
		}},
	}}
	form := &query.Service{Name: "iam", Version: "2010-05-08", XMLNS: "https://iam/", Logger: json.Logger, Operations: []query.Operation{
		query.Typed("Echo", func(_ context.Context, _ *call.Call, in *echo) (*echo, error) {
			count()
			if in.Name == "" {
				return nil, awserr.New("NoSuchEntity", "no name").With(http.StatusNotFound)
			}
			return in, nil
		}),
	}}
	rest := &restjson.Service{Name: "es", Logger: json.Logger, Operations: []restjson.Operation{
		restjson.Typed("Echo", "POST", "/2021-01-01/echo", func(_ context.Context, _ *call.Call, in *echo) (*echo, error) {
			count()
			if in.Name == "" {
				return nil, awserr.New("ResourceNotFoundException", "no name").With(http.StatusConflict)
			}
			return in, nil
		}),
	}}
	verifier := sigv4.NewVerifier(sigv4.Options{Credentials: func(id string) (sigv4.Credential, bool) {
		return sigv4.Credential{Secret: testSecret, Identity: call.Identity{AccessKeyID: id}}, id == testKey
	}})
	return New(Options{Verifier: verifier, JSON: []*jsonrpc.Service{json}, Query: []*query.Service{form},
		REST: []RESTService{{rest, []string{"/2021-01-01/"}}}, S3: echoS3{}, AllowedHosts: []string{"logs.example.org", "10.0.0.1"}, Logger: json.Logger})
}

// route is a request to each kind of service.
type route struct {
	name, method, path, service, body string
	header                            http.Header
	refusals                          map[string]string // kind of authentication to status and code
}

func routes() []route {
	return []route{
		{"json", "POST", "/", "firehose", `{"Name":"a"}`, http.Header{"X-Amz-Target": {"Firehose_20150804.Echo"}}, map[string]string{
			"none": "400 MissingAuthenticationTokenException", "unknown key": "400 UnrecognizedClientException", "wrong secret": "400 InvalidSignatureException",
			"other service": "400 InvalidSignatureException", "presigned": "400 IncompleteSignatureException", "version 2": "400 IncompleteSignatureException",
			"basic": "400 IncompleteSignatureException", "both": "400 IncompleteSignatureException", "unsigned payload": "400 InvalidSignatureException"}},
		{"query", "POST", "/", "iam", "Action=Echo&Version=2010-05-08&Name=a", http.Header{"Content-Type": {query.ContentType}}, map[string]string{
			"none": "403 MissingAuthenticationToken", "unknown key": "403 InvalidClientTokenId", "wrong secret": "403 SignatureDoesNotMatch",
			"other service": "400 InvalidAction", "presigned": "400 IncompleteSignature", "version 2": "400 IncompleteSignature",
			"basic": "400 IncompleteSignature", "both": "400 IncompleteSignature", "unsigned payload": "403 SignatureDoesNotMatch"}},
		{"rest", "POST", "/2021-01-01/echo", "es", `{"Name":"a"}`, http.Header{}, map[string]string{
			"none": "403 MissingAuthenticationTokenException", "unknown key": "403 UnrecognizedClientException", "wrong secret": "403 InvalidSignatureException",
			"other service": "403 InvalidSignatureException", "presigned": "403 IncompleteSignatureException", "version 2": "403 IncompleteSignatureException",
			"basic": "403 IncompleteSignatureException", "both": "403 IncompleteSignatureException", "unsigned payload": "403 InvalidSignatureException"}},
		{"s3", "PUT", "/bucket/key", "s3", "data", http.Header{}, map[string]string{
			"none": "403 AccessDenied", "unknown key": "403 InvalidAccessKeyId", "wrong secret": "403 SignatureDoesNotMatch",
			"other service": "400 AuthorizationHeaderMalformed", "presigned": "200 ", "version 2": "400 InvalidRequest",
			"basic": "400 InvalidRequest", "both": "400 InvalidArgument", "unsigned payload": "200 "}},
	}
}

// authentication prepares a request in one way.
func authenticate(t *testing.T, kind string, ro route) *http.Request {
	r := httptest.NewRequest(ro.method, "http://127.0.0.1:4566"+ro.path, strings.NewReader(ro.body))
	r.Header = ro.header.Clone()
	sum := sha256.Sum256([]byte(ro.body))
	hash := hex.EncodeToString(sum[:])
	keys, service := aws.Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret}, ro.service
	presign := false
	switch kind {
	case "none":
		return r
	case "version 2":
		r.Header.Set("Authorization", "AWS "+testKey+":c2lnbmF0dXJl")
		return r
	case "basic":
		r.SetBasicAuth(testKey, testSecret)
		return r
	case "unknown key":
		keys.AccessKeyID = "AKIANOBODY"
	case "wrong secret":
		keys.SecretAccessKey = "other"
	case "other service":
		service = "kinesis"
	case "unsigned payload":
		hash = "UNSIGNED-PAYLOAD"
	case "presigned":
		presign = true
	}
	signer, noEscape := v4.NewSigner(), func(o *v4.SignerOptions) { o.DisableURIPathEscaping = ro.service == "s3" }
	if presign || kind == "both" {
		q := r.URL.Query()
		q.Set("X-Amz-Expires", "60")
		r.URL.RawQuery = q.Encode()
		p := r.Clone(context.Background())
		p.Header.Del("X-Amz-Content-Sha256")
		uri, header, err := signer.PresignHTTP(context.Background(), keys, p, "UNSIGNED-PAYLOAD", service, "eu-west-1", time.Now(), noEscape)
		if err != nil {
			t.Fatal(err)
		}
		signed := httptest.NewRequest(ro.method, uri, strings.NewReader(ro.body))
		signed.Header = ro.header.Clone()
		for name, values := range header {
			if name != "Host" {
				signed.Header[name] = values
			}
		}
		r = signed
		if kind == "both" {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=x")
		}
		return r
	}
	if ro.service == "s3" || kind == "unsigned payload" {
		r.Header.Set("X-Amz-Content-Sha256", hash)
	}
	if err := signer.SignHTTP(context.Background(), keys, r, hash, service, "eu-west-1", time.Now(), noEscape); err != nil {
		t.Fatal(err)
	}
	return r
}

// Every route asks for a signature, and refuses each wrong kind of it in the
// words of its protocol, without reaching the operation.
func TestRoutesByAuthentication(t *testing.T) {
	for _, ro := range routes() {
		if len(ro.refusals) != 9 {
			t.Fatalf("%s: %d kinds", ro.name, len(ro.refusals))
		}
		ro.refusals["signed"] = "200 "
		for kind, want := range ro.refusals {
			t.Run(ro.name+"/"+kind, func(t *testing.T) {
				var handled atomic.Int32
				w := httptest.NewRecorder()
				testEdge(t, &handled).ServeHTTP(w, authenticate(t, kind, ro))
				got := fmt.Sprintf("%d %s", w.Code, code(w.Result(), w.Body.String()))
				if got != want {
					t.Errorf("got %s, want %s: %s", got, want, w.Body)
				}
				if w.Code != 200 && handled.Load() != 0 {
					t.Error("the operation was reached")
				}
			})
		}
	}
}

// code finds the error's code wherever the protocol puts it.
func code(r *http.Response, body string) string {
	if c := r.Header.Get("x-amzn-ErrorType"); c != "" {
		return c
	}
	_, rest, _ := strings.Cut(body, "<Code>")
	c, _, _ := strings.Cut(rest, "</Code>")
	return c
}

func TestUnknownOperationsAreNamed(t *testing.T) {
	client := NewClient(testEdge(t, nil), sigv4.Signer{AccessKeyID: testKey, Secret: testSecret, Region: "eu-west-1"})
	ctx := context.Background()
	_, queryErr := client.Query(ctx, "iam", "2010-05-08", "Fly", nil)
	_, serviceErr := client.Query(ctx, "polly", "2016-06-10", "Speak", nil)
	for name, c := range map[string]struct {
		err  error
		code string
	}{
		"target's operation": {client.JSON(ctx, "firehose", "Firehose_20150804.Fly", struct{}{}, nil), "UnknownOperationException"},
		"target's service":   {client.JSON(ctx, "dynamodb", "DynamoDB_20120810.Scan", struct{}{}, nil), "UnknownOperationException"},
		"action":             {queryErr, "InvalidAction"},
		"query service":      {serviceErr, "InvalidAction"},
		"path":               {client.REST(ctx, "es", "GET", "/2021-01-01/fly", nil, nil), "UnknownOperationException"},
	} {
		if !awserr.Is(c.err, c.code) || awserr.From(c.err).Status >= 500 {
			t.Errorf("%s: %v", name, c.err)
		}
	}
}

func TestClient(t *testing.T) {
	client := NewClient(testEdge(t, nil), sigv4.Signer{AccessKeyID: testKey, Secret: testSecret, Region: "eu-west-1"})
	ctx := context.Background()
	var out echo
	if err := client.JSON(ctx, "firehose", "Firehose_20150804.Echo", echo{"a"}, &out); err != nil || out.Name != "a eu-west-1" {
		t.Errorf("json: %v %v", out, err)
	}
	if err := client.JSON(ctx, "firehose", "Firehose_20150804.Echo", echo{}, &out); err == nil || err.Error() != "InvalidArgumentException: no name" {
		t.Errorf("json error: %v", err)
	}
	answer, err := client.Query(ctx, "iam", "2010-05-08", "Echo", url.Values{"Name": {"a & b"}})
	if err != nil || !strings.Contains(string(answer), "<Name>a &amp; b</Name>") {
		t.Errorf("query: %s %v", answer, err)
	}
	if _, err := client.Query(ctx, "iam", "2010-05-08", "Echo", nil); awserr.From(err).Status != 404 || !awserr.Is(err, "NoSuchEntity") {
		t.Errorf("query error: %v", err)
	}
	if err := client.REST(ctx, "es", "POST", "/2021-01-01/echo", echo{"b"}, &out); err != nil || out.Name != "b" {
		t.Errorf("rest: %v %v", out, err)
	}
	if err := client.REST(ctx, "es", "POST", "/2021-01-01/echo", echo{}, &out); awserr.From(err).Status != 409 || !awserr.Is(err, "ResourceNotFoundException") {
		t.Errorf("rest error: %v", err)
	}
}

func TestHosts(t *testing.T) {
	e := testEdge(t, nil)
	for host, want := range map[string]int{
		"127.0.0.1:4566": 200, "127.8.8.8": 200, "[::1]:4566": 200, "localhost:4566": 200, "LOCALHOST": 200, "bucket.localhost:4566": 200,
		"logs.example.org": 200, "bucket.s3.logs.example.org": 200, "10.0.0.1:4566": 200,
		"evil.example.com": 403, "localhost.evil.com": 403, "xlogs.example.org": 403, "10.0.0.2": 403, "": 403, "127.0.0.1.evil.com": 403,
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", HealthPath, nil)
		r.Host = host
		e.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q: %d, want %d", host, w.Code, want)
		}
		if len(w.Header()["Access-Control-Allow-Origin"]) > 0 {
			t.Error("CORS")
		}
	}
}

func TestBucketInHost(t *testing.T) {
	l := newHostList([]string{"logs.example.org"})
	for host, want := range map[string]string{
		"127.0.0.1:4566": "/a%2Fb/c", "localhost": "/a%2Fb/c", "bucket.localhost:1": "/bucket/a%2Fb/c", "bucket.s3.localhost": "/bucket/a%2Fb/c",
		"s3.localhost": "/a%2Fb/c", "s3.eu-west-1.localhost": "/a%2Fb/c", "my.bucket.s3.eu-west-1.logs.example.org": "/my.bucket/a%2Fb/c",
	} {
		r := httptest.NewRequest("GET", "/a%2Fb/c", nil)
		r.Host = host
		if got := pathStyle(r, l).URL.EscapedPath(); got != want {
			t.Errorf("%s: %s, want %s", host, got, want)
		}
	}
}

// Bodies under way are bounded together, and the bound is given back.
func TestBodyBudget(t *testing.T) {
	e := testEdge(t, nil)
	client := NewClient(e, sigv4.Signer{AccessKeyID: testKey, Secret: testSecret, Region: "eu-west-1"})
	e.bodyBytes.Store(maxBodyBytes)
	err := client.JSON(context.Background(), "firehose", "Firehose_20150804.Echo", echo{"a"}, nil)
	if !awserr.Is(err, "ServiceUnavailableException") || awserr.From(err).Status != 503 {
		t.Error(err)
	}
	// in the middle of a body, as well
	e.bodyBytes.Store(maxBodyBytes - 100_000)
	err = client.JSON(context.Background(), "firehose", "Firehose_20150804.Echo", echo{strings.Repeat("a", 1<<20)}, nil)
	if !awserr.Is(err, "ServiceUnavailableException") || awserr.From(err).Status != 503 || e.bodyBytes.Load() != maxBodyBytes-100_000 {
		t.Error(err, e.bodyBytes.Load())
	}
	e.bodyBytes.Store(0)
	if err := client.JSON(context.Background(), "firehose", "Firehose_20150804.Echo", echo{"a"}, nil); err != nil || e.bodyBytes.Load() != 0 {
		t.Error(err, e.bodyBytes.Load())
	}
}

func TestCompressedRequestIsRefusedByName(t *testing.T) {
	ro := routes()[0]
	ro.header.Set("Content-Encoding", "gzip")
	w := httptest.NewRecorder()
	testEdge(t, nil).ServeHTTP(w, authenticate(t, "signed", ro))
	if w.Code != 415 || !strings.Contains(w.Body.String(), "gzip") {
		t.Error(w.Code, w.Body)
	}
}

// BenchmarkIngest128KiB is a signed request of 128 KiB over loopback, client
// included; the client sends the same bytes each time.
func BenchmarkIngest128KiB(b *testing.B) { benchmarkIngest(b, 128<<10) }

// BenchmarkIngest16B is what is not the body's.
func BenchmarkIngest16B(b *testing.B) { benchmarkIngest(b, 16) }

func benchmarkIngest(b *testing.B, size int) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := testEdge(b, nil).Server()
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	body := bytes.Repeat([]byte("a"), size)
	r, _ := http.NewRequest("POST", "http://"+listener.Addr().String()+"/", bytes.NewReader(body))
	r.Header.Set("X-Amz-Target", "Firehose_20150804.Count")
	signer := sigv4.Signer{AccessKeyID: testKey, Secret: testSecret, Region: "eu-west-1", Service: "firehose"}
	if err := signer.Sign(r, sigv4.HashOf(body), time.Now()); err != nil {
		b.Fatal(err)
	}
	var wire bytes.Buffer
	_ = r.Write(&wire)
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	answer := make([]byte, 4096)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		_, _ = conn.Write(wire.Bytes())
		n, err := conn.Read(answer)
		if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 200")) {
			b.Fatalf("%s %v", answer[:n], err)
		}
	}
}

// A body that would be held in memory is never read outside the budget, so
// also not one of a request that looks like S3's and is signed for another service.
func TestBodyOfAnotherServiceIsNotReadAsS3s(t *testing.T) {
	ro := routes()[3]
	ro.service = "firehose"
	r := authenticate(t, "signed", ro)
	body := &countingBody{}
	r.Body, r.ContentLength = io.NopCloser(body), sigv4.MaxBody
	w := httptest.NewRecorder()
	testEdge(t, nil).ServeHTTP(w, r)
	if got := code(w.Result(), w.Body.String()); got != "AuthorizationHeaderMalformed" || body.read != 0 {
		t.Errorf("%s, %d bytes read", got, body.read)
	}
}

type countingBody struct{ read int }

func (b *countingBody) Read(p []byte) (int, error) {
	b.read += len(p)
	return len(p), nil
}

// Whoever has no key takes no room from others: the body is not waited for.
func TestBodyOfAnUnknownKeyIsNotRead(t *testing.T) {
	r := authenticate(t, "unknown key", routes()[0])
	body := &countingBody{}
	r.Body, r.ContentLength = io.NopCloser(body), sigv4.MaxBody
	w := httptest.NewRecorder()
	testEdge(t, nil).ServeHTTP(w, r)
	if got := code(w.Result(), w.Body.String()); got != "UnrecognizedClientException" || body.read != 0 {
		t.Errorf("%s, %d bytes read", got, body.read)
	}
}

// Version 2 leaves the host unsigned: a URL for one bucket must not open
// another that is named in the host.
func TestPresignedVersion2DoesNotTakeItsBucketFromTheHost(t *testing.T) {
	expires := fmt.Sprint(time.Now().Add(time.Minute).Unix())
	mac := hmac.New(sha1.New, []byte(testSecret))
	fmt.Fprintf(mac, "GET\n\n\n%s\n/given/key", expires)
	target := "/given/key?" + url.Values{"AWSAccessKeyId": {testKey}, "Expires": {expires}, "Signature": {base64.StdEncoding.EncodeToString(mac.Sum(nil))}}.Encode()
	for host, want := range map[string]int{"127.0.0.1:4566": 200, "localhost": 200, "secret.localhost:4566": 403, "secret.s3.localhost": 403} {
		r := httptest.NewRequest("GET", target, nil)
		r.Host = host
		w := httptest.NewRecorder()
		testEdge(t, nil).ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: %d %s", host, w.Code, w.Body)
		}
	}
}
