//go:build unix

package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/firehose"
	"github.com/millrace/millrace/internal/journal/memory"
	"github.com/millrace/millrace/internal/record"
)

// originService is Firehose on a journal in memory, called as the edge does.
type originService struct {
	*firehose.Service
	journal *memory.Journal
}

// originTest is what *testing.T and *rapid.T share.
type originTest interface {
	Context() context.Context
	Cleanup(func())
	Fatal(args ...any)
}

// openOriginService opens the service and makes the streams.
func openOriginService(t originTest, j *memory.Journal, streams ...string) *originService {
	service, err := firehose.Open(firehose.Options{Journal: j, Authorizer: allowAll{}, Archive: nowhere{}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = service.Close() })
	s := &originService{service, j}
	for _, name := range streams {
		if err := s.call(call.Identity{}, "CreateDeliveryStream", "", fmt.Sprintf(`{"DeliveryStreamName":%q,"S3DestinationConfiguration":
			{"RoleARN":"arn:aws:iam::000000000000:role/r","BucketARN":"arn:aws:s3:::archive"}}`, name)); err != nil {
			t.Fatal(err)
		}
	}
	for slices.ContainsFunc(s.Streams(), func(st firehose.Status) bool { return st.Status != "ACTIVE" }) {
		time.Sleep(100 * time.Microsecond)
	}
	return s
}

func (s *originService) call(who call.Identity, operation, origin, body string) error {
	c := &call.Call{Identity: who, Service: "firehose", Operation: operation, Region: "us-east-1", Header: http.Header{}, Body: []byte(body)}
	if origin != "" {
		c.Header.Set(record.OriginHeader, origin)
	}
	for _, op := range s.JSONRPC().Operations {
		if op.Name == operation {
			_, err := op.Handle(context.Background(), c)
			return err
		}
	}
	return fmt.Errorf("no operation %s", operation)
}

func (s *originService) put(who call.Identity, stream string, from record.Origin, records ...string) error {
	var body strings.Builder
	for _, r := range records {
		fmt.Fprintf(&body, `,{"Data":%q}`, base64.StdEncoding.EncodeToString([]byte(r)))
	}
	return s.call(who, "PutRecordBatch", string(from.AppendHeader(nil)), fmt.Sprintf(`{"DeliveryStreamName":%q,"Records":[%s]}`, stream, body.String()[1:]))
}

// held is what the journal has of a stream, or had until it was delivered.
func (s *originService) held(t originTest, name string) (records []string) {
	for _, st := range s.Streams() {
		if st.Name != name {
			continue
		}
		reader := s.journal.Read(st.ID, 1)
		defer reader.Close()
		for at, end := record.Sequence(1), s.journal.Extent(st.ID).Next; at < end; {
			f, err := reader.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for r := range f.All(at) {
				records = append(records, string(r.Data))
			}
			at = f.Next()
		}
	}
	return records
}

// allowAll lets everybody do everything.
type allowAll struct{}

func (allowAll) Authorize(context.Context, call.Identity, string, string) error { return nil }
func (allowAll) AuthorizeRole(context.Context, string, string, string) error    { return nil }

// nowhere is an archive that is down: what was put stays in the journal.
type nowhere struct{}

func (nowhere) Put(context.Context, string, string, []byte, http.Header) error {
	return &record.Failure{Kind: record.Retryable, Code: "S3.ServiceUnavailable", Message: "S3 is down"}
}
