package firehose

import (
	"context"
	"errors"
	"time"

	"github.com/millrace/millrace/internal/delivery"
	"github.com/millrace/millrace/internal/record"
)

// Status is one delivery stream at one moment, for people.
type Status struct {
	ID          record.StreamID `json:"id"`
	Name        string          `json:"name"`
	ARN         string          `json:"arn"`
	Status      string          `json:"status"`      // CREATING, ACTIVE, DELETING
	Destination string          `json:"destination"` // "s3://bucket/prefix", "search index", "https://host/path"
	Target      Target          `json:"target"`

	// Records that were ever accepted and delivered; the rest is on its way.
	RecordsIn  uint64 `json:"records_in"`
	RecordsOut uint64 `json:"records_out"`
	// Since the process started.
	BytesIn   uint64 `json:"bytes_in"`
	Requests  uint64 `json:"requests"`
	Refused   uint64 `json:"refused"`   // records that a full journal answered with "Slow down."
	Throttled uint64 `json:"throttled"` // records beyond the limits that are set
	Repeats   uint64 `json:"repeats"`   // records of our agents that were held already

	JournalBytes int64 `json:"journal_bytes"`
	LastArrival  int64 `json:"last_arrival,omitempty"` // ms
	// FreshnessMillis is the age of the oldest record that is not delivered;
	// absent when all are, like AWS's DataFreshness.
	FreshnessMillis *int64 `json:"freshness_millis,omitempty"`

	Delivery delivery.Status  `json:"delivery"`
	Backup   *delivery.Status `json:"backup,omitempty"` // of all source records, beside search
}

// Streams returns the status of every stream in the order of their names.
func (s *Service) Streams() []Status {
	var all []Status
	for _, st := range s.all() {
		all = append(all, st.status(time.Now()))
	}
	return all
}

func (st *stream) status(now time.Time) Status {
	conf, extent := st.current(), st.journal.Extent(st.id)
	out := Status{
		ID: st.id, Name: st.name, ARN: st.arn, Status: string(conf.Status), Destination: conf.destination(), Target: conf.target(),
		RecordsIn: uint64(max(extent.Next, 1) - 1 - extent.Skipped),
		BytesIn:   st.bytesIn.Load(),
		Requests:  st.requests.Load(), Refused: st.refused.Load(), Throttled: st.throttled.Load(), Repeats: st.repeats.Load(),
		JournalBytes: extent.Bytes, LastArrival: extent.Arrival,
	}
	pipelines, broken := st.deliveries()
	if broken != nil {
		out.Delivery = delivery.Status{State: delivery.Failed, LastError: broken.Error()}
	}
	if len(pipelines) > 0 {
		out.Delivery = pipelines[0].Status()
	}
	if len(pipelines) > 1 {
		backup := pipelines[1].Status()
		out.Backup = &backup
	}
	out.RecordsOut = uint64(out.Delivery.Delivered)
	if oldest := out.Delivery.Oldest; oldest != 0 {
		age := max(0, now.UnixMilli()-oldest)
		out.FreshnessMillis = &age
	}
	return out
}

func (c *config) destination() string {
	bucket, text := c.bucket(), ""
	switch search := c.search(); {
	case search != nil:
		return "search index " + *search.IndexName
	case c.HTTP != nil:
		return place(*c.HTTP.EndpointConfiguration.Url)
	}
	name, err := bucketName(*bucket.BucketARN)
	if err != nil {
		return *bucket.BucketARN
	}
	if text = "s3://" + name + "/"; bucket.Prefix != nil {
		text += *bucket.Prefix
	}
	return text
}

// Flush delivers what a stream holds now, without waiting for its buffers to be
// full, and returns once that is done or ctx ends.
func (s *Service) Flush(ctx context.Context, name string) error {
	st, err := s.lookup(name)
	if err != nil {
		return err
	}
	pipelines, broken := st.deliveries()
	if broken != nil {
		return broken
	}
	var errs []error
	for _, p := range pipelines {
		errs = append(errs, p.Flush(ctx))
	}
	return errors.Join(errs...)
}
