package firehose

import (
	"testing"
	"time"

	"github.com/millrace/millrace/internal/journal/pebble"
	"github.com/millrace/millrace/internal/record"
)

// BenchmarkPutRecordBatch is the operation without HTTP and signature: body of
// 500 records to durable frame and answer, eight callers at once.
func BenchmarkPutRecordBatch(b *testing.B) {
	j, err := pebble.Open(pebble.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = j.Close() }()
	r := &rig{journal: j, archive: &archive{objects: map[string]string{}}, roles: &roles{denied: map[string]bool{}}}
	if r.Service, err = Open(Options{Journal: j, Authorizer: r.roles, Archive: r.archive, Logger: discard}); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if _, err := r.do("CreateDeliveryStream", `{"DeliveryStreamName":"web","S3DestinationConfiguration":{"RoleARN":"arn:aws:iam::000000000000:role/r","BucketARN":"arn:aws:s3:::archive"}}`); err != nil {
		b.Fatal(err)
	}
	st, err := r.lookup("web")
	if err != nil {
		b.Fatal(err)
	}
	for st.current().Status != active {
		time.Sleep(time.Millisecond)
	}
	body := string(benchmarkBody())
	b.SetParallelism(4)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := r.do("PutRecordBatch", body); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/500, "ns/record")
}

// BenchmarkOrigin is what the look for repeats adds to a batch of 500 records.
func BenchmarkOrigin(b *testing.B) {
	var s originState
	ranges := make([]record.Range, 500)
	for at := uint64(0); b.Loop(); {
		for i := range ranges {
			ranges[i] = record.Range{Start: at, End: at + 226}
			at += 226
		}
		if s.repeats(ranges) != nil {
			b.Fatal("a new record taken for a repeat")
		}
		s.ranges = s.with(ranges)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/500, "ns/record")
}
