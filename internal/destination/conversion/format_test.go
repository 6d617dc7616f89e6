package conversion

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/destination/destinationtest"
	"github.com/millrace/millrace/internal/destination/s3"
	"github.com/millrace/millrace/internal/record"
)

var _ s3.Format = (*Format)(nil)

func hits(t testing.TB) Schema {
	s, err := ParseSchema("hits.yaml", []byte(`columns:
- {name: host, type: string}
- {name: request, type: string}
- {name: response, type: int}
- {name: bytes, type: bigint}
- {name: agent, type: string}
`))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func hit(i int) []byte {
	return fmt.Appendf(nil, `{"host":"10.%d.%d.%d","ident":null,"authuser":null,"datetime":"13/Jul/2026:14:%02d:%02d +0000","request":"GET /product/%d HTTP/1.1","response":"%d","bytes":"%d","referer":"https://shop.example/list/%d","agent":"Mozilla/5.0 (X11; Linux x86_64; rv:%d.0)"}`,
		i*7%256, i*13%256, i*31%256, i/60%60, i%60, i*7919%5000, 200+i%3*102, i*37%9000, i%90, 90+i%9)
}

func hitRecords(n int) (records []record.Record) {
	for i := range n {
		records = append(records, record.Record{Sequence: record.Sequence(i + 1), Data: hit(i)})
	}
	return records
}

func newFormat(t testing.TB, c Config) *Format {
	f, err := New(c, hits(t))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func encode(t testing.TB, f *Format, records []record.Record) []byte {
	body, refused, err := f.Encode(records)
	if err != nil || len(refused) > 0 {
		t.Fatalf("%v, %d refused: %+v", err, len(refused), refused[:min(1, len(refused))])
	}
	return body
}

// objects is an S3 in memory.
type objects struct {
	mu     sync.Mutex
	bodies map[string][]byte
	down   bool
}

func (o *objects) Put(ctx context.Context, _, key string, body []byte, _ http.Header) error {
	o.mu.Lock()
	down := o.down
	o.mu.Unlock()
	if down {
		<-ctx.Done()
		return ctx.Err()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.bodies[key] = bytes.Clone(body)
	return nil
}

// The format keeps what every destination promises.
func TestSuite(t *testing.T) {
	destinationtest.Run(t, func(t *testing.T) destinationtest.Target {
		schema, err := ParseSchema("n.yaml", []byte(`columns: [{name: n, type: int}]`))
		if err != nil {
			t.Fatal(err)
		}
		format, err := New(Config{}, schema)
		if err != nil {
			t.Fatal(err)
		}
		o := &objects{bodies: map[string][]byte{}}
		set := func(down bool) { o.mu.Lock(); o.down = down; o.mu.Unlock() }
		return destinationtest.Target{
			Destination: s3.New(s3.Options{Store: o, Bucket: "b", Format: format}),
			Key:         func(b *destination.Batch) string { return b.ID + format.Extension() },
			Good:        func(i int) []byte { return fmt.Appendf(nil, `{"n":%d}`, i) },
			Bad:         func(i int) []byte { return fmt.Appendf(nil, `{"n":"%d."}`, i) },
			Held: func(t *testing.T) (records [][]byte) {
				for _, key := range slices.Sorted(maps.Keys(o.bodies)) {
					for _, row := range readBack(t, o.bodies[key]) {
						records = append(records, []byte(row))
					}
				}
				return records
			},
			Down: func(*testing.T) func() { set(true); return func() { set(false) } },
		}
	})
}

// The same records are the same bytes, whoever else converts meanwhile and
// whatever was refused before.
func TestRepeatsAreTheSameBytes(t *testing.T) {
	f := newFormat(t, Config{Parquet: Parquet{Dictionary: true}})
	records := hitRecords(3000)
	want := encode(t, f, records)
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for range 3 {
				if _, refused, err := f.Encode([]record.Record{{Data: []byte(`{"response": "none"}`)}}); err != nil || len(refused) != 1 {
					t.Error(refused, err)
				}
				_ = encode(t, f, hitRecords(100*i+1))
				if !bytes.Equal(encode(t, f, records), want) {
					t.Error("a repeat wrote other bytes")
				}
			}
		})
	}
	group.Wait()
}

