package processing

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// place is where a record, or a part of one, came from.
type place struct {
	seq record.Sequence
	sub int
}

// Whatever the producers sent and the function does: every record ends at the
// destination, in the error output, or is dropped, each of its parts exactly
// once; nothing appears that was not sent; order is kept.
func TestEveryRecordEndsOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := batch(rapid.SliceOfN(rapid.SampledFrom([]string{"", "x", `{"a":1}`, `{"a":1}{"a":""}`, `{"a":"b"} {"c":1}` + "\n", "a,b,,c", `[1]`, "GET /",
			strings.Repeat(`{"a":1}`, 3), string(zipped([]byte(`{"messageType":"DATA_MESSAGE","logEvents":[{"message":"{\"a\":1}"},{"message":"m"}]}`))),
			string(zipped([]byte(`{"a":7}`))), strings.Repeat("{}", maxSubRecords+1)}), 1, 12).Draw(rt, "records")...)
		opts := Options{StreamARN: streamARN, Functions: randomFunction{rt},
			Decompress: rapid.Bool().Draw(rt, "decompress"), ExtractMessages: rapid.Bool().Draw(rt, "extract")}
		split := rapid.SampledFrom([]*Deaggregation{nil, {SubRecordType: SubRecordJSON}, {SubRecordType: SubRecordDelimited, Delimiter: []byte(",")}})
		opts.Deaggregate = split.Draw(rt, "deaggregate")
		// what goes into the function is known by running the stages before it
		before, err := New(opts)
		if err != nil {
			rt.Fatal(err)
		}
		parts, err := before.Process(context.Background(), b)
		if err != nil {
			rt.Fatal(err)
		}
		checkParts(rt, b, parts)
		if rapid.Bool().Draw(rt, "lambda") {
			opts.Lambda = &Lambda{ARN: lambdaARN, Retries: rapid.IntRange(0, 2).Draw(rt, "retries"), BufferBytes: rapid.IntRange(1, 40).Draw(rt, "buffer")}
		}
		if rapid.Bool().Draw(rt, "query") {
			opts.MetadataQuery = "{a}"
		}
		p, err := New(opts)
		if err != nil {
			rt.Fatal(err)
		}
		var done destination.Processed
		synctest.Test(t, func(*testing.T) { done, err = p.Process(context.Background(), b) })
		if err != nil {
			rt.Fatal(err)
		}
		checkOutcome(rt, opts, parts, done)
	})
}

// checkParts holds the splitting against the batch.
func checkParts(rt *rapid.T, b *destination.Batch, parts destination.Processed) {
	seen := map[record.Sequence]int{}
	for i, r := range parts.Records {
		if r.Sub != seen[r.Sequence] {
			rt.Fatalf("record %d.%d after %d parts", r.Sequence, r.Sub, seen[r.Sequence])
		}
		seen[r.Sequence]++
		if i > 0 && parts.Records[i-1].Sequence > r.Sequence {
			rt.Fatal("order is lost")
		}
	}
	for _, r := range parts.Refusals {
		if seen[r.Record.Sequence]++; seen[r.Record.Sequence] != 1 {
			rt.Fatalf("record %d is refused and goes on", r.Record.Sequence)
		}
	}
	if len(seen) != len(b.Records) {
		rt.Fatalf("%d of %d records", len(seen), len(b.Records))
	}
}

func checkOutcome(rt *rapid.T, opts Options, parts, done destination.Processed) {
	known, ended := map[place]bool{}, map[place]bool{}
	for _, r := range parts.Records {
		known[place{r.Sequence, r.Sub}] = true
	}
	for _, r := range parts.Refusals {
		known[place{r.Record.Sequence, r.Record.Sub}] = true
	}
	end := func(r record.Record) {
		at := place{r.Sequence, r.Sub}
		if !known[at] || ended[at] {
			rt.Fatalf("record %d.%d ends twice or was never there", at.seq, at.sub)
		}
		ended[at] = true
	}
	last := place{}
	for _, r := range done.Records {
		end(r)
		if r.Sequence < last.seq || r.Sequence == last.seq && r.Sub <= last.sub {
			rt.Fatal("order is lost")
		}
		last = place{r.Sequence, r.Sub}
	}
	for _, r := range done.Refusals {
		end(r.Record)
		if r.Type == "" || r.Code == "" || r.Message == "" || r.Attempts < 1 {
			rt.Fatalf("refusal without a word: %+v", r)
		}
	}
	if len(ended)+done.Dropped != len(known) {
		rt.Fatalf("%d parts: %d records, %d refusals, %d dropped", len(known), len(done.Records), len(done.Refusals), done.Dropped)
	}
	if want := opts.Lambda != nil || opts.MetadataQuery != ""; want != (done.Partitions != nil) || want && len(done.Partitions) != len(done.Records) {
		rt.Fatalf("%d partitions of %d records", len(done.Partitions), len(done.Records))
	}
}

