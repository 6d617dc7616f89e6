package local

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkAccessLog counts the answers of a combined log by status and ten
// seconds, in order and with lines up to two seconds late.
func BenchmarkAccessLog(b *testing.B) {
	for name, late := range map[string]int{"InOrder": 0, "OutOfOrder": 3} {
		b.Run(name, func(b *testing.B) {
			const lines = 200_000
			var text strings.Builder
			begin := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
			for i := range lines {
				at := begin.Add(time.Duration(i) * 17 * time.Millisecond)
				if late > 0 {
					at = at.Add(-time.Duration(i*7%late) * time.Second)
				}
				fmt.Fprintf(&text, "192.0.2.%d - - [%s] \"GET /page/%d HTTP/1.1\" %d %d \"https://www.example.com/\" \"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\"\n",
					i%250, at.Format("02/Jan/2006:15:04:05 -0700"), i%1000, 200+i%4*100, i%5000)
			}
			file := filepath.Join(b.TempDir(), "access.log")
			if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
				b.Fatal(err)
			}
			format, err := ParseFormat("combined", "", nil)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(text.Len()))
			b.ReportAllocs()
			for b.Loop() {
				r, err := Run(b.Context(), Options{
					File: "app.sql", Code: countByStatus, Out: io.Discard, Window: time.Minute,
					Inputs: []Input{{Stream: DefaultStream, File: file, Format: format}},
				})
				if err != nil || r.Sources[0].Records != lines || len(r.Errors) > 0 {
					b.Fatal(r, err)
				}
			}
		})
	}
}
