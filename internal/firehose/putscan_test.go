package firehose

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/aws/jsonrpc"
	"github.com/millrace/millrace/internal/record"
)

// strict reads a batch the way a surprise is read.
func strict(body []byte) (name string, records [][]byte, err error) {
	var in putRecordBatchInput
	if err := jsonrpc.Decode(body, &in); err != nil {
		return "", nil, err
	}
	if err := check(&in); err != nil {
		return "", nil, err
	}
	total := 0
	for _, r := range in.Records {
		records = append(records, *r.Data)
		total += len(*r.Data)
	}
	if total > maxBatchBytes {
		return "", nil, errBatchTooLarge()
	}
	return *in.DeliveryStreamName, records, nil
}

// What the scanner takes, the strict way takes alike.
func FuzzScanBatch(f *testing.F) {
	for _, seed := range []string{
		`{"DeliveryStreamName":"web","Records":[{"Data":"YQ=="},{"Data":""}]}`,
		"{ \"Records\" : [\t{ \"Data\" : \"YWI=\" }\r\n,{\"Data\":\"YWJj\"} ] , \"DeliveryStreamName\":\"w.e-b_\" } ",
		`{"DeliveryStreamName":"web","Records":[{"Data":"YQ=\n="}]}`,
		"{\"DeliveryStreamName\":\"web\",\"Records\":[{\"Data\":\"YWJj\n\n\n\nYWJj\"}]}",
		`{"DeliveryStreamName":"web","DeliveryStreamName":"bew","Records":[{"Data":"YQ=="}]}`,
		`{"DeliveryStreamName":"web","Records":[{"Data":"YQ==","Data":"Yg=="}]}`,
		`{"DeliveryStreamName":"web","Records":[{"data":"YQ=="}]}`,
		`{"DeliveryStreamName":"web","Records":[{"Data":"YR=="},{"Data":"YWJ="}]}`,
		`{"DeliveryStreamName":"web","Records":[{"Data":"===="}]}`,
		`{"DeliveryStreamName":"web","Records":[{"Data":"YQ=="}]}}`,
		`{"DeliveryStreamName":"web","Records":[]}`,
		`{"DeliveryStreamName":"web","Records":[{"Data":"` + strings.Repeat("YWJj", 30) + `"}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var b record.Builder
		name, ok := scanBatch(body, &b)
		if !ok {
			return
		}
		wantName, want, err := strict(body)
		if err != nil {
			t.Fatalf("taken, but: %v", err)
		}
		if string(name) != wantName || b.Count() != len(want) {
			t.Fatalf("%q with %d records, want %q with %d", name, b.Count(), wantName, len(want))
		}
		for i := range want {
			if !bytes.Equal(b.Record(i), want[i]) {
				t.Fatalf("record %d is %q, want %q", i, b.Record(i), want[i])
			}
		}
	})
}

func FuzzScanRecord(f *testing.F) {
	f.Add([]byte(`{"DeliveryStreamName":"web","Record":{"Data":"YQ=="}}`))
	f.Add([]byte(`{"Record":{"Data":"YWJjZA=="} , "DeliveryStreamName":"web"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var b record.Builder
		name, ok := scanRecord(body, &b)
		if !ok {
			return
		}
		var in putRecordInput
		if err := jsonrpc.Decode(body, &in); err != nil {
			t.Fatalf("taken, but: %v", err)
		}
		if err := check(&in); err != nil {
			t.Fatalf("taken, but: %v", err)
		}
		if string(name) != *in.DeliveryStreamName || !bytes.Equal(b.Record(0), *in.Record.Data) || b.Count() != 1 {
			t.Fatalf("%q %q, want %q %q", name, b.Record(0), *in.DeliveryStreamName, *in.Record.Data)
		}
	})
}

// Every client's way of writing a batch goes the fast way.
func TestUsualBodiesAreScanned(t *testing.T) {
	for client, body := range map[string]string{
		"aws-sdk-go": `{"DeliveryStreamName":"web","Records":[{"Data":"YQ=="},{"Data":"YWI="}]}`,
		"botocore":   `{"DeliveryStreamName": "web", "Records": [{"Data": "YQ=="}, {"Data": "YWI="}]}`,
		"name last":  `{"Records":[{"Data":"YQ=="},{"Data":"YWI="}],"DeliveryStreamName":"web"}`,
		"pretty":     "{\n  \"DeliveryStreamName\": \"web\",\n  \"Records\": [\n    {\n      \"Data\": \"YQ==\"\n    },\n    {\n      \"Data\": \"YWI=\"\n    }\n  ]\n}\n",
	} {
		var b record.Builder
		if name, ok := scanBatch([]byte(body), &b); !ok || string(name) != "web" || b.Count() != 2 || string(b.Record(1)) != "ab" {
			t.Errorf("%s: %q %t %q", client, name, ok, b.Data)
		}
	}
}

