package firehose

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/memory"
	"github.com/millrace/millrace/internal/record"
)

// A stream that an earlier version of this program has kept goes on: it delivers,
// takes updates, and is kept in today's format from then on.
func TestStreamOfFormat1(t *testing.T) {
	const kept = `{"format":1,"id":"<id>","name":"docs","arn":"arn:aws:firehose:eu-west-1:000000000000:deliverystream/docs",
		"region":"eu-west-1","status":"ACTIVE","version":1,"created_millis":1,"tags":[{"Key":"b","Value":"1"},{"Key":"a"}],
		"elasticsearch":{"RoleARN":"arn:aws:iam::000000000000:role/r","DomainARN":"arn:aws:es:eu-west-1:000000000000:domain/d",
		"IndexName":"web","IndexRotationPeriod":"OneDay","BufferingHints":{"IntervalInSeconds":300,"SizeInMBs":5},
		"RetryOptions":{"DurationInSeconds":300},"S3BackupMode":"FailedDocumentsOnly","S3Configuration":{"RoleARN":"arn:aws:iam::000000000000:role/r",
		"BucketARN":"arn:aws:s3:::errors","BufferingHints":{"SizeInMBs":5,"IntervalInSeconds":300},"CompressionFormat":"UNCOMPRESSED",
		"EncryptionConfiguration":{"NoEncryptionConfig":"NoEncryption"},"CloudWatchLoggingOptions":{"Enabled":false}},
		"ProcessingConfiguration":{"Enabled":false},"CloudWatchLoggingOptions":{"Enabled":false},"DocumentIdOptions":{"DefaultDocumentIdFormat":"NO_DOCUMENT_ID"}}}`
	j := memory.New(memory.Options{})
	id := record.NewStreamID()
	put := func(text string) {
		t.Helper()
		var b journal.Batch
		b.Set(streamKeys+"docs", []byte(strings.ReplaceAll(text, "<id>", id.String())))
		b.SetCursor(id, "delivery", 1)
		if _, err := journal.Put(j, &b); err != nil {
			t.Fatal(err)
		}
	}
	put(kept)
	r := openRig(t, j)
	if _, err := r.do("PutRecordBatch", batchBody("docs", `{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	if err := r.Flush(t.Context(), "docs"); err != nil || len(r.search.held) != 1 || !r.search.options.NoDocumentID {
		t.Fatalf("%v, held %q", err, r.search.held)
	}
	tags, err := r.do("ListTagsForDeliveryStream", `{"DeliveryStreamName":"docs","ExclusiveStartTagKey":"a"}`)
	if err != nil || tags != `{"Tags":[{"Key":"b","Value":"1"}],"HasMoreTags":false}` {
		t.Fatal(tags, err)
	}
	if _, err := r.do("UpdateDestination", `{"DeliveryStreamName":"docs","CurrentDeliveryStreamVersionId":"1","DestinationId":"destinationId-000000000001",
		"ElasticsearchDestinationUpdate":{"IndexName":"pages"}}`); err != nil {
		t.Fatal(err)
	}
	value, err := j.Get(streamKeys + "docs")
	if err != nil || !strings.HasPrefix(string(value), `{"format":2,`) || !strings.Contains(string(value), "NO_DOCUMENT_ID") {
		t.Fatalf("%s %v", value, err)
	}

	// what a later version has kept is refused, and named
	_ = r.Close()
	put(strings.Replace(kept, `"format":1`, `"format":3`, 1))
	_, err = Open(Options{Journal: j, Authorizer: r.roles, Archive: r.archive, Logger: slog.New(slog.DiscardHandler)})
	if err == nil || err.Error() != "load firehose/stream/docs: format 3, this program knows 1 to 2" {
		t.Fatal(err)
	}
}
