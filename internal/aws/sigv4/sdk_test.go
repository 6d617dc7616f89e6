package sigv4

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"pgregory.net/rapid"
)

var sdkKeys = aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}

const sdkNow = "20261122T101112Z"

// signedBySDK returns the request as a server gets it.
func signedBySDK(t rapid.TB, method, target, service, body string, headers map[string]string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.RequestURI = ""
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	sum := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(sum[:])
	if service == "s3" {
		r.Header.Set("X-Amz-Content-Sha256", hash)
	}
	r.ContentLength = int64(len(body))
	r.Body = io.NopCloser(strings.NewReader(body))
	now, _ := time.Parse(timeFormat, sdkNow)
	err := v4.NewSigner().SignHTTP(context.Background(), sdkKeys, r, hash, service, "eu-west-1", now, func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = service == "s3"
	})
	if err != nil {
		t.Fatalf("sign: %v", err)
	}
	return r
}

// What the SDK signs is accepted, and the same request with any one character
// of a signed part changed is not.
func TestSDKRequests(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		service := rapid.SampledFrom([]string{"firehose", "s3", "cloudformation"}).Draw(t, "service")
		segment := rapid.StringOf(rapid.RuneFrom([]rune("azAZ09-._~ +:@!$&'()*,;=é€%?#[]\"<>|\\"))).Filter(func(s string) bool { return s != "." && s != ".." && s != "" })
		path := "/" + strings.Join(rapid.SliceOfN(rapid.Map(segment, encoded), 1, 4).Draw(t, "path"), "/")
		query := url.Values(rapid.MapOfN(segment, rapid.SliceOfN(rapid.String(), 1, 2), 0, 3).Draw(t, "query"))
		target := "http://127.0.0.1:4566" + path
		if len(query) > 0 {
			target += "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
		}
		body := rapid.String().Draw(t, "body")
		headers := map[string]string{"X-Amz-Target": "Firehose_20150804.PutRecord", "X-Millrace-Origin": "a  b "}
		r := signedBySDK(t, "POST", target, service, body, headers)
		if got := verdict(verifierAt(sdkNow), r); got != "accepted" {
			t.Fatalf("%s %s: %s", service, target, got)
		}
		damaged := damage(t, r, body)
		if got := verdict(verifierAt(sdkNow), damaged); got == "accepted" {
			t.Fatalf("accepted although damaged: %s %q %v", damaged.Method, damaged.URL, damaged.Header)
		}
	})
}

// encoded is a path segment as every SDK writes it.
func encoded(s string) string { return string(appendEncoded(nil, s, false)) }

// damage changes one character of a signed part.
func damage(t *rapid.T, r *http.Request, body string) *http.Request {
	c := r.Clone(context.Background())
	c.Body = io.NopCloser(strings.NewReader(body))
	flip := func(s string) string {
		i := rapid.IntRange(0, len(s)-1).Draw(t, "at")
		b := []byte(s)
		if b[i]++; b[i] == ' ' || b[i] > '~' {
			b[i] = 'A' // runs of spaces are one, and some bytes cannot be on the wire
		}
		return string(b)
	}
	part := rapid.SampledFrom([]string{"method", "path", "host", "body", "Authorization", "X-Amz-Date", "X-Amz-Target"}).Draw(t, "part")
	switch part {
	case "method":
		c.Method = flip(c.Method)
	case "path":
		c.URL.Path, c.URL.RawPath = c.URL.Path+"x", ""
	case "host":
		c.Host = flip(c.Host)
	case "body":
		body += "x"
		c.Body, c.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	default:
		c.Header.Set(part, flip(c.Header.Get(part)))
	}
	return c
}