func TestParquetSettings(t *testing.T) {
	records := hitRecords(5000)
	for name, c := range map[string]struct {
		parquet Parquet
		shows   func(f *parquet.File, body []byte) bool
	}{
		"defaults": {Parquet{}, func(f *parquet.File, _ []byte) bool {
			c := f.Metadata().RowGroups[0].Columns[0].MetaData
			return c.Codec.String() == "SNAPPY" && len(f.RowGroups()) == 1 && c.DictionaryPageOffset == 0
		}},
		"gzip": {Parquet{Compression: "GZIP"}, func(f *parquet.File, _ []byte) bool {
			return f.Metadata().RowGroups[0].Columns[0].MetaData.Codec.String() == "GZIP"
		}},
		"uncompressed": {Parquet{Compression: "UNCOMPRESSED"}, func(f *parquet.File, body []byte) bool {
			return f.Metadata().RowGroups[0].Columns[0].MetaData.Codec.String() == "UNCOMPRESSED" && bytes.Contains(body, []byte("/product/4999 "))
		}},
		"dictionary": {Parquet{Dictionary: true}, func(f *parquet.File, _ []byte) bool {
			return f.Metadata().RowGroups[0].Columns[4].MetaData.DictionaryPageOffset > 0
		}},
		"pages": {Parquet{PageSizeBytes: 64 << 10}, func(f *parquet.File, _ []byte) bool {
			offsets, err := f.RowGroups()[0].ColumnChunks()[1].OffsetIndex()
			return err == nil && offsets.NumPages() > 1
		}},
		"V2": {Parquet{WriterVersion: "V2"}, func(f *parquet.File, _ []byte) bool { return pageKind(f) == "DATA_PAGE_V2" }},
		"V1": {Parquet{WriterVersion: "V1"}, func(f *parquet.File, _ []byte) bool { return pageKind(f) == "DATA_PAGE" }},
	} {
		t.Run(name, func(t *testing.T) {
			body := encode(t, newFormat(t, Config{Parquet: c.parquet}), records)
			f, err := parquet.OpenFile(bytes.NewReader(body), int64(len(body)))
			if err != nil {
				t.Fatal(err)
			}
			if f.NumRows() != int64(len(records)) || !c.shows(f, body) {
				t.Errorf("%d rows, %+v", f.NumRows(), f.Metadata().RowGroups)
			}
		})
	}
}

func pageKind(f *parquet.File) string {
	for _, s := range f.Metadata().RowGroups[0].Columns[0].MetaData.EncodingStats {
		return s.PageType.String()
	}
	return ""
}

// A row group is closed once it is full.
func TestRowGroups(t *testing.T) {
	f := newFormat(t, Config{})
	f.config.Parquet.BlockSizeBytes = 300 << 10
	body := encode(t, f, hitRecords(10_000))
	file, err := parquet.OpenFile(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(file.RowGroups()); n < 3 || file.NumRows() != 10_000 {
		t.Errorf("%d row groups, %d rows", n, file.NumRows())
	}
	if rows := readBack(t, body); !strings.Contains(rows[9999], `"request":"GET /product/2081 `) {
		t.Error(rows[9999])
	}
}

func TestNewRefuses(t *testing.T) {
	for want, c := range map[string]Config{
		"block size":                  {Parquet: Parquet{BlockSizeBytes: 1 << 20}},
		"page size":                   {Parquet: Parquet{PageSizeBytes: 1 << 10}},
		"padding":                     {Parquet: Parquet{MaxPaddingBytes: 1}},
		"writer version":              {Parquet: Parquet{WriterVersion: "V3"}},
		"Parquet compression \"LZO\"": {Parquet: Parquet{Compression: "LZO"}},
		"two deserializers":           {OpenX: &OpenX{}, Hive: &Hive{}},
		"timestamp format \"\"":       {Hive: &Hive{TimestampFormats: []string{""}}},
	} {
		if _, err := New(c, hits(t)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := New(Config{}, Schema{}); err == nil {
		t.Error("a schema without columns")
	}
}

// Every record is refused: there is no object.
func TestAllRefused(t *testing.T) {
	body, refused, err := newFormat(t, Config{}).Encode([]record.Record{{Data: []byte("x")}, {Data: []byte("[]")}})
	if body != nil || len(refused) != 2 || err != nil {
		t.Error(len(body), refused, err)
	}
}

func BenchmarkEncode(b *testing.B) {
	f := newFormat(b, Config{})
	records := hitRecords(20_000)
	size := 0
	for _, r := range records {
		size += len(r.Data)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		encode(b, f, records)
	}
}

// Wide and sparse tables, and records that are all refused, take no more memory
// than others: what is gathered is bounded by values, not by rows.
func TestGatheredValuesAreBounded(t *testing.T) {
	var schema Schema
	for i := range 2000 {
		schema.Columns = append(schema.Columns, Column{fmt.Sprintf("c%d", i), Type{Kind: String}})
	}
	f, err := New(Config{}, schema)
	if err != nil {
		t.Fatal(err)
	}
	s := newShredder(f.rules, f.columns)
	e := &encoder{shredder: s, file: f.config.Parquet.writer(io.Discard, f.node), blockBytes: defaultBlock}
	for i := range 3000 {
		if i%2 == 0 {
			if refused := s.add([]byte(`{"c0":"\u0041` + strings.Repeat("x", 1000) + `","c1":[}`)); refused == nil {
				t.Fatal("taken")
			}
		} else if refused := s.add([]byte(`{"c7":"x"}`)); refused != nil {
			t.Fatal(refused)
		}
		if err := e.writeFull(); err != nil {
			t.Fatal(err)
		}
		if s.values > pieceValues+len(schema.Columns) || len(s.text) > pieceBytes {
			t.Fatalf("%d values, %d bytes of text", s.values, len(s.text))
		}
	}
	if err := e.end(); err != nil || e.written != 1500 {
		t.Error(e.written, err)
	}
}

// FuzzType: whatever is read as a type is written so that it is read again.
func FuzzType(f *testing.F) {
	for _, seed := range []string{"int", "decimal(10,2)", "map<string,array<struct<a:varchar(3),b:date>>>", "struct<a:int", "char( 3 )"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, err := ParseType(text)
		if err != nil {
			return
		}
		if second, err := ParseType(first.String()); err != nil || second.String() != first.String() {
			t.Fatalf("%q is read as %s, which is read as %s: %v", text, first, second, err)
		}
	})
}
