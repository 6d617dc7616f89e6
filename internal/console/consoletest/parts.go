package consoletest

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/console"
)

const code = `CREATE OR REPLACE STREAM "DESTINATION_SQL_STREAM" ("DATETIME" TIMESTAMP, STATUS INTEGER, STATUSCOUNT INTEGER, "@timestamp" VARCHAR(32));

CREATE OR REPLACE PUMP "STREAM_PUMP" AS INSERT INTO "DESTINATION_SQL_STREAM"
SELECT STREAM STEP("SOURCE_SQL_STREAM_001".ROWTIME BY INTERVAL '10' SECOND), "response", COUNT(*)
FROM "SOURCE_SQL_STREAM_001"
-- <script>window.hacked=1</script> is a comment here
GROUP BY "response", STEP("SOURCE_SQL_STREAM_001".ROWTIME BY INTERVAL '10' SECOND);
`

// Status is the scripted pipeline's.
func (f *Fake) Status(context.Context) (*console.Status, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &console.Status{
		At: f.now.UnixMilli(),
		Server: console.Server{
			Version: "0.0.0-fake", Region: "us-east-1", StartedAt: f.started.UnixMilli(), Edge: "http://127.0.0.1:4566", SearchURL: "http://127.0.0.1:9200",
			Dir: "/home/u/.local/share/millrace", JournalBytes: f.visits * 80, JournalQuota: 1 << 30,
		},
		Agents: []console.Flow{{
			Name: Flow, FilePattern: "/var/log/httpd/access_log*", DeliveryStream: Ingest, LinesRead: f.visits, RecordsSent: f.visits,
			LinesUnmatched: f.visits / 5000, GeneratorRate: float64(ratePerTick) * float64(time.Second/tick), LastSentAt: f.now.UnixMilli(), BytesBehind: 1150, MillisBehindNow: 120,
		}},
		DeliveryStreams: []console.DeliveryStream{f.ingest(), f.results()},
		Applications:    []console.Application{f.application()},
		Search: []console.SearchDomain{{
			Name: "status-codes", Endpoint: "127.0.0.1:9200",
			Indices: []console.Index{{Name: "analysed-logs-" + f.now.UTC().Format("2006-01-02"), Docs: int64(len(f.docs)), Bytes: int64(len(f.docs)) * 120}},
		}},
	}, nil
}

func (f *Fake) ingest() console.DeliveryStream {
	return console.DeliveryStream{
		Name: Ingest, ARN: arn("firehose", "deliverystream/"+Ingest), Status: "ACTIVE",
		Destination: console.Destination{Kind: "s3", Bucket: "status-codes-archive-1x2y3z", Prefix: "raw/"},
		RecordsIn:   f.visits, BytesIn: f.visits * 230, RecordsOut: f.visits - f.inBuffer, BytesOut: (f.visits - f.inBuffer) * 230,
		Buffer: console.Buffer{
			Records: f.inBuffer, Bytes: f.inBuffer * 230, SizeBytes: 1 << 17, IntervalMs: 5000, AgeMs: f.now.Sub(f.flushed).Milliseconds(),
			NextFlushAt: f.flushed.Add(5 * time.Second).UnixMilli(),
		},
		FreshnessMs: f.now.Sub(f.flushed).Milliseconds(), LastObjects: f.objects,
	}
}

func (f *Fake) results() console.DeliveryStream {
	return console.DeliveryStream{
		Name: Results, ARN: arn("firehose", "deliverystream/"+Results), Status: "ACTIVE",
		Destination: console.Destination{Kind: "opensearch", Domain: "status-codes", Index: "analysed-logs", Bucket: "status-codes-errors-1x2y3z"},
		RecordsIn:   f.indexed, BytesIn: f.indexed * 90, RecordsOut: f.indexed, BytesOut: f.indexed * 90, RecordsRefused: f.indexed / 200,
		Buffer:    console.Buffer{SizeBytes: 1 << 20, IntervalMs: 1000},
		LastError: f.failure,
	}
}

func (f *Fake) application() console.Application {
	a := console.Application{
		Name: Application, ARN: arn("kinesisanalytics", "application/"+Application), Status: "RUNNING", Version: 2,
		Inputs:             []console.ApplicationInput{{DeliveryStream: Ingest, Streams: []string{Source}}},
		Outputs:            []console.ApplicationOutput{{Stream: Destination, DeliveryStream: Results}},
		MillisBehindLatest: 40,
	}
	for _, name := range []string{Source, Destination, Errors} {
		a.Streams = append(a.Streams, f.streams[name].AppStream)
	}
	return a
}

func arn(service, resource string) string {
	return "arn:aws:" + service + ":us-east-1:" + call.AccountID + ":" + resource
}

// Application describes the one there is.
func (f *Fake) Application(_ context.Context, name string) (*console.ApplicationDetail, error) {
	if name != Application {
		return nil, fmt.Errorf("application %q: %w", name, console.ErrNotFound)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return &console.ApplicationDetail{Application: f.application(), Code: code}, nil
}

// Subscribe gives the kept rows, then those to come.
func (f *Fake) Subscribe(application, name string, deliver func(console.RowBatch)) (func(), error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.streams[name]
	if application != Application || s == nil {
		return nil, fmt.Errorf("in-application stream %q of application %q: %w", name, application, console.ErrNotFound)
	}
	id := s.nextID
	s.nextID++
	s.watchers[id] = deliver
	deliver(console.RowBatch{Columns: s.Columns, Rows: append([]console.Row(nil), s.kept[max(0, len(s.kept)-100):]...)})
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(s.watchers, id)
	}, nil
}

// Watchers is how many subscribe to a stream now.
func (f *Fake) Watchers(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.streams[name].watchers)
}

// Flush seals the buffer of the ingest stream.
func (f *Fake) Flush(_ context.Context, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if name != Ingest && name != Results {
		return fmt.Errorf("delivery stream %q: %w", name, console.ErrNotFound)
	}
	f.flushes = append(f.flushes, name)
	if name == Ingest {
		f.seal()
	}
	return nil
}

// Flushes are the streams that were flushed, in order.
func (f *Fake) Flushes() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.flushes...)
}

// Tap gives the rows of app/NAME/STREAM.
func (f *Fake) Tap(ctx context.Context, where string) (iter.Seq2[[]byte, error], error) {
	parts := strings.Split(where, "/")
	if parts[0] != "app" || len(parts) != 3 {
		return nil, fmt.Errorf("where %q: only app/NAME/STREAM is scripted: %w", where, console.ErrInvalid)
	}
	rows := make(chan []byte, 10_000)
	stop, err := f.Subscribe(parts[1], parts[2], func(b console.RowBatch) {
		for _, r := range b.Rows {
			select {
			case rows <- r.Record:
			default:
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return func(yield func([]byte, error) bool) {
		defer stop()
		for {
			select {
			case <-ctx.Done():
				return
			case line := <-rows:
				if !yield(line, nil) {
					return
				}
			}
		}
	}, nil
}

func (f *Fake) shutdown() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.downs++
}

// Shutdowns is how often the end was asked for.
func (f *Fake) Shutdowns() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.downs
}
