package searchindex_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/millrace/millrace/internal/searchindex"
)

// statusDocuments are n rows as the demo's application sends them.
func statusDocuments(first, n int) []byte {
	var b bytes.Buffer
	for i := first; i < first+n; i++ {
		fmt.Fprintf(&b, "{\"index\":{\"_index\":\"analysed-logs-2026-11-22\",\"_id\":\"49593744063285510971078362215836050046%018d.0\"}}\n", i)
		fmt.Fprintf(&b, "{\"DATETIME\":\"2026-11-22 10:%02d:%02d.000\",\"TIME\":\"2026-11-22T10:%02d:%02d.000Z\",\"STATUS\":%d,\"STATUSCOUNT\":%d}\n",
			i/60%60, i%60, i/60%60, i%60, []int{200, 200, 200, 304, 404, 500}[i%6], i%97)
	}
	return b.Bytes()
}

func call(tb testing.TB, h http.Handler, method, path string, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	r.SetBasicAuth(user, password)
	r.Header.Set("Content-Type", "application/x-ndjson")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code >= 300 {
		tb.Fatalf("%s %s: %d %.500s", method, path, w.Code, w.Body)
	}
	return w
}

// A bulk of 1000 new documents, on disk when it is answered.
func BenchmarkBulk1000(b *testing.B) {
	h := openIndex(b, searchindex.Options{}).Namespace("bench")
	first := 0
	for b.Loop() {
		b.StopTimer()
		body := statusDocuments(first, 1000)
		first += 1000
		b.StartTimer()
		call(b, h, "POST", "/_bulk", body)
	}
}

// The same documents again: each is replaced.
func BenchmarkBulk1000Again(b *testing.B) {
	h := openIndex(b, searchindex.Options{}).Namespace("bench")
	body := statusDocuments(0, 1000)
	for b.Loop() {
		call(b, h, "POST", "/_bulk", body)
	}
}

const (
	termsOfSum = `{"size":0,"aggs":{"s":{"terms":{"field":"STATUS"},"aggs":{"n":{"sum":{"field":"STATUSCOUNT"}}}}}}`
	overTime   = `{"size":0,"query":{"range":{"TIME":{"gte":"2026-11-22T10:15:00Z"}}},"aggs":{"t":{"date_histogram":{"field":"TIME","fixed_interval":"10s"},"aggs":{"s":{"terms":{"field":"STATUS"},"aggs":{"n":{"sum":{"field":"STATUSCOUNT"}}}}}}}}`
)

func BenchmarkSearchMillion(b *testing.B) {
	dir := b.TempDir()
	x := openIndex(b, searchindex.Options{Dir: dir})
	h := x.Namespace("bench")
	const documents = 1_000_000
	for first := 0; first < documents; first += 10_000 {
		call(b, h, "POST", "/_bulk", statusDocuments(first, 10_000))
	}
	for name, body := range map[string]string{"TermsOfSum": termsOfSum, "OverTime": overTime} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				call(b, h, "POST", "/analysed-logs*/_search", []byte(body))
			}
		})
	}
	if err := x.Close(); err != nil {
		b.Fatal(err)
	}
	b.Run("FirstAfterOpening", func(b *testing.B) {
		for b.Loop() {
			x := openIndex(b, searchindex.Options{Dir: dir})
			call(b, x.Namespace("bench"), "POST", "/analysed-logs*/_search", []byte(termsOfSum))
			x.Close()
		}
	})
}
