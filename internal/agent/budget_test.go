package agent

import (
	"fmt"
	"strings"
	"testing"
)

// Batches that wait for more lines are small: many slow files do not fill the flow's memory, which would send each line in a call of its own.
func TestManySlowFilesFillTheirBatches(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	r := newRunner(t, fake, strings.NewReplacer("access.log*", "site*.log", `"maxBufferAgeMillis": 1000`, `"maxBufferAgeMillis": 900000`).Replace(rawConfig))
	const files = 1200
	for i := range files {
		r.append(fmt.Sprintf("site%d.log", i), "a line\n")
	}
	r.start()
	eventually(t, "all lines are read", func() bool { return r.agent.Snapshot().Flows[0].Received == files })
	fake.mu.Lock()
	requests := fake.requests
	fake.mu.Unlock()
	if held := r.agent.Snapshot().Flows[0].HeldBytes; requests > 0 || held < files*batchBytes || held > defaultBufferBytes {
		t.Errorf("%d requests before any batch was full or old, %d bytes held", requests, held)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if got := len(fake.records("web")); got != files {
		t.Errorf("%d records, want %d", got, files)
	}
}
