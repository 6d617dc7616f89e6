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
	Destination string          `json:"destination"` // "s3://bucket/prefix", "search index"
	Target      Target          `json:"target"`

	// Records that were ever accepted and delivered; the rest is on its way.
	RecordsIn  uint64 `json:"records_in"`
	RecordsOut uint64 `json:"records_out"`
	// Since the process started.
	BytesIn  uint64 `json:"bytes_in"`
	Requests uint64 `json:"requests"`
	Refused  uint64 `json:"refused"` // records answered with "Slow down."
	Repeats  uint64 `json:"repeats"` // records of our agents that were held already

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
		RecordsIn: uint64(max(extent.Next, 1) - 1),
		BytesIn:   st.bytesIn.Load(),
		Requests:  st.requests.Load(), Refused: st.refused.Load(), Repeats: st.repeats.Load(),
		JournalBytes: extent.Bytes, LastArrival: extent.Arrival,
	}
	if st.broken != nil {
		out.Delivery = delivery.Status{State: delivery.Failed, LastError: st.broken.Error()}
	}
	if len(st.pipelines) > 0 {
		out.Delivery = st.pipelines[0].Status()
	}
	if len(st.pipelines) > 1 {
		out.Backup = new(delivery.Status)
		*out.Backup = st.pipelines[1].Status()
	}
	out.RecordsOut = uint64(out.Delivery.Delivered)
	if oldest := out.Delivery.Oldest; oldest != 0 {
		age := max(0, now.UnixMilli()-oldest)
		out.FreshnessMillis = &age
	}
	return out
}

func (c *config) destination() string {
	bucket, text := c.S3, ""
	switch {
	case c.ExtendedS3 != nil:
		bucket = &c.ExtendedS3.s3Configuration
	case c.Elasticsearch != nil:
		return "search index " + *c.Elasticsearch.IndexName
	case c.OpenSearch != nil:
		return "search index " + *c.OpenSearch.IndexName
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
	if st.broken != nil {
		return st.broken
	}
	var errs []error
	for _, p := range st.pipelines {
		errs = append(errs, p.Flush(ctx))
	}
	return errors.Join(errs...)
}
