package sigv4

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// onTheWire is a request as the SDK signs it and a socket carries it.
func onTheWire(t testing.TB, method, target, service, body string, headers map[string]string) []byte {
	t.Helper()
	r := signedBySDK(t, method, target, service, body, headers)
	var wire bytes.Buffer
	fmt.Fprintf(&wire, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", r.Method, r.URL.RequestURI(), r.Host, len(body))
	_ = r.Header.Write(&wire)
	wire.WriteString("\r\n" + body)
	return wire.Bytes()
}

// meaning is what a handler may act on of a request: all that is signed.
func meaning(r *http.Request, body []byte) string {
	a, err := parseAuthorization(r)
	if err != nil {
		return err.Error()
	}
	canonical, err := canonicalRequest(r, a, "")
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s\n%x\n%s\n%s", canonical, a.signature, a.scope, body)
}

// The answers to a request whose signature is not right, whatever is wrong.
var signatureErrors = []string{
	"InvalidSignatureException", "IncompleteSignatureException", "UnrecognizedClientException", "MissingAuthenticationTokenException",
	"IncompleteBodyException", "RequestEntityTooLargeException",
	"SignatureDoesNotMatch", "AuthorizationHeaderMalformed", "AccessDenied", "InvalidArgument", "InvalidRequest", "InvalidAccessKeyId",
	"XAmzContentSHA256Mismatch", "RequestTimeTooSkewed", "IncompleteBody", "MissingContentLength",
}

// Each bit of a whole request as it is on the wire: method, path, query, names
// and values of headers, date, scope, signature, body. With one changed it is
// no HTTP any more, or refused with one of AWS's signature errors, or it means
// what it meant, as with a header's name in capitals.
func TestEveryBitCounts(t *testing.T) {
	for name, wire := range map[string][]byte{
		"JSON": onTheWire(t, "POST", "http://127.0.0.1:4566/", "firehose", `{"DeliveryStreamName":"logs","Record":{"Data":"aGVsbG8K"}}`,
			map[string]string{"X-Amz-Target": "Firehose_20150804.PutRecord", "Content-Type": "application/x-amz-json-1.1", "X-Millrace-Origin": "4f0c 1-2"}),
		"REST":  onTheWire(t, "GET", "http://127.0.0.1:4566/2021-01-01/opensearch/domain/a%20b?verbose=true&a=b%26c", "es", "", nil),
		"query": onTheWire(t, "POST", "http://127.0.0.1:4566/", "iam", "Action=GetRole&RoleName=web&Version=2010-05-08", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}),
		"S3":    onTheWire(t, "PUT", "http://s3.localhost:4566/bucket/a/b%2Fc.txt?partNumber=1&uploadId=x", "s3", "some data", map[string]string{"X-Amz-Storage-Class": "STANDARD"}),
	} {
		t.Run(name, func(t *testing.T) {
			v := verifierAt(sdkNow)
			read := func(wire []byte) (*http.Request, []byte) {
				r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire)))
				if err != nil {
					return nil, nil
				}
				body, err := io.ReadAll(r.Body)
				if err != nil {
					return nil, nil
				}
				r.Body = io.NopCloser(bytes.NewReader(body))
				return r, body
			}
			r, body := read(wire)
			want := meaning(r, body)
			if got := verdict(v, r); got != "accepted" {
				t.Fatal(got)
			}
			var accepted, refused, noHTTP int
			for i := range wire {
				for bit := range 8 {
					changed := slices.Clone(wire)
					changed[i] ^= 1 << bit
					r, body := read(changed)
					if r == nil {
						noHTTP++
						continue
					}
					got := verdict(v, r)
					code, _, _ := strings.Cut(got, " ")
					switch {
					case got == "accepted" && meaning(r, body) != want:
						t.Errorf("accepted with another meaning: %q", changed)
					case got == "accepted":
						accepted++
					case !slices.Contains(signatureErrors, code):
						t.Errorf("bit %d of byte %d: %s: %q", bit, i, got, changed)
					default:
						refused++
					}
				}
			}
			t.Logf("%d bits: %d refused, %d no HTTP, %d of no meaning", 8*len(wire), refused, noHTTP, accepted)
			if accepted > refused/4 {
				t.Errorf("%d bits mean nothing", accepted)
			}
		})
	}
}

