package archive

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/sigv4"
)

// checkHeaders refuses, by name, settings that would otherwise be dropped
// silently. Encryption and storage classes are a remote S3's own business.
func checkHeaders(h http.Header, remote bool) *awserr.Error {
	for name, values := range h {
		lower, value := strings.ToLower(name), values[0]
		switch {
		case strings.HasPrefix(lower, "x-amz-server-side-encryption") && !remote, strings.HasPrefix(lower, "x-amz-object-lock"),
			lower == "x-amz-bucket-object-lock-enabled" && !strings.EqualFold(value, "false"),
			lower == "x-amz-website-redirect-location", lower == "x-amz-mfa", lower == "x-amz-write-offset-bytes":
			return notImplemented(lower)
		case lower == "x-amz-storage-class" && value != "STANDARD" && !remote:
			return awserr.New("InvalidStorageClass", "The archive has the storage class STANDARD, not %s.", value)
		case strings.HasPrefix(lower, "x-amz-grant-"), lower == "x-amz-acl" && value != "private" && value != "bucket-owner-full-control":
			return awserr.New("AccessControlListNotSupported", "The bucket does not allow ACLs")
		case (lower == "x-amz-expected-bucket-owner" || lower == "x-amz-source-expected-bucket-owner") && value != call.AccountID:
			return awserr.New("AccessDenied", "Access Denied").With(http.StatusForbidden)
		}
	}
	return nil
}

// hopHeaders belong to the client's connection or to its signature, not to
// the request that the gateway gets.
var hopHeaders = []string{
	"Authorization", "Connection", "Keep-Alive", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Expect", "Content-Length",
	"Accept-Encoding", "Origin", "Referer", "Cookie", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
	"X-Amz-Date", "X-Amz-Content-Sha256", "X-Amz-Security-Token", "X-Amz-Decoded-Content-Length", "X-Amz-Trailer",
	"X-Amz-Expected-Bucket-Owner", "X-Amz-Source-Expected-Bucket-Owner", "X-Amz-Acl", "X-Amz-Sdk-Checksum-Algorithm",
}

// forwarded returns the headers that the gateway gets.
func forwarded(h http.Header) http.Header {
	f := http.Header{}
	for name, values := range h {
		if !slices.Contains(hopHeaders, name) {
			f[name] = values
		}
	}
	if bucket, key, ok, _ := copySource(h); ok {
		f.Set("X-Amz-Copy-Source", sigv4.EncodePath("/"+bucket+"/"+key)) // in one form, whatever the client escaped
	}
	unframe(f)
	return f
}

// unframe takes what is about the way of a body, and not about the object, out
// of its encoding.
func unframe(h http.Header) {
	encoding := h.Get("Content-Encoding")
	if !strings.Contains(encoding, "aws-chunked") {
		return
	}
	kept := slices.DeleteFunc(strings.Split(encoding, ","), func(s string) bool { return strings.TrimSpace(s) == "aws-chunked" })
	if h.Del("Content-Encoding"); len(kept) > 0 {
		h.Set("Content-Encoding", strings.TrimSpace(strings.Join(kept, ",")))
	}
}

// forwardedQuery drops a presigned request's signature.
func forwardedQuery(q url.Values) url.Values {
	f := url.Values{}
	for name, values := range q {
		if !strings.HasPrefix(name, "X-Amz-") && !slices.Contains([]string{"AWSAccessKeyId", "Signature", "Expires"}, name) {
			f[name] = values
		}
	}
	return f
}

// copySource parses x-amz-copy-source; ok is false if the request has none.
func copySource(h http.Header) (bucket, key string, ok bool, err *awserr.Error) {
	source := h.Get("X-Amz-Copy-Source")
	if source == "" {
		return "", "", false, nil
	}
	name, version, _ := strings.Cut(source, "?")
	plain, failed := url.PathUnescape(name)
	bucket, key, found := strings.Cut(strings.TrimPrefix(plain, "/"), "/")
	if failed != nil || !found || bucket == "" || key == "" {
		return "", "", false, awserr.New("InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	}
	if version != "" {
		return "", "", false, notImplemented("versionId in x-amz-copy-source")
	}
	return bucket, key, true, nil
}

// hiddenHeaders of the gateway's answers are about itself.
var hiddenHeaders = []string{"Server", "Connection", "Date", "X-Amz-Request-Id", "X-Amz-Id-2", "Transfer-Encoding", "Keep-Alive"}

// copyHeader copies the others. The names of user metadata are written in
// lower case, as S3 does: some clients tell them apart.
func copyHeader(to, from http.Header) {
	for name, values := range from {
		switch {
		case strings.HasPrefix(name, "X-Amz-Meta-"):
			to[strings.ToLower(name)] = values
		case !slices.Contains(hiddenHeaders, name) && !strings.HasPrefix(name, "Access-Control-"):
			to[name] = values
		}
	}
	unframe(to) // objects that were written before it was left out on their way
}
