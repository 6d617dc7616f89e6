package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/destination/destinationtest"
	"github.com/millrace/millrace/internal/destination/s3/s3test"
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
	body   []byte
	header http.Header
}

func (o object) contentEncoding() string { return o.header.Get("Content-Encoding") }

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
	s.objects[name+"/"+key] = object{bytes.Clone(body), header}
	if s.lose {
		s.lose = false
		return errors.New("connection reset")
	}
	return nil
}

func TestSuite(t *testing.T) {
	for _, compression := range []Compression{Uncompressed, GZIP, ZIP, Snappy, HadoopSnappy} {
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
		records = append(records, bytes.Split(s3test.Decode(t, o.contentEncoding(), o.body), []byte("\n"))...)
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
		if string(got.body) != tc.want || got.header.Get("Content-Type") != "application/octet-stream" || got.contentEncoding() != "" {
			t.Errorf("%q: %q %v", tc.records, got.body, got.header)
		}
	}
}

// The same batch is the same bytes, however it is compressed, also when other
// objects have used the compressors meanwhile.
func TestRepeatsAreTheSameBytes(t *testing.T) {
	for _, compression := range []Compression{Uncompressed, GZIP, ZIP, Snappy, HadoopSnappy} {
		s := &bucket{}
		d := New(Options{Store: s, Bucket: "b", Compression: compression})
		var bodies []string
		for i := range 4 {
			if _, err := d.Deliver(t.Context(), batch("other", strings.Repeat(strconv.Itoa(i), 100_000*i))); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Deliver(t.Context(), batch("key", strings.Repeat("abc", 100_000), "", "d")); err != nil {
				t.Fatal(err)
			}
			if err := d.PutObject(t.Context(), "error", []byte("abc")); err != nil {
				t.Fatal(err)
			}
			bodies = append(bodies, string(s.objects["b/key"].body)+string(s.objects["b/error"].body))
		}
		if len(slices.Compact(bodies)) != 1 {
			t.Errorf("%s: a repeat wrote other bytes", compression)
		}
		if got := s3test.Decode(t, compression.ContentEncoding(), s.objects["b/error"].body); string(got) != "abc" {
			t.Errorf("%s: error object %q", compression, got)
		}
	}
}

// An empty record is data, too: Firehose accepts it and writes its object.
func TestEmptyRecord(t *testing.T) {
	for _, compression := range []Compression{Uncompressed, GZIP, ZIP, Snappy, HadoopSnappy} {
		s := &bucket{}
		if _, err := New(Options{Store: s, Bucket: "b", Compression: compression}).Deliver(t.Context(), batch("k", "")); err != nil {
			t.Fatal(err)
		}
		o, there := s.objects["b/k"]
		if !there || len(s3test.Decode(t, compression.ContentEncoding(), o.body)) != 0 {
			t.Errorf("%s: %v %q", compression, there, o.body)
		}
	}
}

// Without a key nothing is said about encryption.
func TestHeaders(t *testing.T) {
	for key, want := range map[string]string{
		"":                              "Content-Encoding: gzip\r\nContent-Type: application/octet-stream\r\nX-Amz-Acl: bucket-owner-full-control\r\n",
		"arn:aws:kms:eu-west-1:1:key/k": "Content-Encoding: gzip\r\nContent-Type: application/octet-stream\r\nX-Amz-Acl: bucket-owner-full-control\r\nX-Amz-Server-Side-Encryption: aws:kms\r\nX-Amz-Server-Side-Encryption-Aws-Kms-Key-Id: arn:aws:kms:eu-west-1:1:key/k\r\n",
	} {
		s := &bucket{}
		d := New(Options{Store: s, Bucket: "b", Compression: GZIP, KMSKeyARN: key})
		if _, err := d.Deliver(t.Context(), batch("record", "a")); err != nil {
			t.Fatal(err)
		}
		if err := d.PutObject(t.Context(), "error", []byte("b")); err != nil {
			t.Fatal(err)
		}
		for name, o := range s.objects {
			var got strings.Builder
			if err := o.header.Write(&got); err != nil || got.String() != want {
				t.Errorf("%s: %s", name, got.String())
			}
		}
	}
}

// lines is a format that takes letters alone.
type lines struct{ fail error }

func (lines) Extension() string       { return ".txt" }
func (lines) ContentEncoding() string { return "lines" }
func (f lines) Encode(records []record.Record) (body []byte, refused []destination.Refusal, err error) {
	for _, r := range records {
		if bytes.ContainsAny(r.Data, "0123456789") {
			refused = append(refused, destination.Refusal{Type: "format-conversion-failed", Record: r})
		} else {
			body = append(append(body, r.Data...), '\n')
		}
	}
	return body, refused, f.fail
}

func TestFormat(t *testing.T) {
	s := &bucket{}
	d := New(Options{Store: s, Bucket: "b", Format: lines{}})
	refused, err := d.Deliver(t.Context(), batch("some", "a", "1", "c"))
	if o := s.objects["b/some"]; err != nil || len(refused) != 1 || string(o.body) != "a\nc\n" || o.contentEncoding() != "lines" || d.Extension() != ".txt" {
		t.Errorf("%v %v %q", err, refused, o.body)
	}
	refused, err = d.Deliver(t.Context(), batch("none", "1", "2"))
	if _, there := s.objects["b/none"]; err != nil || len(refused) != 2 || there {
		t.Errorf("%v, %d refused, object %v", err, len(refused), there)
	}
	if err := d.PutObject(t.Context(), "error", []byte("{}")); err != nil || s.objects["b/error"].contentEncoding() != "" || string(s.objects["b/error"].body) != "{}" {
		t.Error(err, s.objects["b/error"])
	}
	// Nothing is decided while the object cannot be made or written.
	if refused, err := New(Options{Store: s, Bucket: "b", Format: lines{errors.New("no memory")}}).Deliver(t.Context(), batch("failed", "a", "1")); err == nil || refused != nil || len(s.objects) != 2 {
		t.Error(refused, err, len(s.objects))
	}
	s.lose = true
	if refused, err := d.Deliver(t.Context(), batch("lost", "a", "1")); err == nil || refused != nil {
		t.Error(refused, err)
	}
}

func TestCompressionNames(t *testing.T) {
	for c := range Compression(len(compressions)) {
		if got, ok := ParseCompression(c.String()); !ok || got != c {
			t.Errorf("%s is read as %s", c, got)
		}
	}
	if _, ok := ParseCompression("SNAPPY"); ok {
		t.Error("Firehose has no SNAPPY")
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
	var f *record.Failure
	if !errors.As(err, &f) || f.Code != "S3.AccessDenied" || f.Kind != record.Permanent || !strings.Contains(f.Message, "not authorized to perform: s3:PutObject") {
		t.Fatalf("%v", err)
	}
}
