// Package httpendpoint delivers batches to an HTTP endpoint as Firehose does: JSON of base64 records, which the
// endpoint takes by an answer that names the request.
//
//	batch ──▶ requests of at most 10 000 records and 64 MiB, each with an id derived from the batch's
//	            │ 200, application/json, {"requestId": the same, "timestamp": a number}      taken
//	            │ 413                                                                        halved; one record alone: refused
//	            └ anything else, or no answer within three minutes                           again, 1 s ×2 to 120 s
//
// What an endpoint has not taken when the retry duration is used up is refused. A repeat of a batch, also after a
// restart, makes the same requests with the same ids, by which an endpoint tells repeats.
//
// Firehose drops what an endpoint answers with 413. Here no record is lost silently: the request is sent again in
// halves, and a record that is too large alone goes to the error output.
package httpendpoint

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/outbound"
	"github.com/millrace/millrace/internal/record"
)

const (
	// MaxRecords and MaxBodyBytes (before compression) bound a request.
	MaxRecords   = 10_000
	MaxBodyBytes = 64 << 20
	// DefaultRequestTimeout bounds one request with its answer.
	DefaultRequestTimeout = 3 * time.Minute

	idleConnections = 4

	firstPause = time.Second
	longPause  = 2 * time.Minute
)

// Attribute is one of the static values that go with every request.
type Attribute struct{ Name, Value string }

// Options says where records go and how.
type Options struct {
	// URL of the endpoint: https, or http on this machine.
	URL string
	// AccessKey goes to the endpoint in a header, and nowhere else. Empty sends none.
	AccessKey        string
	SourceARN        string // of the delivery stream
	CommonAttributes []Attribute
	GZIP             bool
	// Retry is how long is waited between attempts in all, after the first one has failed; the time that attempts
	// themselves take does not count. 0 = a single attempt.
	Retry time.Duration

	RequestTimeout time.Duration     // 0 = DefaultRequestTimeout
	Transport      http.RoundTripper // nil = outbound's
	Logger         *slog.Logger
}

// Destination delivers to one endpoint.
type Destination struct {
	opts       Options
	header     http.Header // of every request, but for its id
	client     *http.Client
	logger     *slog.Logger
	compressor sync.Pool // of *gzip.Writer
}

var _ destination.Destination = (*Destination)(nil)

// New checks the options; it does not speak with the endpoint. Its errors do not show the access key.
func New(opts Options) (*Destination, error) {
	u, err := url.Parse(opts.URL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("HTTP endpoint URL cannot be read") // the parser's error would show a key in the query
	case u.User != nil || u.Fragment != "":
		return nil, fmt.Errorf("HTTP endpoint %s: want no user and no fragment", place(u))
	case u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !outbound.IsLoopback(u.Hostname())):
		return nil, fmt.Errorf("HTTP endpoint %s: want https://host", place(u))
	case opts.Retry < 0:
		return nil, fmt.Errorf("HTTP endpoint %s: retry duration %v is negative", place(u), opts.Retry)
	case strings.ContainsFunc(opts.AccessKey, unicode.IsControl):
		return nil, fmt.Errorf("HTTP endpoint %s: the access key has characters that a header cannot hold", place(u))
	}
	if opts.RequestTimeout == 0 {
		opts.RequestTimeout = DefaultRequestTimeout
	}
	if opts.Transport == nil {
		opts.Transport = outbound.NewTransport(idleConnections)
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	d := &Destination{opts: opts, header: opts.header(), logger: opts.Logger.With("endpoint", place(u))}
	d.client = &http.Client{Transport: opts.Transport,
		// A redirect would carry records and the access key to a place that nobody configured.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return d, nil
}

// place is what of an endpoint's address may be shown: its query may hold a key.
func place(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// Deliver implements destination.Destination. Its only error is that ctx ended.
func (d *Destination) Deliver(ctx context.Context, b *destination.Batch) ([]destination.Refusal, error) {
	var refused []destination.Refusal
	for records := b.Records; len(records) > 0; {
		n := fitting(records)
		more, err := d.deliver(ctx, b, records[:n])
		if err != nil {
			return nil, fmt.Errorf("deliver to HTTP endpoint: %w", err)
		}
		refused, records = append(refused, more...), records[n:]
	}
	return refused, nil
}

// deliver sends records as one request until it is taken or the retry duration is used up. A request that is too large
// is delivered in halves.
func (d *Destination) deliver(ctx context.Context, b *destination.Batch, records []record.Record) ([]destination.Refusal, error) {
	r, err := d.request(b, records)
	if err != nil {
		return nil, err
	}
	defer r.release()
	attempts, left := destination.AttemptsOf(ctx), d.opts.Retry
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		f := d.attempt(ctx, r)
		switch {
		case f == nil:
			return nil, nil
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case f.tooLarge && len(records) > 1:
			return d.halves(ctx, b, records)
		case f.tooLarge || left <= 0:
			d.logger.Warn("HTTP endpoint does not take records, giving them to the error output",
				"delivery_stream", b.Name, "records", len(records), "request_id", r.id, "code", f.Code, "message", f.Message)
			return r.refuse(b, f), nil
		}
		attempts.Failed(fmt.Errorf("HTTP endpoint does not take records: %w", f.Failure))
		wait := min(destination.Jitter(pause), left) // the last attempt is at the end of the duration
		waited, err := sleep(ctx, wait, attempts.Again)
		if err != nil {
			return nil, err
		}
		left -= waited
	}
}

func (d *Destination) halves(ctx context.Context, b *destination.Batch, records []record.Record) ([]destination.Refusal, error) {
	half := len(records) / 2
	first, err := d.deliver(ctx, b, records[:half])
	if err != nil {
		return nil, err
	}
	second, err := d.deliver(ctx, b, records[half:])
	return slices.Concat(first, second), err
}

// sleep returns how long it has waited.
func sleep(ctx context.Context, d time.Duration, again <-chan struct{}) (time.Duration, error) {
	began, timer := time.Now(), time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	case <-again:
		return time.Since(began), nil
	case <-timer.C:
		return d, nil
	}
}

// hideKey takes the access key out of a text that an endpoint wrote.
func (d *Destination) hideKey(text string) string {
	if d.opts.AccessKey == "" {
		return text
	}
	return strings.ReplaceAll(text, d.opts.AccessKey, "(access key)")
}
