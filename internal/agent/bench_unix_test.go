//go:build unix

package agent

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// answering takes request bodies as a connection would, and answers that all records were accepted.
type answering struct{}

func (answering) RoundTrip(req *http.Request) (*http.Response, error) {
	buf := make([]byte, 64<<10)
	for {
		_, err := req.Body.Read(buf)
		if err != nil {
			break
		}
	}
	req.Body.Close()
	const records = maxBatchRecords // the batches of the benchmark are full
	answer := `{"FailedPutCount":0,"RequestResponses":[` + strings.TrimSuffix(strings.Repeat(`{"RecordId":"`+strings.Repeat("x", 90)+`"},`, records), ",") + `]}`
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer)), Request: req}, nil
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkFileToSignedBatch reads a file, converts its lines and signs batches of 500; only the network is missing. Its figure is CPU time a record on all
// cores, garbage collection included.
func BenchmarkFileToSignedBatch(b *testing.B) {
	const lines = 200_000
	dir := b.TempDir()
	var text bytes.Buffer
	for i := range lines {
		fmt.Fprintf(&text, `10.%d.%d.%d - - [22/Nov/2026:18:49:%02d +0100] "GET /products/item-%05d?ref=home HTTP/1.1" 200 %d "https://www.example.com/products" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"`+"\n",
			i%200, i%256, i%250, i%60, i%99999, 100+i%50000)
	}
	path := filepath.Join(dir, "access.log")
	if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(text.Len()))
	var used time.Duration
	for i := 0; b.Loop(); i++ {
		cfg, err := Parse("agent.json", fmt.Appendf(nil, `{"checkpointFile": %q, "firehose.endpoint": "http://127.0.0.1:1", "maxSendingThreads": 4, "flows": [{"filePattern": %q,
			"deliveryStream": "web", "initialPosition": "START_OF_FILE", "dataProcessingOptions": [{"optionName": "LOGTOJSON", "logFormat": "COMBINEDAPACHELOG"}]}]}`,
			filepath.Join(dir, fmt.Sprint("checkpoint", i)), path))
		if err != nil {
			b.Fatal(err)
		}
		a, err := New(cfg, Options{AccessKeyID: "AKID", SecretAccessKey: "secret"})
		if err != nil {
			b.Fatal(err)
		}
		a.clients["firehose"].http.Transport = answering{}
		runtime.GC()
		before := cpuTime()
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- a.Run(ctx) }()
		for a.flows[0].count.sent.Load() < lines {
			time.Sleep(time.Millisecond)
		}
		cancel()
		if err := <-done; err != nil {
			b.Fatal(err)
		}
		used += cpuTime() - before
	}
	b.ReportMetric(float64(used)/float64(b.N)/lines, "cpu-ns/record")
	b.ReportMetric(float64(text.Len())*float64(b.N)/used.Seconds()/1e6, "MB/cpu-s")
}
