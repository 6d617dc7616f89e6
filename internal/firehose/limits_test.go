package firehose

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/jsonrpc"
	"github.com/millrace/millrace/internal/record"
)

// A region has room for so many streams where AWS's limits hold; another region
// is not concerned.
func TestStreamsOfARegion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := unopened(newRig(t).journal)
		r.limits = Limits{AWS: true}
		r.open(t)
		defer r.Close()
		create := func(name, region string) error {
			c := newCall(root, "CreateDeliveryStream", expand(`{"DeliveryStreamName":"`+name+`","S3DestinationConfiguration":{$to(logs)}}`))
			c.Region = region
			var in createDeliveryStreamInput
			if err := jsonrpc.Decode(c.Body, &in); err != nil {
				return err
			}
			_, err := r.createDeliveryStream(t.Context(), c, &in)
			return err
		}
		for i := range streamQuotaElsewhere {
			if err := create(fmt.Sprintf("s%03d", i), "eu-south-2"); err != nil {
				t.Fatal(err)
			}
		}
		err := create("one-more", "eu-south-2")
		if !awserr.Is(err, "LimitExceededException") || !strings.HasPrefix(awserr.From(err).Message,
			"You have already consumed your firehose quota of 100 hoses. Firehose names: [s000, s001, ") {
			t.Fatal(err)
		}
		if err := create("one-more", "us-east-1"); err != nil {
			t.Fatal(err)
		}
	})
}

// Over any while, a bucket gives no more than a second's worth, its rate, and
// what its dearest record costs; and it gives again once its debt is paid.
func TestBucketKeepsItsRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Float64Range(0.5, 10_000).Draw(t, "rate")
		b := newBucket(rate)
		begin, now := b.filled, b.filled
		var given, dearest float64
		for range rapid.IntRange(1, 200).Draw(t, "asks") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(300*time.Millisecond)).Draw(t, "step")))
			price := rapid.Float64Range(0, 3000).Draw(t, "price")
			b.fill(now)
			if b.tokens < 1 {
				continue
			}
			b.tokens -= price
			given, dearest = given+price, max(dearest, price)
			if most := max(rate, 1) + rate*now.Sub(begin).Seconds() + dearest; given > most {
				t.Fatalf("gave %v in %v, at most %v", given, now.Sub(begin), most)
			}
		}
		pause := time.Duration((1 - b.tokens) / rate * float64(time.Second))
		if b.fill(now.Add(pause + time.Millisecond)); b.tokens < 1 {
			t.Fatalf("%v tokens after a pause of %v", b.tokens, pause)
		}
	})
}

// A stream without limits pays nothing for them.
func TestNoLimits(t *testing.T) {
	var b *bucket
	if !b.take() || newBucket(0) != nil {
		t.Fatal("a limit of zero limits")
	}
	var records record.Builder
	records.Append([]byte("a"))
	if n := newThrottle(Limits{}.of("eu-west-1")).admit(&records); n != 1 {
		t.Fatalf("%d of 1 admitted", n)
	}
}
