package firehose

import "reflect"

// updated merges an update into a copy of the configuration. Members that the
// update leaves out stay; blocks are replaced whole, but for the four that have
// members of their own to leave out: the bucket beside a destination, format
// conversion, dynamic partitioning, and processing's Enabled.
//
// S3DestinationUpdate changes the members that an extended S3 destination shares
// with a plain one; ExtendedS3DestinationUpdate makes a plain one extended.
// Every other change of the kind of destination is refused, as AWS refuses it.
func (c *config) updated(in *updateDestinationInput) (*config, error) {
	next := c.with(func(*config) {})
	switch {
	case in.S3DestinationUpdate != nil && c.S3 != nil:
		next.S3 = c.S3.merged(in.S3DestinationUpdate)
	case in.S3DestinationUpdate != nil && c.ExtendedS3 != nil:
		next.ExtendedS3 = c.ExtendedS3.merged(&extendedS3Update{s3Configuration: *in.S3DestinationUpdate})
	case in.ExtendedS3DestinationUpdate != nil && c.S3 != nil:
		plain := &extendedS3Configuration{s3Configuration: *c.S3}
		next.S3, next.ExtendedS3 = nil, plain.merged(in.ExtendedS3DestinationUpdate)
	case in.ExtendedS3DestinationUpdate != nil && c.ExtendedS3 != nil:
		next.ExtendedS3 = c.ExtendedS3.merged(in.ExtendedS3DestinationUpdate)
	case in.ElasticsearchDestinationUpdate != nil && c.Elasticsearch != nil:
		next.Elasticsearch = c.Elasticsearch.merged(in.ElasticsearchDestinationUpdate)
	case in.AmazonopensearchserviceDestinationUpdate != nil && c.OpenSearch != nil:
		next.OpenSearch = c.OpenSearch.merged(in.AmazonopensearchserviceDestinationUpdate)
	case in.HttpEndpointDestinationUpdate != nil && c.HTTP != nil:
		next.HTTP = c.HTTP.merged(in.HttpEndpointDestinationUpdate)
	default:
		return nil, errArgument("Changing the destination type to or from %s is not supported at this time.", c.fixedKind(in))
	}
	next.fillDefaults()
	return next, nil
}

// fixedKind names why a destination cannot become another.
func (c *config) fixedKind(in *updateDestinationInput) string {
	switch {
	case c.HTTP != nil || in.HttpEndpointDestinationUpdate != nil:
		return "HttpEndpoint"
	case c.Elasticsearch != nil || in.ElasticsearchDestinationUpdate != nil:
		return "Elasticsearch"
	}
	return "Amazonopensearchservice"
}

// merge sets the members of dst that src has. Both point to structs of one type.
func merge[T any](dst, src *T) { mergeStruct(reflect.ValueOf(dst).Elem(), reflect.ValueOf(src).Elem()) }

func mergeStruct(dst, src reflect.Value) {
	for i := range dst.NumField() {
		switch {
		case dst.Type().Field(i).Anonymous:
			mergeStruct(dst.Field(i), src.Field(i))
		case !src.Field(i).IsNil():
			dst.Field(i).Set(src.Field(i))
		}
	}
}

func (c *s3Configuration) merged(update *s3Configuration) *s3Configuration {
	switch {
	case update == nil:
		return c
	case c == nil:
		c = &s3Configuration{}
	}
	next := *c
	merge(&next, update)
	return &next
}

func (c *extendedS3Configuration) merged(update *extendedS3Update) *extendedS3Configuration {
	next := *c
	merge(&next.s3Configuration, &update.s3Configuration)
	merge(&next.extendedS3Members, &update.extendedS3Members)
	next.ProcessingConfiguration = c.ProcessingConfiguration.merged(update.ProcessingConfiguration)
	next.DataFormatConversionConfiguration = c.DataFormatConversionConfiguration.merged(update.DataFormatConversionConfiguration)
	next.DynamicPartitioningConfiguration = c.DynamicPartitioningConfiguration.merged(update.DynamicPartitioningConfiguration)
	next.S3BackupConfiguration = c.S3BackupConfiguration.merged(update.S3BackupUpdate)
	return &next
}

// merged: an Enabled that is left out counts as on, not as what it was.
func (f *dataFormatConversion) merged(update *dataFormatConversion) *dataFormatConversion {
	if update == nil || f == nil {
		return orOld(f, update)
	}
	next := *f
	merge(&next, update)
	next.Enabled = update.Enabled
	return &next
}

func (p *dynamicPartitioning) merged(update *dynamicPartitioning) *dynamicPartitioning {
	if update == nil || p == nil {
		return orOld(p, update)
	}
	next := *p
	merge(&next, update)
	return &next
}

// merged: the processors are replaced whole; an Enabled that is left out stays.
func (p *processingConfiguration) merged(update *processingConfiguration) *processingConfiguration {
	if update == nil || p == nil {
		return orOld(p, update)
	}
	next := *update
	if next.Enabled == nil {
		next.Enabled = p.Enabled
	}
	return &next
}

func orOld[T any](old, update *T) *T {
	if update == nil {
		return old
	}
	return update
}

func (c *searchConfiguration) merged(update *searchUpdate) *searchConfiguration {
	next := *c
	merge(&next.searchMembers, &update.searchMembers)
	switch { // one of the two leads to the cluster
	case update.DomainARN != nil && update.ClusterEndpoint == nil:
		next.ClusterEndpoint = nil
	case update.ClusterEndpoint != nil && update.DomainARN == nil:
		next.DomainARN = nil
	}
	next.ProcessingConfiguration = c.ProcessingConfiguration.merged(update.ProcessingConfiguration)
	next.S3Configuration = c.S3Configuration.merged(update.S3Update)
	return &next
}

func (c *httpConfiguration) merged(update *httpUpdate) *httpConfiguration {
	next := *c
	merge(&next.httpMembers, &update.httpMembers)
	next.ProcessingConfiguration = c.ProcessingConfiguration.merged(update.ProcessingConfiguration)
	next.S3Configuration = c.S3Configuration.merged(update.S3Update)
	if update.EndpointConfiguration != nil {
		next.EndpointConfiguration = c.EndpointConfiguration.replaced(update.EndpointConfiguration)
	}
	return &next
}

// replaced keeps the access key, which no client can read back, for the same
// address alone: it is a secret between the stream and that endpoint.
func (e *httpEndpoint) replaced(update *httpEndpoint) *httpEndpoint {
	next := *update
	if next.AccessKey == nil && *e.Url == *next.Url {
		next.AccessKey = e.AccessKey
	}
	return &next
}

// checkChange refuses what cannot change after the creation.
func checkChange(from, to *config) error {
	if from.backsUpAll() && !to.backsUpAll() {
		return errArgument("Disabling S3 backup is not currently supported")
	}
	if to.decompresses() && !from.decompresses() && from.function() == "" {
		return errArgument("Enabling source decompression is not supported for existing stream with no Lambda function attached.")
	}
	was := from.ExtendedS3 != nil && from.ExtendedS3.partitioned()
	is := to.ExtendedS3 != nil && to.ExtendedS3.partitioned()
	switch {
	case is && !was:
		return errArgument("Enabling Dynamic Partitioning is not supported for an existing delivery stream; create one with it")
	case was && !is:
		return errArgument("Disabling Dynamic Partitioning is not supported")
	}
	return nil
}
