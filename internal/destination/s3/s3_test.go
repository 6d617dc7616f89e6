package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/destination/destinationtest"
	"github.com/millrace/millrace/internal/record"
)

// bucket is an S3 that can be down or lose an answer.
type bucket struct {
	mu      sync.Mutex
	objects map[string]object
	down    bool
	lose    bool
}

type object struct {
	body                         []byte
	contentType, contentEncoding string
}

func (s *bucket) Put(ctx context.Context, name, key string, body []byte, header http.Header) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		s.mu.Unlock()
		<-ctx.Done()
		s.mu.Lock()
		return ctx.Err()
	}
	if s.objects == nil {
		s.objects = map[string]object{}
	}
	s.objects[name+"/"+key] = object{bytes.Clone(body), header.Get("Content-Type"), header.Get("Content-Encoding")}
	if s.lose {
		s.lose = false
		return errors.New("connection reset")
	}
	return nil
}

func TestSuite(t *testing.T) {
	for _, compression := range []Compression{Uncompressed, GZIP} {
		t.Run(fmt.Sprint(compression), func(t *testing.T) {
			destinationtest.Run(t, func(t *testing.T) destinationtest.Target {
				b := &bucket{}
				return destinationtest.Target{
					Destination: New(Options{Store: b, Bucket: "logs", Compression: compression, Delimiter: "\n"}),
					Key:         func(b *destination.Batch) string { return b.ID + compression.Extension() },
					Good:        func(i int) []byte { return fmt.Appendf(nil, "record %d", i) },
					Held:        b.held,
					Down: func(t *testing.T) func() {
						b.setDown(true)
						return func() { b.setDown(false) }
					},
					LoseAnswer: func(t *testing.T) { b.lose = true },
				}
			})
		})
	}
}

func (s *bucket) setDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

func (s *bucket) held(t *testing.T) (records [][]byte) {
	for _, o := range s.objects {
		body := o.body
		if o.contentEncoding == "gzip" {
			z, err := gzip.NewReader(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if body, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		records = append(records, bytes.Split(body, []byte("\n"))...)
	}
	return records
}

func batch(key string, records ...string) *destination.Batch {
	b := &destination.Batch{ID: key, Key: key}
	for i, r := range records {
		b.Records = append(b.Records, record.Record{Sequence: record.Sequence(i + 1), Data: []byte(r)})
	}
	return b
}

// Records are concatenated byte for byte; a delimiter goes between them.
func TestBody(t *testing.T) {
	for _, tc := range []struct {
		delimiter string
		records   []string
		want      string
	}{
		{"", []string{"abc", "abc", "abc"}, "abcabcabc"},
		{"\n", []string{"a", "b", "c"}, "a\nb\nc"},
		{"\n", []string{"a", "", "c\n"}, "a\n\nc\n"},
		{"", []string{"\xff\x00", "\r\n\xfe"}, "\xff\x00\r\n\xfe"},
	} {
		s := &bucket{}
		if _, err := New(Options{Store: s, Bucket: "b", Delimiter: tc.delimiter}).Deliver(t.Context(), batch("k", tc.records...)); err != nil {
			t.Fatal(err)
		}
		got := s.objects["b/k"]
		if string(got.body) != tc.want || got.contentType != "application/octet-stream" || got.contentEncoding != "" {
			t.Errorf("%q: %q %q %q", tc.records, got.body, got.contentType, got.contentEncoding)
		}
	}
}

// The same batch is the same bytes, compressed or not.
func TestGzipIsDeterministic(t *testing.T) {
	s := &bucket{}
	d := New(Options{Store: s, Bucket: "b", Compression: GZIP})
	var bodies []string
	for range 2 {
		if _, err := d.Deliver(t.Context(), batch("k.gz", strings.Repeat("abc", 1000))); err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, string(s.objects["b/k.gz"].body))
	}
	if bodies[0] != bodies[1] || s.objects["b/k.gz"].contentEncoding != "gzip" {
		t.Fatal("a repeat wrote other bytes")
	}
}

// A role that may not write is an error about the batch: nothing is written,
// nothing is refused, the batch comes again.
func TestRoleIsAsked(t *testing.T) {
	s := &bucket{}
	var asked string
	d := New(Options{Store: s, Bucket: "logs", Authorize: func(_ context.Context, action, resource string) error {
		asked = action + " " + resource
		return call.Denied("role", action, resource)
	}})
	refused, err := d.Deliver(t.Context(), batch("a/k", "x"))
	if err == nil || len(refused) > 0 || len(s.objects) > 0 {
		t.Fatalf("%v, %d refused, %d objects", err, len(refused), len(s.objects))
	}
	if asked != "s3:PutObject arn:aws:s3:::logs/a/k" {
		t.Fatalf("asked for %s", asked)
	}
}