// Whether the key is unknown or the secret wrong, a client gets one status and
// one shape, and the server does the same work: it signs with what it has.
func TestUnknownKeyAndWrongSecretLookAlike(t *testing.T) {
	for _, p := range []Protocol{JSON, Query, REST, S3} {
		unknown, wrong := (&Error{Reason: UnknownKey}).AWS(p), (&Error{Reason: WrongSignature}).AWS(p)
		if unknown.Status != wrong.Status || unknown.Message == "" || wrong.Message == "" {
			t.Errorf("protocol %d: %v and %v", p, unknown, wrong)
		}
	}
	work := func(key string) float64 {
		v := verifierAt(sdkNow)
		header := signedBySDK(t, "POST", "http://127.0.0.1:4566/", "firehose", "", nil).Header
		header.Set("Authorization", strings.Replace(header.Get("Authorization"), "AKIDEXAMPLE", key, 1))
		header.Set("Authorization", header.Get("Authorization")[:len(header.Get("Authorization"))-64]+strings.Repeat("0", 64))
		return testing.AllocsPerRun(100, func() {
			r := &http.Request{Method: "POST", Host: "127.0.0.1:4566", URL: &url.URL{Path: "/"}, Header: header, Body: http.NoBody}
			if _, err := v.Verify(r); err == nil {
				t.Fatal("accepted")
			}
		})
	}
	known, unknown := work("AKIDEXAMPLE"), work("AKIDNOBODY1")
	if d := known - unknown; d < -6 || d > 6 { // reading the body is what differs
		t.Errorf("%.0f allocations for a wrong secret, %.0f for an unknown key", known, unknown)
	}
}

// FuzzAgainstSDK signs with the SDK what the fuzzer makes up. It is accepted,
// and the canonical form is the same for our own signer; with one byte of what
// is signed changed it is not.
func FuzzAgainstSDK(f *testing.F) {
	f.Add("POST", "/", "", "Firehose_20150804.PutRecord", "{}", uint8(0), uint16(3))
	f.Add("PUT", "/bucket/a b/\u00e9//c", "partNumber=1&uploadId=x%2Fy", "a  b ", "data", uint8(1), uint16(77))
	f.Add("GET", "/2021-01-01/es/domain/a", "b=2&a=1&b=1&c", "", "", uint8(2), uint16(500))
	now, _ := time.Parse(timeFormat, sdkNow)
	f.Fuzz(func(t *testing.T, method, path, query, header, body string, kind uint8, at uint16) {
		service := []string{"firehose", "s3", "es"}[kind%3]
		values, err := url.ParseQuery(query)
		if err != nil || !isToken(method) || strings.ContainsFunc(header, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Skip()
		}
		// as an SDK writes it
		target := "http://127.0.0.1:4566/" + string(appendEncoded(nil, strings.TrimPrefix(path, "/"), true))
		if len(values) > 0 {
			target += "?" + strings.ReplaceAll(values.Encode(), "+", "%20")
		}
		parsed, err := url.Parse(target)
		if err != nil || strings.Contains(query, "X-Amz-") || strings.Contains(query, "AWSAccessKeyId") {
			t.Skip()
		}
		if _, err := appendPath(nil, parsed, &authorization{scope: Scope{Service: service}}); err != nil {
			t.Skip() // not in normal form, refused by name
		}
		fresh := func() *http.Request {
			r := httptest.NewRequest(method, target, nil)
			r.Header.Set("X-Amz-Meta", header)
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
			hash := HashOf([]byte(body))
			if service == "s3" {
				r.Header.Set("X-Amz-Content-Sha256", hash)
			}
			err := v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{AccessKeyID: sdkKeys.AccessKeyID, SecretAccessKey: sdkKeys.SecretAccessKey},
				r, hash, service, "eu-west-1", now, func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" })
			if err != nil {
				t.Skip()
			}
			r.RequestURI = ""
			return r
		}
		v := verifierAt(sdkNow)
		if got := verdict(v, fresh()); got != "accepted" {
			t.Fatalf("%s %s %s: %s", method, target, service, got)
		}
		own := fresh()
		own.Header.Del("Authorization")
		signer := Signer{AccessKeyID: sdkKeys.AccessKeyID, Secret: sdkKeys.SecretAccessKey, Region: "eu-west-1", Service: service}
		if err := signer.Sign(own, HashOf([]byte(body)), now); err != nil {
			t.Fatal(err)
		}
		if got := verdict(v, own); got != "accepted" {
			t.Fatalf("signed by ourselves: %s %s %s: %s", method, target, service, got)
		}
		// one byte of the signature is another
		damaged := fresh()
		text := damaged.Header.Get("Authorization")
		i := len(text) - 64 + int(at)%64
		digit, _ := hex.DecodeString("0" + text[i:i+1])
		damaged.Header.Set("Authorization", text[:i]+fmt.Sprintf("%x", (digit[0]+1)%16)+text[i+1:])
		if got := verdict(v, damaged); got == "accepted" {
			t.Fatalf("accepted with another signature")
		}
		if body != "" { // and one of the body
			damaged = fresh()
			other := []byte(body)
			other[int(at)%len(other)] ^= 1
			damaged.Body = io.NopCloser(bytes.NewReader(other))
			if got := verdict(v, damaged); got == "accepted" {
				t.Fatalf("accepted with another body")
			}
		}
	})
}

func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '!' || r > '~' || strings.ContainsRune("()<>@,;:\\\"/[]?={}", r) })
}
