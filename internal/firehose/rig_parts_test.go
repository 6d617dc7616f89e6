package firehose

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/millrace/millrace/internal/destination/conversion"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/memory"
	"github.com/millrace/millrace/internal/record"
)

// failing is a journal in memory whose n-th write from now on fails; those after
// it succeed again.
type failing struct {
	*memory.Journal
	mu sync.Mutex
	in int
}

func (f *failing) Begin(b *journal.Batch) (journal.Commit, error) {
	f.mu.Lock()
	f.in--
	fail := f.in == 0
	f.mu.Unlock()
	if fail {
		return nil, errors.New("the disk failed")
	}
	return f.Journal.Begin(b)
}

// fail lets the n-th write from now on fail.
func (f *failing) fail(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.in = n
}

// function is a Lambda function that makes capitals of its records. It drops
// those with "drop" in them, fails those with "fail", leaves out those with
// "omit", and gives each the partition key "first", its first letter.
type function struct {
	mu          sync.Mutex
	down        bool
	invocations []string
}

func (f *function) Invoke(_ context.Context, arn string, payload []byte) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var event struct {
		InvocationID, DeliveryStreamArn, Region string
		Records                                 []struct {
			RecordID                    string
			ApproximateArrivalTimestamp int64
			Data                        []byte
		}
	}
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, err
	}
	f.invocations = append(f.invocations, fmt.Sprintf("%s: %d records of %s", arn, len(event.Records), event.DeliveryStreamArn))
	if f.down {
		return nil, &record.Failure{Kind: record.Retryable, Code: "Lambda.FunctionError", Message: "the function is down"}
	}
	type result struct {
		RecordID string         `json:"recordId"`
		Result   string         `json:"result"`
		Data     []byte         `json:"data"`
		Metadata map[string]any `json:"metadata"`
	}
	results := []result{}
	for _, r := range event.Records {
		text := string(r.Data)
		out := result{r.RecordID, "Ok", bytes.ToUpper(r.Data), map[string]any{"partitionKeys": map[string]string{"first": (text + "-")[:1]}}}
		switch {
		case strings.Contains(text, "omit"):
			continue
		case strings.Contains(text, "drop"):
			out.Result = "Dropped"
		case strings.Contains(text, "fail"):
			out.Result = "ProcessingFailed"
		}
		results = append(results, out)
	}
	return json.Marshal(map[string]any{"records": results})
}

// endpoint is an HTTP endpoint that takes everything while it is up.
type endpoint struct {
	mu       sync.Mutex
	down     bool
	requests []string
	asked    []string // the ids of all requests, also those that failed
}

func (e *endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		if body, err = io.ReadAll(z); err != nil {
			return nil, err
		}
	}
	var request struct {
		RequestID string
		Records   []struct{ Data []byte }
	}
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked = append(e.asked, request.RequestID)
	if e.down {
		return &http.Response{StatusCode: 503, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	}
	var fields []string
	for name, values := range r.Header {
		if name != "User-Agent" {
			fields = append(fields, name+": "+strings.Join(values, ","))
		}
	}
	slices.Sort(fields)
	text := r.Method + " " + r.URL.String() + "\n" + strings.Join(fields, "\n")
	for _, record := range request.Records {
		text += "\n" + string(record.Data)
	}
	e.requests = append(e.requests, text)
	return answer(r, http.StatusOK, fmt.Sprintf(`{"requestId":%q,"timestamp":1}`, request.RequestID)), nil
}

// lines are the lines of diagnostics.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) add(group, stream string, line []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, group+" "+stream+" "+string(line))
}

// webTable is the only table there is: db.web.
func webTable(database, table string) (conversion.Schema, error) {
	if database != "db" || table != "web" {
		return conversion.Schema{}, fmt.Errorf("there is no table %s.%s", database, table)
	}
	return conversion.ParseSchema("web.yaml", []byte("columns:\n  - {name: host, type: string}\n  - {name: bytes, type: bigint}\n"))
}

func (f *function) setDown(down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
}

func (e *endpoint) setDown(down bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.down = down
}
