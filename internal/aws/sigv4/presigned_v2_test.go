package sigv4

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// A URL that the AWS CLI v1 presigned with the example's keys, good for 3 000 years.
const presignedV2 = "http://127.0.0.1:4566/bucket/a%20b?AWSAccessKeyId=AKIDEXAMPLE&Signature=3xh7nmwI%2BOWY1xXfcNHt9N%2BBO8I%3D&Expires=99999999999"

func TestPresignedV2(t *testing.T) {
	v := verifierAt(sdkNow)
	const request = presignedV2
	if got := verdict(v, httptest.NewRequest("GET", request, nil)); got != "accepted" {
		t.Fatal(got)
	}
	for name, c := range map[string]struct{ method, target, want string }{
		"other key":     {"GET", strings.Replace(request, "a%20b", "a%20c", 1), "InvalidSignatureException"},
		"other method":  {"DELETE", request, "InvalidSignatureException"},
		"other expiry":  {"GET", strings.Replace(request, "Expires=9", "Expires=8", 1), "InvalidSignatureException"},
		"unknown key":   {"GET", strings.Replace(request, "AKIDEXAMPLE", "NOBODY", 1), "UnrecognizedClientException"},
		"more":          {"GET", request + "&uploads", "InvalidSignatureException"},
		"unsigned more": {"GET", request + "&max-keys=1", "InvalidSignatureException"},
		"two":           {"GET", request + "&X-Amz-Signature=1", "IncompleteSignatureException"},
		"no signature":  {"GET", strings.Replace(request, "Signature=", "Signatur=", 1), "IncompleteSignatureException"},
		"expired":       {"GET", strings.Replace(request, "99999999999", "1795000000", 1), " 0 "},
	} {
		if got := verdict(v, httptest.NewRequest(c.method, c.target, nil)); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
