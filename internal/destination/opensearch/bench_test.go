package opensearch_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/destination/opensearch"
	"github.com/millrace/millrace/internal/record"
	"github.com/millrace/millrace/internal/searchindex"
)

// BenchmarkDelivery sends the same documents to a server in turns: by a plain loop over _bulk requests that were made
// before, with one connection, and as deliveries of a buffer of 5 MiB. The figure is share: of the documents per second
// that the plain loop brings in, how much a delivery does. MILLRACE_OPENSEARCH is a real server, if it is set.
func BenchmarkDelivery(b *testing.B) {
	b.Run("embedded", func(b *testing.B) {
		x, err := searchindex.Open(searchindex.Options{Dir: b.TempDir(), Users: map[string]string{"admin": "secret"}})
		if err != nil {
			b.Fatal(err)
		}
		defer x.Close()
		server := httptest.NewServer(x.Namespace("logs"))
		defer server.Close()
		compareDelivery(b, server.URL)
	})
	if address := strings.TrimSuffix(os.Getenv("MILLRACE_OPENSEARCH"), "/"); address != "" {
		b.Run("opensearch", func(b *testing.B) { compareDelivery(b, address) })
	}
}

const deliveredDocuments = 20_000

func compareDelivery(b *testing.B, address string) {
	batch := func(turn int) *destination.Batch {
		batch := &destination.Batch{ID: "b", Stream: record.StreamID{9}, Name: "bench"}
		for i := range deliveredDocuments {
			n := turn*deliveredDocuments + i
			batch.Records = append(batch.Records, record.Record{Sequence: record.Sequence(n + 1), Arrival: 1795341600000, Data: fmt.Appendf(nil,
				`{"ROWTIME_TS":"2026-11-22 10:%02d:%02d.000","STATUS":%d,"STATUSCOUNT":%d,"PAGE":"/products/%d/details","HOST":"203.0.113.%d"}`, n/60%60, n%60, 200+n%5*100, n%977, n%311, n%251)})
		}
		return batch
	}
	d, err := opensearch.New(opensearch.Options{Endpoint: address, IndexName: "bench-delivery", Rotation: opensearch.NoRotation,
		Credentials: opensearch.Basic{Username: "admin", Password: "secret"}})
	if err != nil {
		b.Fatal(err)
	}
	var plain, delivery time.Duration
	turn := 0
	for b.Loop() {
		loop := batch(turn)
		plain += plainLoop(b, address, loop, deliveredDocuments/4)
		next := batch(turn + 1)
		began := time.Now()
		refused, err := d.Deliver(b.Context(), next)
		delivery += time.Since(began)
		if err != nil || len(refused) > 0 {
			b.Fatal(len(refused), err)
		}
		turn += 2
	}
	documents := float64(b.N) * deliveredDocuments
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(documents/plain.Seconds(), "plain-docs/s")
	b.ReportMetric(documents/delivery.Seconds(), "docs/s")
	b.ReportMetric(100*plain.Seconds()/delivery.Seconds(), "%share")
}

// plainLoop brings the documents in with requests made beforehand, and looks at no more than their status.
func plainLoop(b *testing.B, address string, batch *destination.Batch, perRequest int) time.Duration {
	var bodies [][]byte
	for i := 0; i < len(batch.Records); i += perRequest {
		var body bytes.Buffer
		for _, r := range batch.Records[i:min(i+perRequest, len(batch.Records))] {
			fmt.Fprintf(&body, `{"index":{"_index":"bench-plain","_id":%q}}`+"\n%s\n", opensearch.DocumentID(batch.Stream, r.Sequence), r.Data)
		}
		bodies = append(bodies, body.Bytes())
	}
	began := time.Now()
	for _, body := range bodies {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, address+"/_bulk", bytes.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		r.SetBasicAuth("admin", "secret")
		r.Header.Set("Content-Type", "application/x-ndjson")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		_, err = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK {
			b.Fatal(answer.Status, err)
		}
	}
	return time.Since(began)
}
