package firehose

import (
	"context"
	"strconv"

	"github.com/millrace/millrace/internal/aws/call"
)

// destinationID is the only one there ever is; a start after an unknown one
// still answers it, as AWS does.
const destinationID = "destinationId-000000000001"

func (s *Service) describeDeliveryStream(ctx context.Context, c *call.Call, in *describeDeliveryStreamInput) (*describeDeliveryStreamOutput, error) {
	if err := check(in); err != nil {
		return nil, err
	}
	if err := s.authorize(ctx, c, *in.DeliveryStreamName); err != nil {
		return nil, err
	}
	st, err := s.lookup(*in.DeliveryStreamName)
	if err != nil {
		return nil, err
	}
	conf := st.current()
	d := deliveryStreamDescription{
		DeliveryStreamName: conf.Name, DeliveryStreamARN: conf.ARN, DeliveryStreamStatus: conf.Status,
		DeliveryStreamEncryptionConfiguration: conf.Encryption.described(),
		DeliveryStreamType:                    "DirectPut",
		VersionId:                             strconv.Itoa(conf.Version),
		CreateTimestamp:                       epoch(conf.CreatedMillis),
		LastUpdateTimestamp:                   epoch(conf.UpdatedMillis),
		Destinations:                          []destinationDescription{conf.describe()},
	}
	if conf.Source != nil {
		d.Source = &sourceDescription{conf.Source}
	}
	return &describeDeliveryStreamOutput{d}, nil
}

// describe shows the destination. An extended S3 destination is described
// twice, without and with its own members.
func (c *config) describe() destinationDescription {
	d := destinationDescription{DestinationId: destinationID, S3DestinationDescription: c.S3}
	switch {
	case c.ExtendedS3 != nil:
		d.S3DestinationDescription = &c.ExtendedS3.s3Configuration
		d.ExtendedS3DestinationDescription = &extendedS3Description{
			c.ExtendedS3.s3Configuration, c.ExtendedS3.extendedS3Members, c.ExtendedS3.S3BackupConfiguration,
		}
	case c.Elasticsearch != nil:
		d.ElasticsearchDestinationDescription = c.Elasticsearch.describe()
	case c.OpenSearch != nil:
		d.AmazonopensearchserviceDestinationDescription = c.OpenSearch.describe()
	case c.HTTP != nil:
		d.HttpEndpointDestinationDescription = c.HTTP.describe()
	}
	return d
}

func (c *searchConfiguration) describe() *searchDescription {
	return &searchDescription{c.searchMembers, c.S3BackupMode, c.S3Configuration, c.VpcConfiguration}
}

// describe leaves the access key out.
func (c *httpConfiguration) describe() *httpDescription {
	e := c.EndpointConfiguration
	return &httpDescription{&httpEndpointDescription{e.Url, e.Name}, c.httpMembers, c.S3Configuration}
}
