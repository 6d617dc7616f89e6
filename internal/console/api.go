// Package console serves the pages on which people watch the pipeline, and the
// API behind them, which the commands of the program use as well.
//
//	browser, CLI ── Host, Origin, token ──▶ /api/v1 ──▶ small interfaces ──▶ agents, streams, applications, search
//
// The console knows none of the parts: this file declares what it asks of them,
// in plain data whose JSON is the API's. Times are milliseconds since the epoch,
// durations milliseconds, sizes bytes; counters count since the server started
// and never decrease while it runs, so that a reader computes rates himself.
package console

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
)

// ErrNotFound is what an implementation wraps when the thing that a request
// names does not exist: the API answers 404 with the error's text.
var ErrNotFound = errors.New("not found")

// ErrInvalid is what an implementation wraps when a request makes no sense to
// it, such as a WHERE that names no stage: the API answers 400.
var ErrInvalid = errors.New("invalid request")

// Path tells how the pipeline is doing. Calls are made at most twice a second
// however many people watch.
type Path interface {
	Status(ctx context.Context) (*Status, error)
	// Application returns what is too long for Status; ErrNotFound without one.
	Application(ctx context.Context, name string) (*ApplicationDetail, error)
}

// Rows gives the rows of in-application streams as they come.
type Rows interface {
	// Subscribe calls deliver with the newest rows that are kept of the stream
	// (at most once, possibly none) and then with every batch of new rows, one
	// call at a time, until cancel is called. deliver never blocks and keeps
	// what it is given: the batch is not changed afterwards.
	Subscribe(application, stream string, deliver func(RowBatch)) (cancel func(), err error)
}

// Search sends a request to the search endpoint with the server's credentials.
// The domain is a name of Status.Search, empty for the first one; path starts
// with a slash and is escaped. An error means that no answer came: a refusal by
// the search server is an answer.
type Search interface {
	Do(ctx context.Context, domain, method, path string, body []byte) (status int, answer []byte, err error)
}

// Flusher delivers what a delivery stream holds in its buffer, without waiting
// for its size or interval. It returns once the buffer is sealed; an empty
// buffer is no error.
type Flusher interface {
	Flush(ctx context.Context, stream string) error
}

// Tapper gives what passes a stage, as JSON objects without line ends. WHERE is
// agent/FLOW, stream/NAME, app/NAME/STREAM or delivery/NAME, globs allowed. The
// sequence ends with ctx, with an error that is its last element, or when the
// stage is gone.
type Tapper interface {
	Tap(ctx context.Context, where string) (iter.Seq2[[]byte, error], error)
}

// Status is the pipeline at one moment. What is connected to what follows from
// the names: a flow's delivery stream, an application's inputs and outputs, a
// delivery stream's destination.
type Status struct {
	At              int64            `json:"at"`
	Server          Server           `json:"server"`
	Agents          []Flow           `json:"agents"`
	DeliveryStreams []DeliveryStream `json:"delivery_streams"`
	Applications    []Application    `json:"applications"`
	Search          []SearchDomain   `json:"search"`
}

// Server is the process and where its other doors are.
type Server struct {
	Version   string `json:"version"`
	Region    string `json:"region"`
	StartedAt int64  `json:"started_at"`
	Edge      string `json:"edge"`
	SearchURL string `json:"search_url"`
	Dir       string `json:"dir"`
	// JournalBytes are used of JournalQuota; zero quota means no limit.
	JournalBytes int64 `json:"journal_bytes"`
	JournalQuota int64 `json:"journal_quota"`
}

// Failure is the newest trouble of a part. It stays readable after it is over.
type Failure struct {
	Message string `json:"message"`
	At      int64  `json:"at"`
	// Current is true while the trouble lasts, e.g. as long as S3 is down.
	Current bool `json:"current"`
}

// Flow is one flow of an agent that this server runs.
type Flow struct {
	Name            string   `json:"name"`
	FilePattern     string   `json:"file_pattern"`
	DeliveryStream  string   `json:"delivery_stream"`
	LinesRead       int64    `json:"lines_read"`
	RecordsSent     int64    `json:"records_sent"`
	RecordsFailed   int64    `json:"records_failed"` // answers that made the agent send again
	RecordsDropped  int64    `json:"records_dropped"`
	LinesUnmatched  int64    `json:"lines_unmatched"` // lines that are not of the format
	BytesBehind     int64    `json:"bytes_behind"`    // of the files, not yet acknowledged
	Files           []string `json:"files"`
	GeneratorRate   float64  `json:"generator_rate"` // lines a second written into it by the generator, 0 without one
	LastSentAt      int64    `json:"last_sent_at"`
	LastError       *Failure `json:"last_error,omitempty"`
	MillisBehindNow int64    `json:"millis_behind"` // age of the oldest line not yet acknowledged
}

