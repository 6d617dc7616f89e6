package processing

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/destination"
)

func TestNewRefuses(t *testing.T) {
	f := &fakeFunction{}
	for want, opts := range map[string]Options{
		`SubRecordType "XML": want JSON or DELIMITED`:                 {Deaggregate: &Deaggregation{SubRecordType: "XML"}},
		"SubRecordType DELIMITED needs a Delimiter":                   {Deaggregate: &Deaggregation{SubRecordType: "DELIMITED"}},
		"the processor Lambda needs a LambdaArn":                      {Lambda: &Lambda{}, Functions: f},
		"there is no way to call functions here":                      {Lambda: &Lambda{ARN: lambdaARN}},
		"NumberOfRetries -1: must not be negative":                    {Lambda: &Lambda{ARN: lambdaARN, Retries: -1}, Functions: f},
		"MetadataExtractionQuery: not a jq program: unexpected token": {MetadataQuery: "{a: }"},
	} {
		if _, err := New(opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// TestQueries reads testdata/queries.txt: a query, then its keys or why it is
// refused.
func TestQueries(t *testing.T) {
	const path = "testdata/queries.txt"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for i := 0; i < len(lines); i++ {
		out = append(out, lines[i])
		if lines[i] == "" || lines[i][0] == '#' {
			continue
		}
		names, err := QueryKeys(lines[i])
		got := "= " + strings.Join(names, " ")
		if err != nil {
			got = "! " + err.Error()
		}
		want := ""
		if i+1 < len(lines) && (strings.HasPrefix(lines[i+1], "=") || strings.HasPrefix(lines[i+1], "!")) {
			want, i = lines[i+1], i+1
		}
		if got != want && !*rewrite {
			t.Errorf("%s\ngot  %s\nwant %s", lines[i], got, want)
		}
		out = append(out, got)
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(strings.Join(out, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := QueryKeys("{a: " + strings.Repeat(" ", maxQueryBytes) + ".a}"); err == nil {
		t.Error("a long query was taken")
	}
}

// A record of more sub-records than Firehose splits goes on whole.
func TestTooManySubRecords(t *testing.T) {
	for _, d := range []Deaggregation{{SubRecordType: SubRecordJSON}, {SubRecordType: SubRecordDelimited, Delimiter: []byte("\n")}} {
		p, err := New(Options{Deaggregate: &d})
		if err != nil {
			t.Fatal(err)
		}
		for n, want := range map[int]int{maxSubRecords: maxSubRecords, maxSubRecords + 1: 1} {
			whole := strings.Repeat("{}\n", n)
			done, err := p.Process(context.Background(), batch(whole))
			if err != nil || len(done.Records) != want || len(done.Refusals) != 0 {
				t.Errorf("%s: %d of %d sub-records, %v", d.SubRecordType, len(done.Records), n, err)
			}
			if want == 1 && string(done.Records[0].Data) != whole {
				t.Errorf("%s: record was changed", d.SubRecordType)
			}
		}
	}
}

// What decompression makes is bounded for a record and for a batch; the others
// go on.
func TestGzipBombs(t *testing.T) {
	object := func(n int) []byte { return []byte(`{"a":"` + strings.Repeat("x", n) + `"}`) }
	dense, thin, over := zipped(object(freeBytes-100)), zipped(object(2*freeBytes)), zipped(object(maxRecordBytes))
	if ratio := freeBytes / len(dense); ratio < 2*maxRatio {
		t.Fatalf("ratio %d: not dense", ratio)
	}
	p := func(batchBytes int) *Processor {
		return &Processor{stages: []stage{decompression{batchBytes: batchBytes}}}
	}
	for name, c := range map[string]struct {
		limit  int
		record []byte
		ok     bool
	}{
		"dense and small":      {maxBatchBytes, dense, true},
		"dense and large":      {maxBatchBytes, thin, false},
		"above the limit":      {maxBatchBytes, over, false},
		"too much for a batch": {freeBytes / 2, dense, false},
	} {
		b := &destination.Batch{Records: batch(string(c.record), string(zipped([]byte("{}")))).Records}
		done, err := p(c.limit).Process(context.Background(), b)
		if err != nil {
			t.Fatal(err)
		}
		if want := map[bool]int{true: 2, false: 1}[c.ok]; len(done.Records) != want || len(done.Records)+len(done.Refusals) != 2 {
			t.Errorf("%s: %d records, %+v", name, len(done.Records), done.Refusals)
		}
	}
	if Compressed([]byte(`{"a":1}`)) || Compressed(nil) || !Compressed(dense) {
		t.Error("what is compressed is not recognised")
	}
}

// A query's memory and time are bounded by its steps and its record's size.
func TestQueryLimits(t *testing.T) {
	q, err := parseQuery("{a: ([.. | numbers] | add | tostring)}")
	if err != nil {
		t.Fatal(err)
	}
	s := newSteps()
	for range 2 { // what one record used up is not taken from the next
		if keys, err := q.extract(s, []byte(`{"a":[1,2,[3]]}`)); err != nil || keys["a"] != "6" {
			t.Errorf("%v %v", keys, err)
		}
		if _, err := q.extract(s, []byte("["+strings.Repeat("1,", 100_000)+"1]")); err == nil || !strings.Contains(err.Error(), "steps") {
			t.Errorf("long: %v", err)
		}
	}
	if _, err := q.extract(s, bytes.Repeat([]byte(" "), maxQueriedBytes+1)); err == nil || !strings.Contains(err.Error(), "can be queried") {
		t.Errorf("large: %v", err)
	}
}

// A record that breaks the jq machine is refused like any other.
func TestBrokenMachine(t *testing.T) {
	q := &query{reads: members{all: true}} // without a program
	if _, err := q.extract(newSteps(), []byte("{}")); err == nil || !strings.Contains(err.Error(), "the query breaks on the record") {
		t.Error(err)
	}
}

// Every stage looks up when it is to stop.
func TestStopBetweenStages(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	for _, opts := range []Options{{Decompress: true}, {ExtractMessages: true}, {Deaggregate: &Deaggregation{SubRecordType: "JSON"}}, {MetadataQuery: "{a}"}} {
		p, err := New(opts)
		if err != nil {
			t.Fatal(err)
		}
		if done, err := p.Process(ctx, batch("{}")); !errors.Is(err, context.Canceled) || len(done.Records)+len(done.Refusals) > 0 {
			t.Errorf("%+v %v", done, err)
		}
	}
}

// A panic while a function is called comes to whoever called Process, who can contain it; on a goroutine of its own it
// would end the server.
func TestPanicOfAnInvocation(t *testing.T) {
	p := withFunction(t, Lambda{BufferBytes: 1}, invoker(func(context.Context, []byte) ([]byte, error) { panic("odd") }))
	defer func() {
		if v := recover(); v != "odd" {
			t.Errorf("recovered %v", v)
		}
	}()
	_, err := p.Process(t.Context(), batch("a", "b", "c"))
	t.Errorf("no panic, %v", err)
}
