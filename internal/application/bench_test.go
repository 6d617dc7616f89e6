package application

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/application/applicationtest"
	"github.com/millrace/millrace/internal/application/input"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/memory"
	"github.com/millrace/millrace/internal/record"
)

const benchFrameRecords = 500

// benchConfig counts by a key of the given column in windows of ten seconds.
func benchConfig(key, sqlType string) Config {
	return Config{
		Name: "bench", Input: Input{Prefix: "S", ARN: applicationtest.ARN("in"), Schema: input.Schema{RowPath: "$", Columns: []input.Column{
			{Name: "host", SQLType: "VARCHAR(64)", Mapping: "$.host"}, {Name: "datetime", SQLType: "VARCHAR(32)", Mapping: "$.datetime"}, {Name: "request", SQLType: "VARCHAR(256)", Mapping: "$.request"},
			{Name: "response", SQLType: "INTEGER", Mapping: "$.response"}, {Name: "bytes", SQLType: "INTEGER", Mapping: "$.bytes"}, {Name: "agent", SQLType: "VARCHAR(256)", Mapping: "$.agent"},
		}}},
		Outputs: []Output{{Stream: "OUT", ARN: applicationtest.ARN("OUT")}},
		Code: fmt.Sprintf(`CREATE OR REPLACE STREAM "OUT" ("k" %s, "n" INTEGER, "at" TIMESTAMP);
			CREATE OR REPLACE PUMP "P" AS INSERT INTO "OUT"
			SELECT STREAM "%s", COUNT(*), STEP("S_001".ROWTIME BY INTERVAL '10' SECOND) FROM "S_001"
			GROUP BY "%s", STEP("S_001".ROWTIME BY INTERVAL '10' SECOND);`, sqlType, key, key),
	}
}

// benchFrames are access log records with 20 000 hosts and five statuses.
func benchFrames(b *testing.B) []*record.Sealed {
	var frames []*record.Sealed
	n := 0
	for range 40 {
		var builder record.Builder
		for range benchFrameRecords {
			builder.Data = fmt.Appendf(builder.Data, `{"host":"10.%d.%d.7","ident":"-","authuser":"-","datetime":"20/Nov/2019:10:%02d:%02d +0000","request":"GET /catalogue/item-%d.html HTTP/1.1","response":"%d","bytes":"%d","referer":"https://shop.example.com/list?page=%d","agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0"}`,
				n/250, n%250, n/60%60, n%60, n%100, 200+n%5, 1000+n*7, n%9)
			builder.End()
			n++
		}
		s, err := builder.Seal()
		if err != nil {
			b.Fatal(err)
		}
		frames = append(frames, s)
	}
	return frames
}

// BenchmarkTumblingCount is the application's own work: frames to rows, rows to
// windows, windows to records; a window closes every 100 000 records.
func BenchmarkTumblingCount(b *testing.B) {
	for _, c := range []struct{ name, key, sqlType string }{{"5 keys", "response", "INTEGER"}, {"20000 keys", "host", "VARCHAR(64)"}} {
		b.Run(c.name, func(b *testing.B) {
			config := benchConfig(c.key, c.sqlType)
			p, err := config.plan()
			if err != nil {
				b.Fatal(err)
			}
			a := &Application{plan: p, log: slog.New(slog.DiscardHandler)}
			a.sink = newSink(p, time.Now)
			a.engine = p.program.NewEngine(a.sink, a.opts.Limits)
			a.inputs = []*streamWatch{newStreamWatch("S_001", p.inputs[0].Columns, p.program.Needed("S_001"), time.Now)}
			a.reader = newFrames(p, a.push, a.mark, a.sink.Error)
			sealed := benchFrames(b)
			id, next := record.NewStreamID(), record.Sequence(1)
			b.ReportAllocs()
			rows := 0
			for n := 0; b.Loop(); n++ {
				f, _ := sealed[n%len(sealed)].Stamp(id, next, int64(n)*50)
				a.next = next
				a.frame(f)
				a.reader.flush()
				next = f.Next()
				for _, o := range a.sink.take() {
					rows += o.records.Count()
				}
			}
			if b.N > 500 && rows == 0 {
				b.Fatal("no window closed")
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*benchFrameRecords), "ns/record")
		})
	}
}

// BenchmarkApplication runs an application on a memory journal: frames are
// appended as fast as they are read, and steps committed.
func BenchmarkApplication(b *testing.B) {
	clock := int64(1577836800000)
	j := memory.New(memory.Options{Now: func() int64 { return clock }, RecentBytes: 64 << 20})
	streams := applicationtest.NewStreams(applicationtest.ARN("in"), applicationtest.ARN("OUT"))
	a, err := Start(context.Background(), Options{Journal: j, Streams: streams, Authorizer: applicationtest.Roles{}, Logger: slog.New(slog.DiscardHandler)},
		benchConfig("response", "INTEGER"), Now)
	if err != nil {
		b.Fatal(err)
	}
	defer a.Stop(context.Background())
	in, _ := streams.Stream(applicationtest.ARN("in"))
	sealed := benchFrames(b)
	for n := 0; b.Loop(); n++ {
		clock = max(clock, 1577836800000+int64(n)*50)
		batch := &journal.Batch{}
		batch.Append(in, sealed[n%len(sealed)])
		if _, err := journal.Put(j, batch); err != nil {
			b.Fatal(err)
		}
		if n%64 == 0 { // stay near the reader
			for a.lag() > 128*benchFrameRecords {
				time.Sleep(50 * time.Microsecond)
			}
			_ = j.Trim(in, j.Extent(in).Next-200*benchFrameRecords)
		}
	}
	for a.lag() > 0 {
		time.Sleep(50 * time.Microsecond)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*benchFrameRecords), "ns/record")
}

// lag is how many records the application has still to read.
func (a *Application) lag() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return int64(a.opts.Journal.Extent(a.input).Next) - int64(a.progress.next)
}
