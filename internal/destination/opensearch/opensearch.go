// Package opensearch delivers batches to OpenSearch or Elasticsearch through _bulk, as Firehose does.
//
//	records ──▶ documents with ids and index names ──▶ _bulk requests of at most 5 MiB
//	               │ not one JSON object                 │
//	               ▼                                     ▼ each document for itself
//	            refused            2xx, 409 on its own id: there · 400: refused · 401, 403, 404, 429, 5xx: again
//
// What is to be sent again waits with back-off inside the retry duration, which includes the first attempt; what is left
// at its end is refused. Ids come from sequence numbers, so a lost answer or a repeated batch doubles nothing.
package opensearch

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/millrace/millrace/internal/destination"
)

const (
	// DefaultRequestBytes bounds a _bulk request.
	DefaultRequestBytes = 5 << 20
	// DefaultRequestTimeout bounds one request with its answer.
	DefaultRequestTimeout = time.Minute

	firstPause = 250 * time.Millisecond
	longPause  = 30 * time.Second
)

// Options says where documents go and how.
type Options struct {
	Endpoint      string // http(s)://host[:port][/path]
	IndexName     string
	Rotation      Rotation
	TypeName      string        // of Elasticsearch 6 and older; empty for every server since
	Gzip          bool          // requests are compressed: worth it on a network
	NoDocumentID  bool          // the server makes the ids: a repeat then doubles documents
	RetryDuration time.Duration // from the first attempt on; 0 = a single attempt
	Credentials   Credentials   // nil = none
	// Deliverer is who the server knows the deliverer as: the ARN of a role, or a user. It is for the advice on how to let
	// it in. Domain is the search domain of this server that is meant, empty for the first one and for a cluster.
	Deliverer, Domain string

	RequestBytes   int           // 0 = DefaultRequestBytes
	RequestTimeout time.Duration // 0 = DefaultRequestTimeout
	Transport      http.RoundTripper
	Logger         *slog.Logger
}

// Destination delivers to one index family of one server.
type Destination struct {
	opts   Options
	client *Client
	logger *slog.Logger
}

var _ destination.Destination = (*Destination)(nil)

// New checks the options; it does not speak with the server.
func New(opts Options) (*Destination, error) {
	switch {
	case opts.IndexName == "":
		return nil, fmt.Errorf("search index name is empty")
	case opts.RetryDuration < 0:
		return nil, fmt.Errorf("search retry duration %v is negative", opts.RetryDuration)
	}
	if err := opts.Rotation.check(); err != nil {
		return nil, err
	}
	if opts.RequestBytes == 0 {
		opts.RequestBytes = DefaultRequestBytes
	}
	if opts.RequestTimeout == 0 {
		opts.RequestTimeout = DefaultRequestTimeout
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	client, err := NewClient(opts.Endpoint, opts.Credentials, opts.Transport, opts.RequestTimeout)
	if err != nil {
		return nil, err
	}
	return &Destination{opts: opts, client: client, logger: opts.Logger}, nil
}

// Deliver implements destination.Destination. Its only error is that ctx ended.
func (d *Destination) Deliver(ctx context.Context, b *destination.Batch) ([]destination.Refusal, error) {
	docs, refused := d.prepare(b)
	ended, left, err := d.bring(ctx, docs)
	if err != nil {
		return nil, err
	}
	if len(left) > 0 {
		d.logger.Warn("search does not take documents, giving them to the error output",
			"delivery_stream", b.Name, "documents", len(left), "code", left[0].code, "message", d.failure(left[0]).Message)
	}
	for _, doc := range slices.Concat(ended, left) {
		refused = append(refused, doc.refusal())
	}
	slices.SortFunc(refused, func(x, y destination.Refusal) int {
		return cmp.Or(cmp.Compare(x.Record.Sequence, y.Record.Sequence), cmp.Compare(x.Record.Sub, y.Record.Sub))
	})
	return refused, nil
}

// bring sends documents until each is taken or refused, or the retry duration is used up; left are those that are neither
// then. Its only error is that ctx ended.
func (d *Destination) bring(ctx context.Context, docs []*document) (refused, left []*document, err error) {
	began, attempts := time.Now(), destination.AttemptsOf(ctx)
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		round := d.send(ctx, docs, began.Add(d.opts.RetryDuration))
		refused = append(refused, round.refused...)
		if docs = round.again; len(docs) == 0 {
			return refused, nil, nil
		}
		if ctx.Err() != nil {
			return nil, nil, fmt.Errorf("deliver to search: %w", context.Cause(ctx))
		}
		rest := d.opts.RetryDuration - time.Since(began)
		if rest <= 0 {
			return refused, docs, nil
		}
		attempts.Failed(fmt.Errorf("search does not take documents: %w", d.failure(docs[0])))
		wait := min(pause/2+rand.N(pause), rest) // the last attempt is at the end of the duration
		if err := sleep(ctx, wait, attempts.Again); err != nil {
			return nil, nil, fmt.Errorf("deliver to search: %w", err)
		}
	}
}

func sleep(ctx context.Context, d time.Duration, again <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-again:
	case <-timer.C:
	}
	return nil
}
