package s3

import (
	"fmt"
	"testing"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// logBatch holds about n bytes of records as an agent makes them of an access
// log: each is a little different from the one before it.
func logBatch(n int) *destination.Batch {
	b := &destination.Batch{ID: "0e0f3a2c-7d53-4cf4-9a55-6b7d3c2f1a00", Key: "logs"}
	for i, size := 0, 0; size < n; i++ {
		data := fmt.Appendf(nil, `{"host":"10.%d.%d.%d","ident":null,"authuser":"user%d","datetime":"13/Jul/2026:14:%02d:%02d +0000","request":"GET /product/%d?ref=%x HTTP/1.1","response":"%d","bytes":"%d","referer":"https://shop.example/list/%d","agent":"Mozilla/5.0 (X11; Linux x86_64; rv:%d.0)"}`,
			i*7%256, i*13%256, i*31%256, i*17%1000, i/60%60, i%60, i*7919%5000, i*2654435761, 200+i%3*102, i*37%9000, i%90, 90+i%9)
		b.Records = append(b.Records, record.Record{Sequence: record.Sequence(i + 1), Data: data})
		size += len(data)
	}
	return b
}

func BenchmarkRender(b *testing.B) {
	batch := logBatch(5 << 20)
	for _, compression := range []Compression{Uncompressed, GZIP, ZIP, Snappy, HadoopSnappy} {
		b.Run(fmt.Sprint(compression), func(b *testing.B) {
			d := New(Options{Compression: compression, Delimiter: "\n"})
			b.SetBytes(int64(batch.Bytes()))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := d.render(batch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
