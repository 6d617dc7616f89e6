package firehose

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/millrace/millrace/internal/aws/awserr"
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
	if len(in.Tags) > 0 {
		if err := s.authorizeAction(ctx, c, "TagDeliveryStream", name); err != nil {
			return nil, err
		}
	}
	if err := checkSupported(in, unsupported); err != nil {
		return nil, err
	}
	conf, err := newConfig(in, c.Region)
	if err != nil {
		return nil, err
	}
	if err := checkConfig(conf); err != nil {
		return nil, err
	}

	s.admin.Lock()
	defer s.admin.Unlock()
	if _, err := s.lookup(name); err == nil {
		return nil, errExists(name)
	}
	if err := s.opts.Limits.checkStreams(c.Region, s.names(c.Region)); err != nil {
		return nil, err
	}
	if _, err := s.checkDelivery(ctx, conf, false); err != nil {
		return nil, err
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
func newConfig(in *createDeliveryStreamInput, region string) (*config, error) {
	conf := &config{
		Format: configFormat, ID: record.NewStreamID(), Name: *in.DeliveryStreamName,
		ARN: streamARN(region, *in.DeliveryStreamName), Region: region, Status: creating,
		Version: 1, CreatedMillis: time.Now().UnixMilli(),
		Source: in.DirectPutSourceConfiguration, Tags: withTags(nil, in.Tags),
		S3: in.S3DestinationConfiguration, ExtendedS3: in.ExtendedS3DestinationConfiguration,
		Elasticsearch: in.ElasticsearchDestinationConfiguration,
		OpenSearch:    in.AmazonopensearchserviceDestinationConfiguration,
		HTTP:          in.HttpEndpointDestinationConfiguration,
	}
	conf.fillDefaults()
	if in.DeliveryStreamEncryptionConfigurationInput == nil {
		return conf, nil
	}
	var err error
	conf.Encryption, err = newEncryption(in.DeliveryStreamEncryptionConfigurationInput)
	return conf, err
}

// checkDelivery refuses what could never be delivered, and answers how it will
// be. existing is that of Search.
func (s *Service) checkDelivery(ctx context.Context, conf *config, existing bool) ([]delivery.Options, error) {
	if err := s.checkRoles(conf); err != nil {
		return nil, err
	}
	if err := s.checkCatalog(ctx, conf); err != nil {
		return nil, err
	}
	options, err := s.pipelines(conf, existing)
	var client *awserr.Error
	if err != nil && !errors.As(err, &client) {
		err = errArgument("%v", err)
	}
	return options, err
}

// checkCatalog asks whether the schema's role may read the table, as AWS does
// when a stream is created or changed.
func (s *Service) checkCatalog(ctx context.Context, conf *config) error {
	if conf.ExtendedS3 == nil || !conf.ExtendedS3.converted() {
		return nil
	}
	schema := conf.ExtendedS3.DataFormatConversionConfiguration.SchemaConfiguration
	t := schema.table(conf.Region)
	arn := fmt.Sprintf("arn:aws:glue:%s:%s:table/%s/%s", t.Region, t.CatalogID, t.Database, t.Name)
	if err := s.opts.Authorizer.AuthorizeRole(ctx, *schema.RoleARN, "glue:GetTableVersions", arn); err != nil {
		return errArgument("Access was denied when calling Glue. Please ensure that the role specified in the data format conversion configuration has the necessary permissions.")
	}
	return nil
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
		now := c.with(func(c *config) { c.Status, c.Encryption = active, c.Encryption.settled() })
		if err := st.change(now); err != nil {
			s.opts.Logger.Error("delivery stream stays in creation until the next start", "delivery_stream", st.name, "error", err)
		}
	}
}
