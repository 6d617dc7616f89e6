package httpendpoint

import (
	"encoding/json"
	"io"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// The body that is written as it is sent is the JSON of the contract, of the length that was announced.
func TestBody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := &request{id: "4a1c", at: rapid.Int64Range(0, 1<<45).Draw(t, "at")}
		want := Body{RequestID: r.id, Timestamp: r.at}
		for range rapid.IntRange(1, 30).Draw(t, "records") {
			data := rapid.SliceOfN(rapid.Byte(), 0, rapid.SampledFrom([]int{3, 100, 60_000}).Draw(t, "most")).Draw(t, "data")
			r.records = append(r.records, record.Record{Data: data})
			want.Records = append(want.Records, struct {
				Data []byte `json:"data"`
			}{data})
		}
		var in io.Reader = r.plain()
		if rapid.Bool().Draw(t, "slowly") {
			in = iotest.HalfReader(in)
		}
		got, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(text) || int64(len(got)) != r.plainBytes() {
			t.Fatalf("%d bytes announced\n got %.300s\nwant %.300s", r.plainBytes(), got, text)
		}
	})
}

// A batch is cut into requests of at most 10 000 records and 64 MiB, whose ids differ and do not change.
func TestCut(t *testing.T) {
	d, err := New(Options{URL: "https://endpoint.example"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ records, bytes, want int }{
		"one record": {1, 1_024_000, 1}, "10 000": {10_000, 10, 1}, "10 001": {10_001, 10, 2}, "many": {35_000, 1, 4},
		"64 MB":            {64, 1_024_000, 2},       // more than 64 MiB in base64
		"just 64 MiB":      {64, 786_400, 1},         // 64 × 1 048 536 of base64
		"a record too big": {1, MaxBodyBytes + 1, 1}, // it goes alone: the endpoint says what it thinks of it
	} {
		b := batchOf()
		data := make([]byte, c.bytes)
		for i := range c.records {
			b.Records = append(b.Records, record.Record{Sequence: record.Sequence(i + 1), Data: data})
		}
		var ids []string
		for range 2 {
			for records := b.Records; len(records) > 0; {
				n := fitting(records)
				r, err := d.request(b, records[:n])
				if err != nil {
					t.Fatal(err)
				}
				if n > MaxRecords || n > 1 && r.plainBytes() > MaxBodyBytes {
					t.Errorf("%s: request of %d records, %d bytes", name, n, r.plainBytes())
				}
				ids, records = append(ids, r.id), records[n:]
			}
		}
		seen := map[string]bool{}
		for i, id := range ids {
			seen[id] = true
			if id != ids[i%c.want] {
				t.Errorf("%s: the repeat's request %d has another id", name, i)
			}
		}
		if len(ids) != 2*c.want || len(seen) != c.want || (c.want == 1) != (ids[0] == b.ID) {
			t.Errorf("%s: %d requests, want %d", name, len(ids)/2, c.want)
		}
	}
}

func BenchmarkBody(b *testing.B) {
	data := make([]byte, 250)
	batch := &destination.Batch{ID: "6b1f1b0a-53c0-45a0-a6b5-0d1fbb3e6f40"}
	for range 4000 {
		batch.Records = append(batch.Records, record.Record{Data: data})
	}
	d, err := New(Options{URL: "https://endpoint.example"})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(batch.Bytes()))
	b.ReportAllocs()
	for b.Loop() {
		r, err := d.request(batch, batch.Records)
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, r.plain()); err != nil || n != r.plainBytes() {
			b.Fatal(n, err)
		}
	}
}
