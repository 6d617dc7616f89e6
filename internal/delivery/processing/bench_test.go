package processing

import (
	"context"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// benchRecord is a log line of about 250 bytes as the agent sends it.
const benchRecord = `{"host":"203.0.113.7","ident":null,"authuser":null,"datetime":"22/Nov/2026:10:00:00 +0000","request":"GET /product/1234?ref=\"home\" HTTP/1.1","response":"200","bytes":"5124","referer":"https://shop.example/","agent":"Mozilla/5.0 (X11; Linux x86_64)","customer":{"id":4711,"region":"eu"}}`

// BenchmarkSplitJSON reports time a sub-record.
func BenchmarkSplitJSON(b *testing.B) {
	data := []byte(strings.Repeat(benchRecord+"\n", 400))
	var parts [][]byte
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if parts, err = splitJSON(parts[:0], data); err != nil || len(parts) != 400 {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/400, "ns/record")
}

// BenchmarkExtract is a record's partition keys.
func BenchmarkExtract(b *testing.B) {
	for name, program := range map[string]string{
		"paths":    `{region: .customer.region, id: .customer.id}`,
		"computed": `{region: .customer.region, status: (.response | tonumber / 100 | floor), page: (.request | split(" ")[1])}`,
	} {
		b.Run(name, func(b *testing.B) {
			q, err := parseQuery(program)
			if err != nil {
				b.Fatal(err)
			}
			s := newSteps()
			b.SetBytes(int64(len(benchRecord)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := q.extract(s, []byte(benchRecord)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkFunction is the cost of talking to a function that answers at once.
func BenchmarkFunction(b *testing.B) {
	batch := &destination.Batch{Stream: record.StreamID{1}}
	for i := range 2000 {
		batch.Records = append(batch.Records, record.Record{Sequence: record.Sequence(i + 1), Data: []byte(benchRecord)})
	}
	echo := invoker(func(_ context.Context, payload []byte) ([]byte, error) {
		text := strings.ReplaceAll(string(payload[len(eventHead)+36:]), `"approximateArrivalTimestamp":0`, `"result":"Ok"`)
		return []byte("{" + text[strings.Index(text, `"records"`):]), nil
	})
	p, err := New(Options{StreamARN: streamARN, Region: "us-east-1", Lambda: &Lambda{ARN: lambdaARN}, Functions: echo})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		done, err := p.Process(context.Background(), batch)
		if err != nil || len(done.Records) != len(batch.Records) {
			b.Fatal(err, len(done.Records))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(batch.Records)), "ns/record")
}
