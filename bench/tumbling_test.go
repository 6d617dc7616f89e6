package bench

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace/millrace/bench/corpus"
	"github.com/millrace/millrace/internal/application"
	"github.com/millrace/millrace/internal/application/applicationtest"
	"github.com/millrace/millrace/internal/application/input"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/memory"
	"github.com/millrace/millrace/internal/record"
)

const frameRecords = 500

// BenchmarkTumbling is a running application on a journal in memory: frames of
// JSON records to the rows of a tumbling window that counts by host where the
// status makes sense, written back as JSON records; host is the first of nine
// members and the status the sixth. A slice is a window: 120 000 records, or
// 1.2 million with 600 000 hosts. Plain Go reads the records by encoding/json,
// counts in a map and writes the map's entries by encoding/json.
func BenchmarkTumbling(b *testing.B) {
	for _, t := range []struct{ keys, records int }{{16, 120_000}, {20_000, 120_000}, {600_000, 1_200_000}} {
		b.Run(fmt.Sprintf("keys=%d", t.keys), func(b *testing.B) {
			c := newCorpus(b, corpus.Options{Records: t.records, Hosts: t.keys})
			a := startCounting(b, c.Records)
			a.pack()
			a.window() // a slice writes the rows of the window before
			plain := func() {
				if err := plainCount(c.Records); err != nil {
					b.Fatal(err)
				}
			}
			compare(b, "record",
				candidate{name: "millrace", units: t.records, before: a.pack, run: a.window, whole: true},
				candidate{name: "plain", units: t.records, run: plain, whole: true},
			)
			a.check(b, distinctHosts(b, c.Records))
		})
	}
}

// counting is an application that counts by host, and its journal.
type counting struct {
	*application.Application
	journal *memory.Journal
	streams *applicationtest.Streams
	source  [][]byte
	frames  []*record.Sealed
	clock   atomic.Int64
	windows int
	records int64
}

func startCounting(b *testing.B, records [][]byte) *counting {
	c := &counting{source: records, streams: applicationtest.NewStreams(applicationtest.ARN("in"), applicationtest.ARN("OUT"))}
	c.clock.Store(1_796_000_000_000)
	c.journal = memory.New(memory.Options{Now: c.clock.Load, RecentBytes: 1 << 30})
	var err error
	c.Application, err = application.Start(b.Context(), application.Options{
		Journal: c.journal, Streams: c.streams, Authorizer: applicationtest.Roles{}, Logger: slog.New(slog.DiscardHandler),
		SnapshotInterval: time.Hour,
	}, countByHost, application.Now)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Stop(b.Context()) })
	<-c.Ready()
	return c
}

var countByHost = application.Config{
	Name: "bench", Input: application.Input{Prefix: "S", ARN: applicationtest.ARN("in"), Schema: input.Schema{RowPath: "$", Columns: []input.Column{
		{Name: "host", SQLType: "VARCHAR(64)", Mapping: "$.host"}, {Name: "datetime", SQLType: "VARCHAR(32)", Mapping: "$.datetime"},
		{Name: "response", SQLType: "INTEGER", Mapping: "$.response"}, {Name: "bytes", SQLType: "INTEGER", Mapping: "$.bytes"},
	}}},
	Outputs: []application.Output{{Stream: "OUT", ARN: applicationtest.ARN("OUT")}},
	Code: `CREATE OR REPLACE STREAM "OUT" ("at" TIMESTAMP, "host" VARCHAR(64), "n" INTEGER);
		CREATE OR REPLACE PUMP "P" AS INSERT INTO "OUT"
		SELECT STREAM STEP("S_001".ROWTIME BY INTERVAL '10' SECOND), "host", COUNT(*) FROM "S_001" WHERE "response" < 600
		GROUP BY "host", STEP("S_001".ROWTIME BY INTERVAL '10' SECOND);`,
}

// pack makes the frames of a window, which the journal takes with it.
func (c *counting) pack() {
	for i := 0; i < len(c.source); i += frameRecords {
		var builder record.Builder
		for _, r := range c.source[i : i+frameRecords] {
			builder.Append(r)
		}
		sealed, err := builder.Seal()
		if err != nil {
			panic(err)
		}
		c.frames = append(c.frames, sealed)
	}
}

// window puts a window's frames and waits until they are counted and the
// window before is written. It is over when the next one begins.
func (c *counting) window() {
	in, _ := c.streams.Stream(applicationtest.ARN("in"))
	for _, sealed := range c.frames {
		var batch journal.Batch
		batch.Append(in, sealed)
		if _, err := journal.Put(c.journal, &batch); err != nil {
			panic(err)
		}
		c.records += frameRecords
	}
	c.frames = c.frames[:0]
	for c.Status().Records < c.records {
		time.Sleep(100 * time.Microsecond)
	}
	out, _ := c.streams.Stream(applicationtest.ARN("OUT"))
	for _, id := range []record.StreamID{in, out} {
		_ = c.journal.Trim(id, c.journal.Extent(id).Next)
	}
	c.windows++
	c.clock.Add(10_000)
}

// check closes the last window and counts all rows: every window has one of
// each host.
func (c *counting) check(b *testing.B, hosts int) {
	want := int64(c.windows) * int64(hosts)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		got := int64(-1)
		for _, s := range c.Status().Streams {
			if s.Name == "OUT" {
				got = s.Rows
			}
		}
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			b.Fatalf("%d rows of %d windows, want %d: %s", got, c.windows, want, c.Status().LastError)
		}
		c.clock.Add(1000)
	}
}

func distinctHosts(b *testing.B, records [][]byte) int {
	hosts := map[string]bool{}
	for _, r := range records {
		var row struct{ Host string }
		if err := json.Unmarshal(r, &row); err != nil {
			b.Fatal(err)
		}
		hosts[row.Host] = true
	}
	return len(hosts)
}

func plainCount(records [][]byte) error {
	counts := map[string]int{}
	for _, r := range records {
		var row struct{ Host, Response string }
		if err := json.Unmarshal(r, &row); err != nil {
			return err
		}
		if status, err := strconv.Atoi(row.Response); err != nil || status >= 600 {
			continue
		}
		counts[row.Host]++
	}
	var out []byte
	for host, n := range counts {
		row, err := json.Marshal(struct {
			At   time.Time `json:"at"`
			Host string    `json:"host"`
			N    int       `json:"n"`
		}{time.Time{}, host, n})
		if err != nil {
			return err
		}
		out = append(append(out, row...), '\n')
	}
	return nil
}