func TestPresignedBySDK(t *testing.T) {
	r := httptest.NewRequest("GET", "http://127.0.0.1:4566/bucket/a%20b/c?X-Amz-Expires=60&response-content-type=text%2Fplain", nil)
	now, _ := time.Parse(timeFormat, sdkNow)
	uri, _, err := v4.NewSigner().PresignHTTP(context.Background(), sdkKeys, r, unsignedPayload, "s3", "us-east-1", now, func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err != nil {
		t.Fatal(err)
	}
	if got := verdict(verifierAt("20261122T101211Z"), httptest.NewRequest("GET", uri, nil)); got != "accepted" {
		t.Error(got)
	}
	for _, target := range []string{strings.Replace(uri, "bucket", "bucked", 1), strings.Replace(uri, "X-Amz-Expires=60", "X-Amz-Expires=61", 1), strings.Replace(uri, "plain", "html", 1), uri + "&acl="} {
		if got := verdict(verifierAt(sdkNow), httptest.NewRequest("GET", target, nil)); got == "accepted" {
			t.Errorf("accepted %s", target)
		}
	}
}

// Temporary credentials need their own token, and end.
func TestSessionToken(t *testing.T) {
	now, _ := time.Parse(timeFormat, sdkNow)
	check := func(sent, issued string, expires time.Time) string {
		c := sdkKeys
		c.SessionToken = sent
		r := httptest.NewRequest("POST", "http://127.0.0.1:4566/", nil)
		if err := v4.NewSigner().SignHTTP(context.Background(), c, r, emptySHA256, "firehose", "eu-west-1", now); err != nil {
			t.Fatal(err)
		}
		v := NewVerifier(Options{Now: func() time.Time { return now }, Credentials: func(string) (Credential, bool) {
			return Credential{Secret: sdkKeys.SecretAccessKey, SessionToken: issued, Expires: expires}, true
		}})
		return strings.Split(verdict(v, r), " ")[0]
	}
	for _, c := range []struct {
		sent, issued string
		expires      time.Time
		want         string
	}{
		{"", "", time.Time{}, "accepted"},
		{"token", "token", now.Add(time.Second), "accepted"},
		{"token", "token", now, "ExpiredTokenException"},
		{"", "token", now.Add(time.Second), "UnrecognizedClientException"},
		{"other", "token", now.Add(time.Second), "UnrecognizedClientException"},
		{"token", "", time.Time{}, "UnrecognizedClientException"},
	} {
		if got := check(c.sent, c.issued, c.expires); got != c.want {
			t.Errorf("sent %q, issued %q: %s, want %s", c.sent, c.issued, got, c.want)
		}
	}
}

// The suite's request with a session token, which is signed like every header of
// AWS's, and accepted for the credential that has it alone.
func TestSuiteSessionToken(t *testing.T) {
	const token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"
	now, _ := time.Parse(timeFormat, "20150830T123600Z")
	for issued, want := range map[string]string{token: "accepted", "": "UnrecognizedClientException", token[1:]: "UnrecognizedClientException"} {
		v := NewVerifier(Options{Now: func() time.Time { return now }, Credentials: func(string) (Credential, bool) {
			return Credential{Secret: sdkKeys.SecretAccessKey, SessionToken: issued}, true
		}})
		r := httptest.NewRequest("GET", "http://example.amazonaws.com/", nil)
		r.Header = http.Header{"X-Amz-Date": {"20150830T123600Z"}, "X-Amz-Security-Token": {token}, "Authorization": {
			"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, " +
				"Signature=07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"}}
		if got := strings.Split(verdict(v, r), " ")[0]; got != want {
			t.Errorf("issued %q: %s, want %s", issued, got, want)
		}
	}
}

// A key whose secret has changed is derived anew.
func TestChangedSecret(t *testing.T) {
	secret := sdkKeys.SecretAccessKey
	now, _ := time.Parse(timeFormat, sdkNow)
	v := NewVerifier(Options{Now: func() time.Time { return now }, Credentials: func(string) (Credential, bool) { return Credential{Secret: secret}, true }})
	request := func() *http.Request {
		return signedBySDK(t, "POST", "http://127.0.0.1:4566/", "firehose", "{}", nil)
	}
	if got := verdict(v, request()); got != "accepted" {
		t.Fatal(got)
	}
	secret = "another"
	if got := verdict(v, request()); !strings.HasPrefix(got, "InvalidSignatureException") {
		t.Error(got)
	}
}

func TestBodyLimit(t *testing.T) {
	for _, length := range []int64{MaxBody + 1, -1} {
		r := signedBySDK(t, "POST", "http://127.0.0.1:4566/", "firehose", "{}", nil)
		r.ContentLength, r.Body = length, io.NopCloser(io.LimitReader(zeros{}, MaxBody+1))
		if got := verdict(verifierAt(sdkNow), r); !strings.HasPrefix(got, "RequestEntityTooLargeException 413") {
			t.Errorf("length %d: %s", length, got)
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func FuzzAuthorization(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", "")
	f.Add("", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20261122%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20261122T101112Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
	v := verifierAt(sdkNow)
	f.Fuzz(func(t *testing.T, header, query string) {
		r := httptest.NewRequest("POST", "http://127.0.0.1:4566/", strings.NewReader("body"))
		r.URL.RawQuery = query
		r.Header.Set("X-Amz-Date", sdkNow)
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		if got := verdict(v, r); got == "accepted" {
			t.Fatal("nobody signed this")
		}
	})
}

func BenchmarkVerify128KiB(b *testing.B) {
	body := strings.Repeat("a", 128<<10)
	r := signedBySDK(b, "POST", "http://127.0.0.1:4566/", "firehose", body, map[string]string{"X-Amz-Target": "Firehose_20150804.PutRecordBatch"})
	v := verifierAt(sdkNow)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		r.Body = io.NopCloser(strings.NewReader(body))
		verified, err := v.Verify(r)
		if err != nil {
			b.Fatal(err)
		}
		verified.Release()
	}
}

func BenchmarkSHA256Of128KiB(b *testing.B) {
	body := bytes.Repeat([]byte("a"), 128<<10)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		sha256.Sum256(body)
	}
}
