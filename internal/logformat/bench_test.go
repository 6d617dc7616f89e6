package logformat

import (
	"encoding/json"
	"fmt"
	"testing"
)

// benchLines are combined lines of about 226 bytes as a web shop's server writes them.
func benchLines(n int) [][]byte {
	paths := []string{"/", "/products/blue-widget", "/cart/add?item=4711&quantity=2", "/assets/css/site.4f2c9a.css", "/api/v1/prices?sku=AB-1234-99"}
	agents := []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
	}
	lines := make([][]byte, n)
	for i := range lines {
		lines[i] = fmt.Appendf(nil, `10.%d.%d.%d - - [22/Nov/2026:18:%02d:%02d +0000] "GET %s HTTP/1.1" %d %d "https://www.example.com/" "%s"`,
			i%200, i%256, i%250, i%60, i*7%60, paths[i%len(paths)], []int{200, 200, 304, 404}[i%4], 100+i*37, agents[i%len(agents)])
	}
	return lines
}

func totalBytes(lines [][]byte) (n int64) {
	for _, line := range lines {
		n += int64(len(line)) + 1
	}
	return n
}

// BenchmarkCombined is the figure of the access log's main path: bytes of log per second on one core, no allocation.
func BenchmarkCombined(b *testing.B) {
	lines := benchLines(512)
	format, err := New(Spec{LogFormat: CombinedApacheLog})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(totalBytes(lines))
	b.ReportAllocs()
	out := make([]byte, 0, 1<<20)
	for b.Loop() {
		out = out[:0]
		for _, line := range lines {
			var mismatch *Mismatch
			if out, mismatch = format.Append(out, line); mismatch != nil {
				b.Fatal(mismatch)
			}
		}
	}
}

// BenchmarkPlainGo is the same by regexp, map and encoding/json.
func BenchmarkPlainGo(b *testing.B) {
	lines := benchLines(512)
	re := plainPatterns[CombinedApacheLog]
	b.SetBytes(totalBytes(lines))
	b.ReportAllocs()
	for b.Loop() {
		for _, line := range lines {
			groups := re.FindSubmatch(line)
			record := make(map[string]any, len(apacheFields))
			for i, name := range apacheFields {
				if value := string(groups[i+1]); value != "-" {
					record[name] = value
				} else {
					record[name] = nil
				}
			}
			if _, err := json.Marshal(record); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func TestCombinedAllocatesNothing(t *testing.T) {
	format, err := New(Spec{LogFormat: CombinedApacheLog})
	if err != nil {
		t.Fatal(err)
	}
	line := benchLines(1)[0]
	out := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { out, _ = format.Append(out[:0], line) }); n != 0 {
		t.Fatalf("%v allocations a line, want none", n)
	}
}