// DeliveryStream is a delivery stream, its buffer and its destination.
type DeliveryStream struct {
	Name            string      `json:"name"`
	ARN             string      `json:"arn"`
	Status          string      `json:"status"` // as AWS names it: CREATING, ACTIVE …
	Destination     Destination `json:"destination"`
	RecordsIn       int64       `json:"records_in"`
	BytesIn         int64       `json:"bytes_in"`
	RecordsOut      int64       `json:"records_out"`
	BytesOut        int64       `json:"bytes_out"`
	RecordsRefused  int64       `json:"records_refused"`   // delivered to the error output instead
	PutsRefused     int64       `json:"puts_refused"`      // records that a full journal or the stream's limits refused
	RecordsDropped  int64       `json:"records_dropped"`   // on purpose by a function, or given up after their retention
	ObjectsUnderWay int64       `json:"objects_under_way"` // sealed and not delivered
	// Breaker is "closed", or "open" or "half-open" while a destination fails.
	Breaker string `json:"breaker"`
	// BackupError is the trouble of the backup of source records, where there is one.
	BackupError *Failure       `json:"backup_error,omitempty"`
	Buffer      Buffer         `json:"buffer"`
	FreshnessMs int64          `json:"freshness_ms"` // age of the oldest record not yet delivered
	LastObjects []ObjectRecord `json:"last_objects"` // newest first
	LastError   *Failure       `json:"last_error,omitempty"`
}

// Destination is where a stream delivers to.
type Destination struct {
	Kind         string `json:"kind"`   // "s3", "opensearch", "http"
	Bucket       string `json:"bucket"` // the archive, or of another destination the error bucket
	Prefix       string `json:"prefix"`
	Domain       string `json:"domain"`        // name or endpoint, search only
	Index        string `json:"index"`         // before rotation, search only
	Endpoint     string `json:"endpoint"`      // address, HTTP endpoints only
	Function     string `json:"function"`      // ARN of the function that processes records; empty without one
	BackupBucket string `json:"backup_bucket"` // of all source records; empty without a backup
}

// Buffer is what has been accepted and not been sealed for delivery.
type Buffer struct {
	Records    int64 `json:"records"`
	Bytes      int64 `json:"bytes"`
	SizeBytes  int64 `json:"size_bytes"`  // buffering hint
	IntervalMs int64 `json:"interval_ms"` // buffering hint
	AgeMs      int64 `json:"age_ms"`      // of its first record
	// NextFlushAt is when the interval ends; 0 while the buffer is empty.
	NextFlushAt int64 `json:"next_flush_at"`
	// Delivering is true while a sealed buffer is on its way.
	Delivering bool `json:"delivering"`
}

// ObjectRecord is one thing delivered: an S3 object, or one bulk into an index.
type ObjectRecord struct {
	Key     string `json:"key"` // bucket/key, or the index
	At      int64  `json:"at"`
	Records int64  `json:"records"`
	Bytes   int64  `json:"bytes"`
	Refused int64  `json:"refused"`
}

// Application is an analytics application.
type Application struct {
	Name               string              `json:"name"`
	ARN                string              `json:"arn"`
	Status             string              `json:"status"` // READY, STARTING, RUNNING …
	Version            int64               `json:"version"`
	Inputs             []ApplicationInput  `json:"inputs"`
	Outputs            []ApplicationOutput `json:"outputs"`
	Streams            []AppStream         `json:"streams"` // error_stream among them
	MillisBehindLatest int64               `json:"millis_behind_latest"`
	LastError          *Failure            `json:"last_error,omitempty"`
}

// ApplicationInput names the delivery stream that fills in-application streams.
type ApplicationInput struct {
	DeliveryStream string   `json:"delivery_stream"`
	Streams        []string `json:"streams"`
}

// ApplicationOutput names the delivery stream that an in-application stream fills.
type ApplicationOutput struct {
	Stream         string `json:"stream"`
	DeliveryStream string `json:"delivery_stream"`
}

// AppStream is an in-application stream with its counters.
type AppStream struct {
	Name      string   `json:"name"`
	Columns   []Column `json:"columns"`
	Rows      int64    `json:"rows"`
	LastRowAt int64    `json:"last_row_at"` // ROWTIME of its newest row, 0 before the first
}

// Column is a column of an in-application stream, its type in SQL's words.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// ApplicationDetail is an application with its code.
type ApplicationDetail struct {
	Application
	Code string `json:"code"`
}

// SearchDomain is a search domain and what it holds.
type SearchDomain struct {
	Name      string   `json:"name"`
	Endpoint  string   `json:"endpoint"`
	Indices   []Index  `json:"indices"`
	LastError *Failure `json:"last_error,omitempty"`
}

// Index is one index of a domain.
type Index struct {
	Name  string `json:"name"`
	Docs  int64  `json:"docs"`
	Bytes int64  `json:"bytes"`
}

// RowBatch is rows of one in-application stream in order.
type RowBatch struct {
	Columns []Column `json:"columns"`
	Rows    []Row    `json:"rows"`
	// Skipped rows were not given to this subscriber between the batch before
	// and this one. Those that were kept at Subscribe and are too old do not count.
	Skipped int64 `json:"skipped"`
}

// Row is a row as the stream's outputs write it: a JSON object by column name.
type Row struct {
	RowTime int64           `json:"rowtime"`
	Record  json.RawMessage `json:"record"`
}
