package delivery

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/delivery/objectkey"
	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/destination/s3"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/memory"
	"github.com/millrace/millrace/internal/record"
)

// bucket is an S3 in memory. Every write is kept, so that a test sees repeats.
type bucket struct {
	mu     sync.Mutex
	writes []write
	// fail is asked before each write; its error refuses it.
	fail func(n int) error
	// lose says whose answer is lost after the object was written.
	lose func(n int) bool
	puts int
}

type write struct {
	key  string
	body []byte
	at   time.Time
}

var errDown = &record.Failure{Kind: record.Retryable, Code: "S3.Unavailable", Message: "down"}

func (b *bucket) Put(_ context.Context, _, key string, body []byte, _ http.Header) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.puts++
	if b.fail != nil {
		if err := b.fail(b.puts); err != nil {
			return err
		}
	}
	b.writes = append(b.writes, write{key, bytes.Clone(body), time.Now()})
	if b.lose != nil && b.lose(b.puts) {
		return errDown
	}
	return nil
}

func (b *bucket) setFail(fail func(n int) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = fail
}

// objects is what a reader of the bucket finds, in the order of first writing.
// A key that was written again with other bytes fails the test.
func (b *bucket) objects(t *testing.T) []write {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	var objects []write
	for _, w := range b.writes {
		i := slices.IndexFunc(objects, func(o write) bool { return o.key == w.key })
		switch {
		case i < 0:
			objects = append(objects, w)
		case !bytes.Equal(objects[i].body, w.body):
			t.Errorf("object %s was %q and became %q", w.key, objects[i].body, w.body)
		}
	}
	return objects
}

func (b *bucket) text(t *testing.T) string {
	t.Helper()
	var all []string
	for _, o := range b.objects(t) {
		all = append(all, string(o.body))
	}
	return strings.Join(all, "|")
}

// picky refuses records that begin with "bad".
type picky struct{ destination.Destination }

func (p picky) Deliver(ctx context.Context, b *destination.Batch) ([]destination.Refusal, error) {
	taken := *b
	taken.Records = nil
	var refused []destination.Refusal
	for _, r := range b.Records {
		if bytes.HasPrefix(r.Data, []byte("bad")) {
			refused = append(refused, destination.Refusal{Record: r, Attempts: 1, Code: "400", Message: `{"type":"mapper_parsing_exception"}`,
				AttemptedAt: time.Now().UnixMilli(), DocumentID: record.SequenceNumber(b.Stream, r.Sequence) + ".0", IndexName: "web-2026-07-13"})
		} else {
			taken.Records = append(taken.Records, r)
		}
	}
	if len(taken.Records) > 0 {
		if _, err := p.Destination.Deliver(ctx, &taken); err != nil {
			return nil, err
		}
	}
	return refused, nil
}

// patient tries again an hour later, inside Deliver.
type patient struct{ destination.Destination }

func (p patient) Deliver(ctx context.Context, b *destination.Batch) ([]destination.Refusal, error) {
	attempts := destination.AttemptsOf(ctx)
	for {
		refused, err := p.Destination.Deliver(ctx, b)
		if err == nil {
			return refused, nil
		}
		attempts.Failed(err)
		select {
		case <-time.After(time.Hour):
		case <-attempts.Again:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// rig is one stream, its journal and its bucket.
type rig struct {
	journal journal.Journal
	stream  record.StreamID
	archive *bucket
	errors  *bucket
	opts    Options
}

const mebibyte = 1 << 20

// bucketNamed is one more bucket that objects may go to.
func (s *stage) bucketNamed(name string) destination.Destination {
	if s.buckets[name] == nil {
		s.buckets[name] = &bucket{}
	}
	return s3.New(s3.Options{Store: s.buckets[name], Bucket: name})
}

func newRig(t testing.TB, interval time.Duration) *rig {
	r := &rig{journal: memory.New(memory.Options{}), stream: record.StreamID{7}, archive: &bucket{}, errors: &bucket{}}
	prefix, err := objectkey.Parse("errors/")
	if err != nil {
		t.Fatal(err)
	}
	r.opts = Options{
		Journal: r.journal, Stream: r.stream, Name: "web", Cursor: Primary,
		ARN:         "arn:aws:firehose:us-east-1:000000000000:deliverystream/web",
		Config:      Config{Version: 3, BufferBytes: mebibyte, Interval: interval, Key: &objectkey.Namer{Stream: "web"}},
		Destination: s3.New(s3.Options{Store: r.archive, Bucket: "archive"}),
		Errors: &ErrorObjects{
			Objects: s3.New(s3.Options{Store: r.errors, Bucket: "errors"}),
			Key:     objectkey.Namer{Stream: "web", ErrorPrefix: prefix},
			Type:    "elasticsearch-failed",
		},
		Logger: slog.New(slog.DiscardHandler),
	}
	return r
}

// put appends one frame.
func (r *rig) put(t *testing.T, records ...string) {
	t.Helper()
	if err := r.tryPut(records...); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) tryPut(records ...string) error {
	var b record.Builder
	for _, data := range records {
		b.Append([]byte(data))
	}
	sealed, err := b.Seal()
	if err != nil {
		return err
	}
	var batch journal.Batch
	batch.Append(r.stream, sealed)
	_, err = journal.Put(r.journal, &batch)
	return err
}

// start runs a pipeline; stop ends it and returns what Run returned.
func (r *rig) start(t *testing.T) (p *Pipeline, stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	p = New(r.opts)
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	var once sync.Once
	var err error
	stop = func() error {
		once.Do(func() { cancel(); err = <-done })
		return err
	}
	t.Cleanup(func() { _ = stop() })
	return p, stop
}

var errKilled = errors.New("killed")
