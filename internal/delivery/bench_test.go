package delivery

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/millrace/millrace/internal/delivery/objectkey"
	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// counting takes everything, after a while.
type counting struct {
	takes time.Duration
	bytes atomic.Int64
}

func (c *counting) Deliver(ctx context.Context, b *destination.Batch) ([]destination.Refusal, error) {
	if c.takes > 0 {
		time.Sleep(c.takes)
	}
	c.bytes.Add(int64(b.Bytes()))
	return nil, nil
}

// What a pipeline costs a record (takes 0), and how fast it drains a backlog
// into a destination that takes 20 ms an object.
func BenchmarkDrain(b *testing.B) {
	for _, parallel := range []int{1, 4} {
		for _, takes := range []time.Duration{0, 20 * time.Millisecond} {
			b.Run(fmt.Sprintf("parallel=%d/takes=%v", parallel, takes), func(b *testing.B) { drain(b, parallel, takes) })
		}
	}
}

func drain(b *testing.B, parallel int, takes time.Duration) {
	const records, frames = 500, 200
	r := newRig(b, time.Hour)
	to := &counting{takes: takes}
	r.opts.Destination, r.opts.Parallel = to, parallel
	frame := make([]string, records)
	for i := range frame {
		frame[i] = strings.Repeat("x", 250)
	}
	for range frames {
		if err := r.tryPut(frame...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.SetBytes(250 * records * frames)
	for i := 0; b.Loop(); i++ {
		r.opts.Cursor = fmt.Sprint("bench", i)
		p := New(r.opts)
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- p.Run(ctx) }()
		if err := p.Flush(ctx); err != nil {
			b.Fatal(err)
		}
		cancel()
		<-ended
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*records*frames), "ns/record")
}

// What dynamic partitioning costs a record, processing aside.
func BenchmarkPartition(b *testing.B) {
	prefix, err := objectkey.Parse("c=!{partitionKeyFromQuery:c}/!{timestamp:yyyy/MM/dd}/")
	if err != nil {
		b.Fatal(err)
	}
	const records = 20_000
	var result destination.Processed
	source := make([]record.Record, records)
	for i := range source {
		source[i] = record.Record{Sequence: record.Sequence(i + 1), Data: []byte("x")}
		result.Partitions = append(result.Partitions, destination.Partition{Query: map[string]string{"c": fmt.Sprint(i % 300)}})
	}
	result.Records = source
	b.ReportAllocs()
	for b.Loop() {
		f := newFlight(sealed{ID: uuid.New()}, &objectkey.Namer{Stream: "web", Prefix: prefix})
		f.batch = &destination.Batch{Records: source}
		if f.partition(result, DefaultMaxPartitions); len(f.parcels) != 300 {
			b.Fatal(len(f.parcels))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*records), "ns/record")
}
