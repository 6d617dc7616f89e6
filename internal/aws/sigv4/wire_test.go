package sigv4

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/aws/call"
)

// The keys of AWS's own examples.
func exampleCredentials(id string) (Credential, bool) {
	secret := map[string]string{
		"AKIDEXAMPLE":          "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
		"AKIAIOSFODNN7EXAMPLE": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	}[id]
	return Credential{Secret: secret, Identity: call.Identity{AccessKeyID: id}}, secret != ""
}

func verifierAt(date string) *Verifier {
	now, err := time.Parse(timeFormat, date)
	if err != nil {
		panic(err)
	}
	return NewVerifier(Options{Credentials: exampleCredentials, Now: func() time.Time { return now }})
}

// verdict verifies a request with its body and says how it went.
func verdict(v *Verifier, r *http.Request) string {
	verified, err := v.Verify(r)
	if err == nil {
		defer verified.Release()
		if verified.Payload != nil {
			_, err = io.Copy(io.Discard, verified.Payload)
		}
	}
	if err == nil {
		return "accepted"
	}
	var e *Error
	if !errors.As(err, &e) {
		return "unexpected " + err.Error()
	}
	protocol := JSON
	if strings.Contains(r.Host, "s3") && e.Reason != Missing {
		protocol = S3
	}
	a := e.AWS(protocol)
	return fmt.Sprintf("%s %d %s", a.Code, a.Status, a.Message)
}

// Each file in testdata/wire is a request as it is on the wire, after a line
// with our clock and the verdict. The suite_, guide_ and s3_ requests are those that
// AWS publishes with their signatures. Of its test suite one is missing, whose
// path has a space that cannot be on the wire, and the paths that are not in
// normal form are refused here, see appendPath.
func TestWire(t *testing.T) {
	files, _ := filepath.Glob("testdata/wire/*.txt")
	if len(files) < 60 {
		t.Fatalf("%d requests", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			first, request, _ := strings.Cut(string(text), "\n")
			now, want, _ := strings.Cut(strings.TrimPrefix(first, "# "), " ")
			head, body, _ := strings.Cut(request, "\n\n")
			request = strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n" + body
			r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request)))
			if err != nil {
				t.Fatal(err)
			}
			if got := verdict(verifierAt(now), r); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// chunkExample is AWS's example of a streamed upload: 66 560 times "a" in chunks of 64 KiB and
// the rest.
func chunkExample() (*http.Request, string) {
	body := "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" + strings.Repeat("a", 65536) + "\r\n" +
		"400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" + strings.Repeat("a", 1024) + "\r\n" +
		"0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
	r, _ := http.NewRequest("PUT", "http://s3.amazonaws.com/examplebucket/chunkObject.txt", nil)
	r.ContentLength = int64(len(body))
	for name, value := range map[string]string{
		"X-Amz-Date": "20130524T000000Z", "X-Amz-Storage-Class": "REDUCED_REDUNDANCY",
		"X-Amz-Content-Sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "Content-Encoding": "aws-chunked",
		"X-Amz-Decoded-Content-Length": "66560",
		"Authorization": "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request," +
			"SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class," +
			"Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
	} {
		r.Header.Set(name, value)
	}
	return r, body
}

func TestSignedChunks(t *testing.T) {
	r, body := chunkExample()
	r.Body = io.NopCloser(strings.NewReader(body))
	v, err := verifierAt("20130524T000000Z").Verify(r)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(v.Payload)
	if err != nil || string(data) != strings.Repeat("a", 66560) {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
}

// However the framing is damaged, never are all the bytes handed on.
func TestDamagedChunks(t *testing.T) {
	_, body := chunkExample()
	damages := map[string]string{
		"data":            strings.Replace(body, "aaaa\r\n400", "aaab\r\n400", 1),
		"last data":       strings.Replace(body, "aaaa\r\n0;", "aaab\r\n0;", 1),
		"final signature": strings.Replace(body, "b6c6ea", "b6c6eb", 1),
		"no final chunk":  strings.Split(body, "0;chunk-signature=b6")[0],
		"cut":             body[:len(body)-1],
		"more":            body + "x",
		"no signature":    strings.Replace(body, ";chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497", "", 1),
		"huge size":       strings.Replace(body, "10000;", "ffffffff;", 1),
		"endless line":    strings.Repeat("1", 5000) + body,
	}
	for name, damaged := range damages {
		if damaged == body {
			t.Fatalf("%s: not damaged", name)
		}
		r, _ := chunkExample()
		r.Body = io.NopCloser(strings.NewReader(damaged))
		r.ContentLength = int64(len(body)) // signed, so it stays what the client said
		v, err := verifierAt("20130524T000000Z").Verify(r)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, v.Payload)
		var e *Error
		if !errors.As(err, &e) || n >= 66560 {
			t.Errorf("%s: %d bytes handed on, %v", name, n, err)
		}
	}
}