// The limits lie where AWS has them.
func TestLimits(t *testing.T) {
	body := func(sizes ...int) []byte {
		var records []string
		for _, n := range sizes {
			records = append(records, `{"Data":"`+base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), n))+`"}`)
		}
		return []byte(`{"DeliveryStreamName":"web","Records":[` + strings.Join(records, ",") + `]}`)
	}
	many := func(n, size int) []int {
		sizes := make([]int, n)
		for i := range sizes {
			sizes[i] = size
		}
		return sizes
	}
	for _, tc := range []struct {
		name  string
		sizes []int
		ok    bool
	}{
		{"one record of the largest size", []int{1_024_000}, true},
		{"one byte more", []int{1_024_001}, false},
		{"500 records", many(500, 3), true},
		{"501 records", many(501, 3), false},
		{"4 MiB", []int{1_000_000, 1_000_000, 1_000_000, 1_000_000, 194_304}, true},
		{"one byte more", []int{1_000_000, 1_000_000, 1_000_000, 1_000_000, 194_305}, false},
	} {
		var b record.Builder
		if _, fast := scanBatch(body(tc.sizes...), &b); fast != tc.ok {
			t.Errorf("%s: taken the fast way: %t", tc.name, fast)
		}
		if _, _, err := strict(body(tc.sizes...)); (err == nil) != tc.ok {
			t.Errorf("%s: the strict way says %v", tc.name, err)
		}
	}
}

// benchmarkBody is a full batch of access-log lines as JSON, 292 bytes each.
func benchmarkBody() []byte {
	var records []string
	for i := range 500 {
		line := fmt.Sprintf(`{"host":"203.0.113.%d","ident":"-","authuser":"-","datetime":"13/Jul/2026:14:%02d:%02d +0000","request":"GET /catalogue/item-%05d?ref=home HTTP/1.1","response":"200","bytes":"%d","referer":"https://shop.example/home","agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"}`,
			i%256, i%60, i*7%60, i*31, 1000+i*13)
		records = append(records, `{"Data":"`+base64.StdEncoding.EncodeToString([]byte(line))+`"}`)
	}
	return []byte(`{"DeliveryStreamName":"web","Records":[` + strings.Join(records, ",") + `]}`)
}

func BenchmarkBodyToFrame(b *testing.B) {
	body := benchmarkBody()
	// A server has as much: in a heap of nothing but this, collecting garbage would
	// be half of what is measured.
	heap := make([]byte, 64<<20)
	defer runtime.KeepAlive(heap)
	perRecord := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/500, "ns/record")
	}
	b.Run("scan", func(b *testing.B) {
		b.ReportAllocs()
		var builder record.Builder
		for b.Loop() {
			builder.Data = nil // belongs to the frame before
			builder.Reset()
			if _, ok := scanBatch(body, &builder); !ok {
				b.Fatal("surprise")
			}
		}
		perRecord(b)
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var in struct {
				DeliveryStreamName string
				Records            []struct{ Data []byte }
			}
			if err := json.Unmarshal(body, &in); err != nil {
				b.Fatal(err)
			}
		}
		perRecord(b)
	})
	b.Run("scan-and-seal", func(b *testing.B) {
		b.ReportAllocs()
		var builder record.Builder
		for b.Loop() {
			builder.Reset()
			scanBatch(body, &builder)
			if _, err := builder.Seal(); err != nil {
				b.Fatal(err)
			}
		}
		perRecord(b)
	})
}

func BenchmarkRecordID(b *testing.B) {
	ids := newRecordIDs(record.StreamID{1})
	out := make([]byte, 0, 100)
	for i := 0; b.Loop(); i++ {
		out = ids.append(out[:0], uint64(i))
	}
}

// A list that is too long is told by its length, not by each of its members.
func TestEndlessListGetsAShortAnswer(t *testing.T) {
	body := `{"DeliveryStreamName":"web","Records":[` + strings.Repeat(`{},`, 10_000) + `{}]}`
	_, err := readBatch([]byte(body), new(record.Builder))
	if err == nil || err.Error() != "ValidationException: 1 validation error detected: Value at 'records' failed to satisfy constraint: "+
		"Member must have length less than or equal to 500" {
		t.Errorf("%.300s", err)
	}
}
