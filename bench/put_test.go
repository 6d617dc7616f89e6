package bench

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/millrace/millrace/bench/corpus"
	"github.com/millrace/millrace/bench/load"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/firehose"
	"github.com/millrace/millrace/internal/journal/memory"
	"github.com/millrace/millrace/internal/record"
)

// away is an archive that does not answer: deliveries wait for it and cost
// nothing.
type away struct{}

func (away) Put(ctx context.Context, _, _ string, _ []byte, _ http.Header) error {
	<-ctx.Done()
	return ctx.Err()
}

// everything is allowed to everybody.
type everything struct{}

func (everything) Authorize(context.Context, call.Identity, string, string) error { return nil }
func (everything) AuthorizeRole(context.Context, string, string, string) error    { return nil }

// BenchmarkPutRecordBatch is the operation behind the signature: the body of
// 500 records to a packed frame in a journal in memory, and the answer with the
// record ids. Plain Go reads the same body by encoding/json, base64 included,
// packs it in the same frame and answers by encoding/json. The scan of the body
// alone is BodyToFrame in internal/firehose.
func BenchmarkPutRecordBatch(b *testing.B) {
	c := newCorpus(b, corpus.Options{Records: load.BatchRecords})
	body := load.Body("web", c.Records).Bytes
	j := memory.New(memory.Options{RecentBytes: 1 << 20})
	s, err := firehose.Open(firehose.Options{Journal: j, Authorizer: everything{}, Archive: away{}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	do := func(operation, body string) error {
		for _, op := range s.JSONRPC().Operations {
			if op.Name == operation {
				_, err := op.Handle(b.Context(), &call.Call{Service: "firehose", Operation: operation, Region: "us-east-1", Body: []byte(body)})
				return err
			}
		}
		panic("BUG: no operation " + operation)
	}
	if err := do("CreateDeliveryStream", `{"DeliveryStreamName":"web","S3DestinationConfiguration":{"RoleARN":"arn:aws:iam::000000000000:role/r","BucketARN":"arn:aws:s3:::archive"}}`); err != nil {
		b.Fatal(err)
	}
	for s.Streams()[0].Status != "ACTIVE" {
		time.Sleep(time.Millisecond)
	}
	text := string(body)
	compare(b, "record",
		candidate{name: "millrace", units: load.BatchRecords, run: func() {
			if err := do("PutRecordBatch", text); err != nil {
				b.Fatal(err)
			}
		}},
		candidate{name: "plain", units: load.BatchRecords, run: func() {
			if err := plainPut(body); err != nil {
				b.Fatal(err)
			}
		}},
	)
}

func plainPut(body []byte) error {
	var in struct {
		DeliveryStreamName string
		Records            []struct{ Data []byte }
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return err
	}
	type entry struct{ RecordId string }
	out := struct {
		FailedPutCount   int
		RequestResponses []entry
	}{}
	var frame record.Builder
	id := make([]byte, 66)
	for i, r := range in.Records {
		frame.Append(r.Data)
		id[0], id[1] = byte(i), byte(i>>8)
		out.RequestResponses = append(out.RequestResponses, entry{base64.StdEncoding.EncodeToString(id)})
	}
	if _, err := frame.Seal(); err != nil {
		return err
	}
	_, err := json.Marshal(out)
	return err
}
