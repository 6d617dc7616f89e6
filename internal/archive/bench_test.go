package archive

import (
	"context"
	"fmt"
	"net/http"
	"testing"
)

// BenchmarkPut is a durable object of 1 MiB in a folder of its own hour, as a
// delivery stream writes it.
func BenchmarkPut(b *testing.B) {
	a, ctx, body := openTest(b), context.Background(), make([]byte, 1<<20)
	if err := a.CreateBucket(ctx, "bucket"); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	n := 0
	for b.Loop() {
		n++
		if err := a.Put(ctx, "bucket", fmt.Sprintf("2026/11/22/%02d/logs-1-%d", n/100%24, n), body, http.Header{"Content-Type": {"application/octet-stream"}}); err != nil {
			b.Fatal(err)
		}
	}
}
