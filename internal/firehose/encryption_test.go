package firehose

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// T43: the 26th call of a day is refused, also after a restart; a day after the
// first one there is room again.
func TestEncryptionCallsOfADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.create(t, "web")
		r.create(t, "other")
		calls := []string{"StartDeliveryStreamEncryption", "StopDeliveryStreamEncryption"}
		for i := range 25 {
			if _, err := r.do(calls[i%2], `{"DeliveryStreamName":"web"}`); err != nil {
				t.Fatalf("call %d: %v", i+1, err)
			}
			synctest.Wait()
			time.Sleep(time.Minute)
		}
		for range 2 {
			if _, err := r.do(calls[1], `{"DeliveryStreamName":"web"}`); !awserr.Is(err, "LimitExceededException") {
				t.Fatal(err)
			}
			r.reopen(t)
		}
		if _, err := r.do(calls[0], `{"DeliveryStreamName":"other"}`); err != nil {
			t.Fatal(err)
		}
		time.Sleep(24*time.Hour - 25*time.Minute)
		if _, err := r.do(calls[1], `{"DeliveryStreamName":"web"}`); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if _, err := r.do(calls[0], `{"DeliveryStreamName":"web"}`); !awserr.Is(err, "LimitExceededException") {
			t.Fatal(err)
		}
	})
}