// randomFunction does anything that a function may do.
type randomFunction struct{ rt *rapid.T }

func (f randomFunction) Invoke(_ context.Context, _ string, payload []byte) ([]byte, error) {
	// what it does follows from the event alone: parts are invoked at once
	sum := 0
	for _, c := range payload[len(eventHead)+36:] {
		sum += int(c)
	}
	if sum%7 == 0 {
		return nil, errors.New("boom")
	}
	var event struct {
		Records []struct{ RecordID, Data string }
	}
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, err
	}
	var rows []string
	for i, r := range event.Records {
		switch (sum + i) % 11 {
		case 0:
			continue
		case 1:
			rows = append(rows, fmt.Sprintf(`{"recordId":%q,"result":"Dropped"}`, r.RecordID))
		case 2:
			rows = append(rows, fmt.Sprintf(`{"recordId":%q,"result":"ProcessingFailed","data":%q}`, r.RecordID, r.Data))
		case 3:
			rows = append(rows, fmt.Sprintf(`{"recordId":%q,"result":"Ok"}`, r.RecordID))
		case 4:
			rows = append(rows, fmt.Sprintf(`{"recordId":%q,"result":"Ok","data":%q}`, event.Records[0].RecordID, r.Data))
		default:
			rows = append(rows, fmt.Sprintf(`{"recordId":%q,"result":"Ok","data":%q,"metadata":{"partitionKeys":{"k":"v"}}}`, r.RecordID, r.Data))
		}
	}
	return []byte(`{"records":[` + strings.Join(rows, ",") + `]}`), nil
}

// FuzzSplitJSON holds the splitter against encoding/json's decoder.
func FuzzSplitJSON(f *testing.F) {
	for _, s := range []string{"", " ", `{}`, `{"a":"}"}{"b":[{}]}`, "{\"a\":1}\n{\"a\":2}\r\n\t", `[{}]`, `{}1`, `{"a":"\\\""}{}`, `{"a":tru}`, `{]`, `{"a":"`, `{}}`, "{\"\x00\":1}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if validJSON(data) != json.Valid(data) {
			t.Fatalf("%q: valid %v", data, validJSON(data))
		}
		want, ok := decodeObjects(data)
		got, err := splitJSON(nil, data)
		if (err == nil) != ok {
			t.Fatalf("%q: decoder %v, %v", data, ok, err)
		}
		if err != nil || len(want) > maxSubRecords && len(got) == 0 {
			return
		}
		if len(got) != len(want) {
			t.Fatalf("%q: %d objects, want %d", data, len(got), len(want))
		}
		for i := range got {
			if !bytes.Equal(got[i], want[i]) {
				t.Fatalf("%q: object %d is %q, want %q", data, i, got[i], want[i])
			}
		}
	})
}

func decodeObjects(data []byte) (objects [][]byte, ok bool) {
	d := json.NewDecoder(bytes.NewReader(data))
	for {
		var raw json.RawMessage
		err := d.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return objects, true
		}
		if err != nil || raw[0] != '{' {
			return nil, len(objects) > maxSubRecords // the splitter does not look that far
		}
		objects = append(objects, raw)
	}
}

