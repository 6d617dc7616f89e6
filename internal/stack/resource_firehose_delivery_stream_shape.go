package stack

// The properties of AWS::KinesisFirehose::DeliveryStream. They have the names
// and the form of CreateDeliveryStream's members. What stands here is what
// CloudFormation itself knows of them: names, kinds, what has to be there. Which
// values they may have is said by the service, in one place; placed tells where
// in the template the service found fault.
var deliveryStreamShape = object(
	optional("DeliveryStreamName", textShape()),
	optional("DeliveryStreamType", oneOf("DirectPut")),
	optional("DirectPutSourceConfiguration", object(optional("ThroughputHintInMBs", integerShape()))),
	optional("DeliveryStreamEncryptionConfigurationInput", object(
		required("KeyType", textShape()),
		optional("KeyARN", textShape()),
	)),
	optional("S3DestinationConfiguration", s3DestinationShape),
	optional("ExtendedS3DestinationConfiguration", extendedS3DestinationShape),
	optional("ElasticsearchDestinationConfiguration", searchDestinationShape),
	optional("AmazonopensearchserviceDestinationConfiguration", searchDestinationShape),
	optional("HttpEndpointDestinationConfiguration", httpDestinationShape),
	optional("Tags", listOf(object(required("Key", textShape()), optional("Value", textShape())))),
).refusing("AmazonOpenSearchServerlessDestinationConfiguration", "DatabaseSourceConfiguration", "IcebergDestinationConfiguration",
	"KinesisStreamSourceConfiguration", "MSKSourceConfiguration", "RedshiftDestinationConfiguration", "SnowflakeDestinationConfiguration",
	"SplunkDestinationConfiguration")

// What several destinations have.
var (
	bufferingHintsShape = object(optional("IntervalInSeconds", integerShape()), optional("SizeInMBs", integerShape()))
	retryShape          = object(optional("DurationInSeconds", integerShape()))

	loggingShape = object(
		optional("Enabled", booleanShape()),
		optional("LogGroupName", textShape()),
		optional("LogStreamName", textShape()),
	)
	processingShape = object(
		optional("Enabled", booleanShape()),
		optional("Processors", listOf(object(
			required("Type", textShape()),
			optional("Parameters", listOf(object(required("ParameterName", textShape()), required("ParameterValue", textShape())))),
		))),
	)
)

var (
	s3Members = []property{
		required("BucketARN", textShape()),
		required("RoleARN", textShape()),
		optional("BufferingHints", bufferingHintsShape),
		optional("CloudWatchLoggingOptions", loggingShape),
		optional("CompressionFormat", textShape()),
		optional("EncryptionConfiguration", object(
			optional("KMSEncryptionConfig", object(required("AWSKMSKeyARN", textShape()))),
			optional("NoEncryptionConfig", textShape()),
		)),
		optional("ErrorOutputPrefix", textShape()),
		optional("Prefix", textShape()),
	}
	s3DestinationShape         = object(s3Members...)
	extendedS3DestinationShape = object(append(s3Members[:len(s3Members):len(s3Members)],
		optional("CustomTimeZone", textShape()),
		optional("DataFormatConversionConfiguration", conversionShape),
		optional("DynamicPartitioningConfiguration", object(
			optional("Enabled", booleanShape()),
			optional("RetryOptions", retryShape),
		)),
		optional("FileExtension", textShape()),
		optional("ProcessingConfiguration", processingShape),
		optional("S3BackupConfiguration", s3DestinationShape),
		optional("S3BackupMode", textShape()),
	)...)
)

var conversionShape = object(
	optional("Enabled", booleanShape()),
	optional("InputFormatConfiguration", object(
		optional("Deserializer", object(
			optional("HiveJsonSerDe", object(optional("TimestampFormats", listOf(textShape())))),
			optional("OpenXJsonSerDe", object(
				optional("CaseInsensitive", booleanShape()),
				optional("ColumnToJsonKeyMappings", textsShape()),
				optional("ConvertDotsInJsonKeysToUnderscores", booleanShape()),
			)),
		)),
	)),
	optional("OutputFormatConfiguration", object(
		optional("Serializer", object(
			optional("OrcSerDe", orcShape),
			optional("ParquetSerDe", object(
				optional("BlockSizeBytes", integerShape()),
				optional("Compression", textShape()),
				optional("EnableDictionaryCompression", booleanShape()),
				optional("MaxPaddingBytes", integerShape()),
				optional("PageSizeBytes", integerShape()),
				optional("WriterVersion", textShape()),
			)),
		)),
	)),
	optional("SchemaConfiguration", object(
		optional("CatalogId", textShape()),
		optional("DatabaseName", textShape()),
		optional("Region", textShape()),
		optional("RoleARN", textShape()),
		optional("TableName", textShape()),
		optional("VersionId", textShape()),
	)),
)

// orcShape is kept by the service in a conversion that is off.
var orcShape = object(
	optional("BlockSizeBytes", integerShape()),
	optional("BloomFilterColumns", listOf(textShape())),
	optional("BloomFilterFalsePositiveProbability", numberShape()),
	optional("Compression", textShape()),
	optional("DictionaryKeyThreshold", numberShape()),
	optional("EnablePadding", booleanShape()),
	optional("FormatVersion", textShape()),
	optional("PaddingTolerance", numberShape()),
	optional("RowIndexStride", integerShape()),
	optional("StripeSizeBytes", integerShape()),
)

var searchDestinationShape = object(
	required("IndexName", textShape()),
	required("RoleARN", textShape()),
	required("S3Configuration", s3DestinationShape),
	optional("BufferingHints", bufferingHintsShape),
	optional("CloudWatchLoggingOptions", loggingShape),
	optional("ClusterEndpoint", textShape()),
	optional("DocumentIdOptions", object(required("DefaultDocumentIdFormat", textShape()))),
	optional("DomainARN", textShape()),
	optional("IndexRotationPeriod", textShape()),
	optional("ProcessingConfiguration", processingShape),
	optional("RetryOptions", retryShape),
	optional("S3BackupMode", textShape()),
	optional("TypeName", textShape()),
	optional("VpcConfiguration", object(
		required("RoleARN", textShape()),
		required("SecurityGroupIds", listOf(textShape())),
		required("SubnetIds", listOf(textShape())),
	)),
)

var httpDestinationShape = object(
	required("EndpointConfiguration", object(
		required("Url", textShape()),
		optional("AccessKey", textShape()),
		optional("Name", textShape()),
	)),
	required("S3Configuration", s3DestinationShape),
	optional("BufferingHints", bufferingHintsShape),
	optional("CloudWatchLoggingOptions", loggingShape),
	optional("ProcessingConfiguration", processingShape),
	optional("RequestConfiguration", object(
		optional("CommonAttributes", listOf(object(required("AttributeName", textShape()), required("AttributeValue", textShape())))),
		optional("ContentEncoding", textShape()),
	)),
	optional("RetryOptions", retryShape),
	optional("RoleARN", textShape()),
	optional("S3BackupMode", textShape()),
	optional("SecretsManagerConfiguration", object(
		required("Enabled", booleanShape()),
		optional("RoleARN", textShape()),
		optional("SecretARN", textShape()),
	)),
)
