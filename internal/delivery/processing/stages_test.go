package processing

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

var rewrite = flag.Bool("rewrite", false, "write what the stages do into testdata")

// TestStages reads testdata/stages.txt, which says how.
func TestStages(t *testing.T) {
	const path = "testdata/stages.txt"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for block := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
		script, want, cases := strings.Cut(block, "\n----")
		if !cases || strings.HasPrefix(script, "# Records in") {
			out = append(out, block)
			continue
		}
		var got string
		synctest.Test(t, func(t *testing.T) { got = play(t, script) })
		if got != want && !*rewrite {
			t.Errorf("%s\n----%s\nwant%s", script, got, want)
		}
		out = append(out, script+"\n----"+got)
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(strings.Join(out, "\n\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func play(t *testing.T, script string) string {
	opts := Options{StreamARN: "arn:aws:firehose:us-east-1:000000000000:deliverystream/web", Region: "us-east-1"}
	f := &fakeFunction{}
	opts.Functions = f
	b := &destination.Batch{ID: "b", Stream: record.StreamID{1}}
	for line := range strings.SplitSeq(script, "\n") {
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "#":
		case "set":
			setting(t, &opts, rest)
		case "record":
			b.Records = append(b.Records, record.Record{Sequence: record.Sequence(len(b.Records) + 1), Arrival: 1_495_072_949_453, Data: data(t, rest)})
		case "function":
			f.script = append(f.script, rest)
		default:
			t.Fatalf("%q", line)
		}
	}
	p, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	original := make([]string, len(b.Records))
	for i, r := range b.Records {
		original[i] = string(r.Data)
	}
	done, err := p.Process(context.Background(), b)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range b.Records {
		if string(r.Data) != original[i] {
			t.Errorf("record %d of the batch was changed", i)
		}
	}
	return show(done, b) + f.show()
}

func setting(t *testing.T, opts *Options, text string) {
	word, rest, _ := strings.Cut(text, " ")
	switch word {
	case "Decompression":
		opts.Decompress = true
	case "CloudWatchLogProcessing":
		opts.ExtractMessages = true
	case "RecordDeAggregation":
		kind, delimiter, _ := strings.Cut(rest, " ")
		opts.Deaggregate = &Deaggregation{SubRecordType: kind, Delimiter: unquote(t, delimiter)}
	case "Lambda":
		opts.Lambda = &Lambda{ARN: "arn:aws:lambda:us-east-1:000000000000:function:f", RoleARN: "arn:aws:iam::000000000000:role/r"}
		if _, err := fmt.Sscanf(rest, "retries %d", &opts.Lambda.Retries); err != nil {
			t.Fatal(err)
		}
	case "MetadataExtraction":
		opts.MetadataQuery = rest
	case "denied":
		opts.Authorize = func(_ context.Context, role, action, resource string) error {
			err := awserr.New("AccessDeniedException", "%s may not %s on %s", role, action, resource)
			err.Cause = errors.New("for the log alone")
			return err
		}
	default:
		t.Fatalf("set %q", text)
	}
}

func data(t *testing.T, text string) []byte {
	word, rest, _ := strings.Cut(text, " ")
	switch word {
	case "gzip":
		return zipped(unquote(t, rest))
	case "gzipcut":
		return zipped(unquote(t, rest))[:20]
	case "gzipflip":
		b := zipped(unquote(t, rest))
		b[len(b)-5] ^= 1 // of the checksum
		return b
	}
	return unquote(t, text)
}

func zipped(plain []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(plain)
	_ = w.Close()
	return b.Bytes()
}

// unquote reads Go's escapes; quotes stand for themselves.
func unquote(t *testing.T, text string) []byte {
	plain, err := strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`)
	if err == nil {
		return []byte(plain)
	}
	// `\\"` is a backslash and a quote
	plain, err = strconv.Unquote(`"` + strings.ReplaceAll(strings.ReplaceAll(text, `\\"`, "\x01"), `"`, `\"`) + `"`)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return []byte(strings.ReplaceAll(plain, "\x01", `\"`))
}

func quote(b []byte) string {
	if plain, err := gzip.NewReader(bytes.NewReader(b)); err == nil {
		var out bytes.Buffer
		if _, err := out.ReadFrom(plain); err == nil {
			return "gzip " + quote(out.Bytes())
		}
		return "gzip?"
	}
	text := strconv.Quote(string(b))
	return strings.ReplaceAll(text[1:len(text)-1], `\"`, `"`)
}

func show(done destination.Processed, b *destination.Batch) string {
	var out strings.Builder
	for i, r := range done.Records {
		fmt.Fprintf(&out, "\n%d.%d %s", r.Sequence, r.Sub, quote(r.Data))
		if done.Partitions != nil && (done.Partitions[i].Query != nil || done.Partitions[i].Lambda != nil) {
			fmt.Fprintf(&out, " %s", keys(done.Partitions[i]))
		}
	}
	for _, r := range done.Refusals {
		fmt.Fprintf(&out, "\nrefused %d.%d %s %s %q", r.Record.Sequence, r.Record.Sub, r.Type, r.Code, r.Message)
		if r.LambdaARN != "" || r.Attempts != 1 {
			fmt.Fprintf(&out, " attempts %d", r.Attempts)
		}
		if !bytes.Equal(r.Record.Data, b.Records[r.Record.Sequence-1].Data) {
			fmt.Fprintf(&out, " raw %s", quote(r.Record.Data))
		}
	}
	if done.Dropped > 0 {
		fmt.Fprintf(&out, "\ndropped %d", done.Dropped)
	}
	return strings.TrimRight(strings.ReplaceAll(out.String(), " \n", "\n"), " ")
}

func keys(p destination.Partition) string {
	var out []string
	for name, of := range map[string]map[string]string{"query": p.Query, "lambda": p.Lambda} {
		for k, v := range of {
			out = append(out, name+"."+k+"="+v)
		}
	}
	slices.Sort(out)
	return "[" + strings.Join(out, " ") + "]"
}

// fakeFunction does what its script says, an invocation a line, then upper.
type fakeFunction struct {
	script      []string
	invocations int
	ids         [][]string // of each invocation
}

func (f *fakeFunction) show() string {
	if f.invocations == 0 {
		return ""
	}
	return fmt.Sprintf("\ninvocations %d", f.invocations)
}

func (f *fakeFunction) Invoke(_ context.Context, arn string, payload []byte) ([]byte, error) {
	var event struct {
		Records []struct {
			RecordID string `json:"recordId"`
			Data     []byte `json:"data"`
		} `json:"records"`
	}
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, err
	}
	line := "upper"
	if f.invocations < len(f.script) {
		line = f.script[f.invocations]
	}
	f.invocations++
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "throw":
		return nil, &record.Failure{Code: functionError, Message: "the function returned an error: Error: boom"}
	case "failure":
		code, text, _ := strings.Cut(rest, " ")
		return nil, &record.Failure{Code: code, Message: text}
	case "raw":
		return []byte(rest), nil
	}
	words := strings.Fields(line)
	type row map[string]any
	var rows []row
	for i, r := range event.Records {
		word := "ok"
		if i < len(words) {
			word = words[i]
		}
		answer := row{"recordId": r.RecordID, "result": "Ok", "data": base64.StdEncoding.EncodeToString(bytes.ToUpper(r.Data)), "more": 1}
		switch {
		case word == "same":
			answer["data"] = base64.StdEncoding.EncodeToString(r.Data)
		case word == "drop":
			answer["result"] = "Dropped"
		case word == "fail":
			answer["result"] = "ProcessingFailed"
		case word == "omit":
			continue
		case word == "nodata":
			delete(answer, "data")
		case word == "empty":
			answer["data"] = ""
		case word == "weird":
			answer["result"] = "OK"
		case word == "badbase64":
			answer["data"] = "*"
		case word == "twice":
			answer["recordId"] = event.Records[0].RecordID
		case strings.HasPrefix(word, "keys:"):
			keys := map[string]any{}
			for pair := range strings.SplitSeq(word[5:], ",") {
				if k, v, ok := strings.Cut(pair, "="); ok {
					keys[k] = v
					if v == "7" || v == "null" || v == "{}" {
						keys[k] = json.RawMessage(v)
					}
				}
			}
			answer["metadata"] = row{"partitionKeys": keys}
		}
		rows = append(rows, answer)
	}
	if word == "reverse" {
		slices.Reverse(rows)
		rows = append(rows, row{"recordId": "nobody", "result": "Dropped"})
	}
	return json.Marshal(row{"records": rows})
}
