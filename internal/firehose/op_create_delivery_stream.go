package firehose

import (
	"context"
	"time"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/delivery"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// createDeliveryStream keeps a stream in state CREATING and answers; it becomes
// ACTIVE soon after. A configuration that could never deliver is refused here.
func (s *Service) createDeliveryStream(ctx context.Context, c *call.Call, in *createDeliveryStreamInput) (*createDeliveryStreamOutput, error) {
	unsupported, err := validate(in)
	if err != nil {
		return nil, err
	}
	name := *in.DeliveryStreamName
	if err := s.authorize(ctx, c, name); err != nil {
		return nil, err
	}
	if countDestinations(in) != 1 {
		return nil, errOneDestination()
	}
	if len(unsupported) > 0 {
		return nil, errUnsupported(unsupported)
	}
	conf := newConfig(in, c.Region)
	if err := checkConfig(conf); err != nil {
		return nil, err
	}

	s.admin.Lock()
	defer s.admin.Unlock()
	if _, err := s.lookup(name); err == nil {
		return nil, errExists(name)
	}
	if _, err := s.pipelines(conf, false); err != nil {
		return nil, errArgument("%v", err)
	}
	if err := s.keep(conf); err != nil {
		return nil, err
	}
	st := s.newStream(conf)
	s.start(st)
	s.mu.Lock()
	s.streams[name] = st
	s.mu.Unlock()
	s.tasks.Go(func() { s.activate(st) })
	return &createDeliveryStreamOutput{DeliveryStreamARN: conf.ARN}, nil
}

// newConfig fills in what the request leaves to AWS's defaults.
func newConfig(in *createDeliveryStreamInput, region string) *config {
	conf := &config{
		Format: configFormat, ID: record.NewStreamID(), Name: *in.DeliveryStreamName,
		ARN: streamARN(region, *in.DeliveryStreamName), Region: region, Status: creating,
		Version: 1, CreatedMillis: time.Now().UnixMilli(),
		Source: in.DirectPutSourceConfiguration, Tags: lastTags(in.Tags),
		S3: in.S3DestinationConfiguration, ExtendedS3: in.ExtendedS3DestinationConfiguration,
		Elasticsearch: in.ElasticsearchDestinationConfiguration,
		OpenSearch:    in.AmazonopensearchserviceDestinationConfiguration,
	}
	conf.fillDefaults()
	return conf
}

// lastTags lets the last of equal keys win.
func lastTags(tags []tag) []tag {
	var kept []tag
	place := map[string]int{}
	for _, t := range tags {
		if i, again := place[*t.Key]; again {
			kept[i] = t
			continue
		}
		place[*t.Key] = len(kept)
		kept = append(kept, t)
	}
	return kept
}

// keep makes a new stream durable, with the cursors that hold its records until
// they are delivered.
func (s *Service) keep(conf *config) error {
	var b journal.Batch
	if err := conf.save(&b); err != nil {
		return err
	}
	b.SetCursor(conf.ID, delivery.Primary, 1)
	if conf.backsUpAll() {
		b.SetCursor(conf.ID, delivery.Backup, 1)
	}
	_, err := journal.Put(s.opts.Journal, &b)
	return err
}

// activate ends the creation.
func (s *Service) activate(st *stream) {
	s.admin.Lock()
	defer s.admin.Unlock()
	if c := st.current(); c.Status == creating {
		if err := st.change(c.withStatus(active)); err != nil {
			s.opts.Logger.Error("delivery stream stays in creation until the next start", "delivery_stream", st.name, "error", err)
		}
	}
}
