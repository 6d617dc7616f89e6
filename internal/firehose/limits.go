package firehose

import (
	"context"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/jsonrpc"
	"github.com/millrace/millrace/internal/record"
)

// Limits are the quotas that puts and other calls are held to; zero is none.
// What an application writes within its step is no call and not held to them.
type Limits struct {
	// AWS takes the quotas that AWS gives by default in the stream's region, and
	// limits how many streams a region has. The other members are then not read.
	AWS bool
	// Of each stream; the bytes are those of the records.
	RecordsPerSecond, RequestsPerSecond, MiBPerSecond float64
	// ControlCallsPerSecond is of each operation that is not a put.
	ControlCallsPerSecond float64
}

// awsControlCalls is the quota of each operation that is not a put, everywhere.
const awsControlCalls = 5

func (l Limits) controlCalls() float64 {
	if l.AWS {
		return awsControlCalls
	}
	return l.ControlCallsPerSecond
}

// In the regions that AWS has the most room in, a stream takes five times what
// it takes elsewhere.
var largeRegions = []string{"us-east-1", "us-west-2", "eu-west-1"}

// of returns the limits of a stream in a region.
func (l Limits) of(region string) Limits {
	switch {
	case !l.AWS:
		return l
	case slices.Contains(largeRegions, region):
		return Limits{RecordsPerSecond: 500_000, RequestsPerSecond: 2000, MiBPerSecond: 5}
	}
	return Limits{RecordsPerSecond: 100_000, RequestsPerSecond: 1000, MiBPerSecond: 1}
}

// streamQuotas are the numbers of streams that AWS allows in a region; in those
// that are not named there are 100.
var streamQuotas = map[string]int{
	"us-east-1": 5000, "us-east-2": 5000, "us-west-2": 5000, "eu-west-1": 5000, "ap-northeast-1": 5000,

	"eu-central-1": 2000, "eu-west-2": 2000, "ap-southeast-1": 2000, "ap-southeast-2": 2000, "ap-northeast-2": 2000,
	"ap-south-1": 2000, "us-gov-west-1": 2000, "ca-central-1": 2000,

	"eu-west-3": 500, "eu-south-1": 500, "eu-north-1": 500, "ap-east-1": 500, "ap-northeast-3": 500, "sa-east-1": 500,
	"cn-north-1": 500, "cn-northwest-1": 500, "me-south-1": 500, "us-gov-east-1": 500, "af-south-1": 500, "us-west-1": 500,
}

const streamQuotaElsewhere = 100

// checkStreams refuses one stream more than a region has room for.
func (l Limits) checkStreams(region string, names []string) error {
	if !l.AWS {
		return nil
	}
	quota, known := streamQuotas[region]
	if !known {
		quota = streamQuotaElsewhere
	}
	if len(names) < quota {
		return nil
	}
	return errLimit("You have already consumed your firehose quota of %d hoses. Firehose names: [%s]", quota, strings.Join(names, ", "))
}

// limited holds an operation to ControlCallsPerSecond.
func (s *Service) limited(op jsonrpc.Operation) jsonrpc.Operation {
	handle := op.Handle
	op.Handle = func(ctx context.Context, c *call.Call) ([]byte, error) {
		if !s.calls[op.Name].take() {
			return nil, errRate()
		}
		return handle(ctx, c)
	}
	return op
}

// throttle are the buckets of one stream's puts.
type throttle struct{ requests, records, bytes *bucket }

func newThrottle(l Limits) throttle {
	return throttle{newBucket(l.RequestsPerSecond), newBucket(l.RecordsPerSecond), newBucket(l.MiBPerSecond * mebibyte)}
}

// admit returns how many of the records, from the first on, may be taken now:
// what comes after them stays behind them.
func (t throttle) admit(b *record.Builder) int {
	if t.records == nil && t.bytes == nil {
		return b.Count()
	}
	for i := range b.Count() {
		if !t.admitOne(len(b.Record(i))) {
			return i
		}
	}
	return b.Count()
}

func (t throttle) admitOne(bytes int) bool {
	return takeAll([]*bucket{t.records, t.bytes}, []float64{1, float64(bytes)})
}
