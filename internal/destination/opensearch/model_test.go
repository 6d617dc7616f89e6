package opensearch

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// Whatever the server answers, and however often the batch comes again: every record is in the index or among the
// refusals of the last delivery, none is in both or in neither, and none is there twice.
func TestEveryRecordAccountedFor(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f, b, d, deliveries := drawTrouble(rt)
		var err error
		synctest.Test(t, func(t *testing.T) {
			for range deliveries {
				if err == nil {
					err = accountFor(t, f, b, d)
				}
			}
		})
		if err != nil {
			rt.Fatal(err)
		}
	})
}

func drawTrouble(t *rapid.T) (f *fake, b *destination.Batch, d *Destination, deliveries int) {
	f = newFake()
	n := rapid.IntRange(1, 60).Draw(t, "records")
	var data []string
	for i := range n {
		data = append(data, rapid.SampledFrom([]string{`{"i":%d}`, "{\"i\":%d}\n", `{"i":%d`, `%d`}).Draw(t, "form"))
		data[i] = fmt.Sprintf(data[i], i)
	}
	b = batchOf(data...)
	fates := map[string][]int{} // statuses of a document's first attempts; then its end
	for i := range n {
		fates[DocumentID(b.Stream, record.Sequence(i+1))] = append(
			rapid.SliceOfN(rapid.SampledFrom([]int{429, 403, 500, 503}), 0, 3).Draw(t, "again"),
			rapid.SampledFrom([]int{200, 201, 201, 409, 400, 429}).Draw(t, "end"))
	}
	f.item = func(id string, attempt int) int {
		fate := fates[id]
		return fate[min(attempt, len(fate))-1]
	}
	f.maxBytes = rapid.SampledFrom([]int{0, 150, 600}).Draw(t, "max bytes")
	whole := rapid.SliceOfN(rapid.SampledFrom([]reply{{status: 200, drop: true}, {status: 503}, {status: 429}, {status: 401}, {err: fmt.Errorf("refused")}, {status: -1}}), 0, 8).Draw(t, "requests")
	f.script = func(requests int, _ []byte) *reply {
		if requests > len(whole) || whole[requests-1].status < 0 {
			return nil
		}
		return &whole[requests-1]
	}
	var err error
	d, err = New(Options{Endpoint: "https://search.example", IndexName: "logs", Rotation: NoRotation, Transport: f,
		RequestBytes: rapid.SampledFrom([]int{0, 1, 300}).Draw(t, "request bytes"), RetryDuration: 10 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return f, b, d, rapid.IntRange(1, 2).Draw(t, "deliveries")
}

func accountFor(t *testing.T, f *fake, b *destination.Batch, d *Destination) error {
	refused, err := d.Deliver(t.Context(), b)
	if err != nil {
		return err
	}
	gone := map[record.Sequence]bool{}
	for _, r := range refused {
		if gone[r.Record.Sequence] || r.Attempts < 1 || r.Code == "" || r.Message == "" {
			return fmt.Errorf("refusal %+v", r)
		}
		gone[r.Record.Sequence] = true
	}
	for _, r := range b.Records {
		_, held := f.held["logs/"+DocumentID(b.Stream, r.Sequence)]
		if held == gone[r.Sequence] {
			return fmt.Errorf("record %d: in the index %v, refused %v", r.Sequence, held, gone[r.Sequence])
		}
	}
	if len(f.held)+len(refused) != len(b.Records) {
		return fmt.Errorf("%d records, %d in the index, %d refused", len(b.Records), len(f.held), len(refused))
	}
	return nil
}
