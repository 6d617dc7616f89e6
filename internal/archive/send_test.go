package archive

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/millrace/millrace/internal/aws/sigv4"
)

// cutting loses the connection for the first so many objects, before or after
// the gateway has seen them.
type cutting struct {
	http.RoundTripper
	left atomic.Int32
	late bool
}

func (c *cutting) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPut || c.left.Add(-1) < 0 {
		return c.RoundTripper.RoundTrip(r)
	}
	if c.late {
		answer, err := c.RoundTripper.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		return nil, errors.Join(syscall.ECONNRESET, answer.Body.Close())
	}
	return nil, errors.Join(syscall.EPIPE, r.Body.Close())
}

// An object whose connection was closed by the gateway is sent once more, and no oftener.
func TestObjectIsSentAgain(t *testing.T) {
	a := openTest(t)
	if err := a.CreateBucket(t.Context(), "bucket"); err != nil {
		t.Fatal(err)
	}
	c := &cutting{RoundTripper: a.client.Transport}
	a.client.Transport = c
	defer func() { a.client.Transport = c.RoundTripper }()
	for _, late := range []bool{false, true} {
		c.late = late
		c.left.Store(1)
		if err := a.Put(t.Context(), "bucket", "key", []byte("hello"), nil); err != nil {
			t.Fatal(late, err)
		}
		r, err := a.Get(t.Context(), "bucket", "key")
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(r); err != nil || string(text) != "hello" {
			t.Errorf("%q %v", text, err)
		}
		_ = r.Close()
		c.left.Store(2)
		if err := a.Put(t.Context(), "bucket", "key", []byte("hello"), nil); code(err) != "S3.ServiceUnavailable" {
			t.Error(late, err)
		}
	}
}

// What the way of an object adds to its encoding is not kept, and not told of objects that have it.
func TestContentEncoding(t *testing.T) {
	a := openTest(t)
	if err := a.CreateBucket(t.Context(), "bucket"); err != nil {
		t.Fatal(err)
	}
	for _, encoding := range []string{"", "gzip", "snappy-java"} {
		header := http.Header{}
		if encoding != "" {
			header.Set("Content-Encoding", encoding)
		}
		if err := a.Put(t.Context(), "bucket", "key", []byte("hello"), header); err != nil {
			t.Fatal(err)
		}
		answer, err := a.send(t.Context(), http.MethodHead, "bucket", "key", nil, nil, plainBody(nil))
		if err != nil {
			t.Fatal(err)
		}
		if got := answer.header.Get("Content-Encoding"); got != encoding {
			t.Errorf("%q is kept as %q", encoding, got)
		}
	}
	for from, want := range map[string]string{"gzip,aws-chunked": "gzip", "aws-chunked": "", "gzip": "gzip", "a, aws-chunked ,b": "a,b"} {
		to := http.Header{}
		copyHeader(to, http.Header{"Content-Encoding": {from}})
		if got := to.Get("Content-Encoding"); got != want {
			t.Errorf("%q becomes %q, want %q", from, got, want)
		}
	}
}

// sized notes how long requests say that they are.
type sized struct {
	http.RoundTripper
	last atomic.Int64
}

func (s *sized) RoundTrip(r *http.Request) (*http.Response, error) {
	s.last.Store(r.ContentLength)
	return s.RoundTripper.RoundTrip(r)
}

// The gateway learns how long an object's frame is, streamed or not, so that it does not answer and close while the end
// of the request is still on its way.
func TestFrameSaysItsLength(t *testing.T) {
	a := openTest(t)
	if err := a.CreateBucket(t.Context(), "bucket"); err != nil {
		t.Fatal(err)
	}
	s := &sized{RoundTripper: a.client.Transport}
	a.client.Transport = s
	defer func() { a.client.Transport = s.RoundTripper }()
	client := sdkClient(openEdge(t, a), testKey)
	for _, size := range []int{1, 5, frameChunk - 1, frameChunk, frameChunk + 1, 3 * frameChunk} {
		for _, algorithm := range []types.ChecksumAlgorithm{types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc64nvme, types.ChecksumAlgorithmSha256} {
			_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key"),
				Body: bytes.NewReader(make([]byte, size)), ChecksumAlgorithm: algorithm})
			if err != nil {
				t.Fatal(size, algorithm, err)
			}
			if got := s.last.Load(); got <= int64(size) {
				t.Errorf("%d bytes with %s in a frame of %d", size, algorithm, got)
			}
		}
	}
}

// A remote S3 is told of the frame, as AWS asks for, beside what the object's encoding is.
func TestRemoteIsToldOfTheFrame(t *testing.T) {
	r, err := newRemote(Remote{Endpoint: "https://s3.example", AccessKeyID: "a", SecretAccessKey: "b"}, "eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	for encoding, want := range map[string]string{"": "aws-chunked", "gzip": "gzip,aws-chunked"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "https://bucket.s3.example/key", nil)
		if err != nil {
			t.Fatal(err)
		}
		if encoding != "" {
			request.Header.Set("Content-Encoding", encoding)
		}
		if err := r.sign(request, streamedBody(&sigv4.Payload{Length: 5, Trailer: "x-amz-checksum-crc32"})); err != nil {
			t.Fatal(err)
		}
		if got := request.Header.Get("Content-Encoding"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