// FuzzParseAnswer: whatever a function says, its records are refused or each has
// a word of the contract.
func FuzzParseAnswer(f *testing.F) {
	for _, s := range []string{"", "null", "[]", "{}", `{"records":[]}`, `{"records":[null]}`, `{"records":[{"recordId":"1","result":"Ok","data":"YQ=="}]}`,
		`{"records":[{"recordId":"1","result":"Dropped","data":null},{"recordId":"1","result":"Ok"}]}`,
		`{"records":[{"recordId":"1","result":"Ok","data":"YQ==","metadata":{"partitionKeys":{"a":"b","c":1,"d":null,"e":{}}}}]}`,
		`{"records":[{"recordId":1,"result":[],"data":{},"metadata":[]}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := parseAnswer(text, 1)
		if err != nil {
			if why := failureOf(err); !strings.HasPrefix(why.code, "Lambda.") || why.message == "" {
				t.Fatalf("%q: %+v", text, why)
			}
			return
		}
		for id, r := range a {
			if id == "" || r.status != "Ok" && r.status != "Dropped" && r.status != "ProcessingFailed" {
				t.Fatalf("%q: %q %+v", text, id, r)
			}
			if again, err := base64.StdEncoding.DecodeString(base64.StdEncoding.EncodeToString(r.data)); err != nil || !bytes.Equal(again, r.data) {
				t.Fatalf("%q: %q", text, r.data)
			}
		}
	})
}

// FuzzQueryReads: a query gives the same of the members that it looks at as of
// the whole record.
func FuzzQueryReads(f *testing.F) {
	var queries []*query
	for _, program := range []string{`{a}`, `{a: .b.c, "b": ."a b"}`, `{x: (.a // .b | tostring)}`, `{x: (.a + .b)}`, `{x: .a[.b]}`, `{x: .a."\(.b)"}`, `{"a"}`,
		`{x: (. as $r | $r.a)}`, `{x: (if .a then .b else .c end)}`, `{x: (keys | join(","))}`, `{x: "\(.a)-\(.b.c)"}`, `.a | {b}`, `{x: (.a = 1 | .b)}`,
		`{x: (.a | length), y: (.b | .c?)}`, `{x: ([.a, .b] | tojson)}`, `{x: (def f: .b; f)}`, `{x: .["a"]}`, `{x: .[.a]}`, `{x: (.a == .b and .c != 1)}`, `{x: ..}`, `{x: .""}`} {
		q, err := parseQuery(program)
		if err != nil {
			f.Fatalf("%s: %v", program, err)
		}
		queries = append(queries, q)
	}
	for _, s := range []string{`{}`, `{"":"x"}`, `{"a":"x","b":{"c":1},"a b":true}`, `{"a":1,"a":2,"b":"a"}`, `{"a":{"b":"c"},"b":"b"}`, `[1]`, `null`, `{"\u0061":"\ud800"}`, `{"a":1}}`, ` {"a":1e400,"b":-0.10,"c":[null]} `,
		`{"a":"` + strings.Repeat("x", smallBytes) + `","b":{"c":{"c":"` + strings.Repeat("y", smallBytes) + `"}}}`} {
		f.Add([]byte(s))
	}
	s := newSteps()
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, q := range queries {
			got, err := q.extract(s, data)
			whole := &query{code: q.code, keys: q.keys, reads: members{all: true}}
			want, wantErr := whole.extract(s, data)
			if (err == nil) != (wantErr == nil) || !maps.Equal(got, want) {
				t.Fatalf("%q %+v: %v %v, of the whole record %v %v", data, q.reads, got, err, want, wantErr)
			}
		}
	})
}

// FuzzQuery: any program is refused or runs within its steps.
func FuzzQuery(f *testing.F) {
	text, err := os.ReadFile("testdata/queries.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		f.Add(line)
	}
	s := newSteps()
	f.Fuzz(func(t *testing.T, program string) {
		q, err := parseQuery(program)
		if err != nil {
			return
		}
		keys, err := q.extract(s, []byte(`{"a":"x","b":{"c":[1,2.5,null,true]},"t":1700000000}`))
		if err != nil && strings.Contains(err.Error(), "breaks") {
			t.Fatalf("%s: %v", program, err)
		}
		for _, k := range q.keys {
			if err == nil && keys[k] == "" {
				t.Fatalf("%s: no %q in %v", program, k, keys)
			}
		}
	})
}
