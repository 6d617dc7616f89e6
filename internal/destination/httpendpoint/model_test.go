package httpendpoint

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// Whatever the endpoint answers, and however often the batch comes again: an endpoint that tells repeats by the request
// id holds every record once, or the record is among the refusals.
func TestEveryRecordAccountedFor(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := &destination.Batch{ID: uuid.NewString(), Stream: record.StreamID{7}}
		limit := rapid.IntRange(100, 600).Draw(rt, "limit of a request")
		for i := range rapid.IntRange(1, 40).Draw(rt, "records") {
			b.Records = append(b.Records, record.Record{Sequence: record.Sequence(i/2 + 1), Sub: i % 2,
				Data: bytes.Repeat([]byte{byte(i)}, rapid.IntRange(0, 400).Draw(rt, "bytes"))})
		}
		fates := rapid.SliceOfN(rapid.SampledFrom([]string{"taken", "lost", "503", "429", "refused", "hang", "200 ok", "302"}), 0, 30).Draw(rt, "fates")
		held := map[string]Body{}
		f := &fake{script: func(n int, r *http.Request, body Body) string {
			fate := "taken"
			if n <= len(fates) {
				fate = fates[n-1]
			}
			size := 0
			for _, x := range body.Records {
				size += len(x.Data)
			}
			switch {
			case fate != "taken" && fate != "lost":
			case size > limit:
				return "413"
			default:
				held[body.RequestID] = body
			}
			if fate == "lost" {
				return "reset"
			}
			return fate
		}}
		gzip, deliveries := rapid.Bool().Draw(rt, "gzip"), rapid.IntRange(1, 2).Draw(rt, "deliveries")
		var err error
		synctest.Test(t, func(t *testing.T) {
			for range deliveries {
				if err == nil {
					err = account(t, f, b, gzip, limit, held)
				}
			}
		})
		if err != nil {
			rt.Fatal(err)
		}
	})
}

func account(t *testing.T, f *fake, b *destination.Batch, gzip bool, limit int, held map[string]Body) error {
	d, err := New(Options{URL: "https://endpoint.example", GZIP: gzip, Retry: 2 * time.Hour, Transport: f})
	if err != nil {
		return err
	}
	refused, err := d.Deliver(t.Context(), b)
	if err != nil {
		return err
	}
	var want, got []string
	for _, r := range b.Records {
		want = append(want, fmt.Sprintf("%x", r.Data))
	}
	for _, body := range held {
		for _, x := range body.Records {
			got = append(got, fmt.Sprintf("%x", x.Data))
		}
	}
	ids := map[string]bool{}
	for _, r := range refused {
		if len(r.Record.Data) <= limit || r.Code != exception || r.DataID != record.DeliveredID(b.Stream, r.Record.Sequence, r.Record.Sub) || ids[r.DataID] {
			return fmt.Errorf("refused %+v", r)
		}
		ids[r.DataID] = true
		got = append(got, fmt.Sprintf("%x", r.Record.Data))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		return fmt.Errorf("%d records are there or refused, want %d", len(got), len(want))
	}
	return nil
}
