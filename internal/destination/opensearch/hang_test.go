package opensearch

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// A server that hangs is waited for until the retry duration is over, not once more for each of a batch's many requests.
func TestServerThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := hanging{newFake()}
		d, err := New(Options{Endpoint: "http://search", IndexName: "i", Rotation: NoRotation, RequestBytes: 1, RetryDuration: 90 * time.Second, Transport: f})
		if err != nil {
			t.Fatal(err)
		}
		b := &destination.Batch{ID: "b"}
		for i := range 100 {
			b.Records = append(b.Records, record.Record{Sequence: record.Sequence(i + 1), Data: []byte(`{}`)})
		}
		began := time.Now()
		refused, err := d.Deliver(t.Context(), b)
		if err != nil || len(refused) != 100 || f.requests > 3 || time.Since(began) > 90*time.Second+3*DefaultRequestTimeout {
			t.Fatalf("%d refused after %d requests and %v: %v", len(refused), f.requests, time.Since(began), err)
		}
		for _, r := range refused {
			if r.Code != unreachable || r.Attempts < 1 || r.Message == "" {
				t.Fatalf("%+v", r)
			}
		}
	})
}

type hanging struct{ *fake }

func (h hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	h.requests++
	<-r.Context().Done()
	return nil, r.Context().Err()
}
