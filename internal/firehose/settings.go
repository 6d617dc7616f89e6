package firehose

import (
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // CustomTimeZone works on hosts without zone files

	"github.com/millrace/millrace/internal/delivery/objectkey"
	"github.com/millrace/millrace/internal/destination/s3"
)

// AWS's defaults, which Describe answers.
const (
	defaultSizeInMBs         = 5
	defaultIntervalInSeconds = 300
	defaultRetrySeconds      = 300
	minBackupInterval        = 60
)

func ref[T any](v T) *T { return &v }

// orDefault gives an absent member its default.
func orDefault[T any](member **T, value T) {
	if *member == nil {
		*member = &value
	}
}

func (c *config) fillDefaults() {
	switch {
	case c.S3 != nil:
		c.S3.fillDefaults()
	case c.ExtendedS3 != nil:
		c.ExtendedS3.fillDefaults()
		orDefault(&c.ExtendedS3.CustomTimeZone, "UTC")
		orDefault(&c.ExtendedS3.S3BackupMode, "Disabled")
		c.ExtendedS3.ProcessingConfiguration.dropDelimiterParameters()
	case c.Elasticsearch != nil:
		c.Elasticsearch.fillDefaults()
	case c.OpenSearch != nil:
		c.OpenSearch.fillDefaults()
	}
}

func (c *s3Configuration) fillDefaults() {
	orDefault(&c.BufferingHints, bufferingHints{})
	fillHints(&c.BufferingHints.SizeInMBs, &c.BufferingHints.IntervalInSeconds)
	orDefault(&c.CompressionFormat, "UNCOMPRESSED")
	orDefault(&c.EncryptionConfiguration, encryptionConfiguration{NoEncryptionConfig: ref("NoEncryption")})
	orDefault(&c.CloudWatchLoggingOptions, cloudWatchLoggingOptions{Enabled: ref(false)})
}

func (c *searchConfiguration) fillDefaults() {
	orDefault(&c.IndexRotationPeriod, "OneDay")
	orDefault(&c.BufferingHints, searchBufferingHints{})
	fillHints(&c.BufferingHints.SizeInMBs, &c.BufferingHints.IntervalInSeconds)
	orDefault(&c.RetryOptions, retryOptions{})
	orDefault(&c.RetryOptions.DurationInSeconds, defaultRetrySeconds)
	orDefault(&c.S3BackupMode, "FailedDocumentsOnly")
	orDefault(&c.DocumentIdOptions, documentIDOptions{ref("FIREHOSE_DEFAULT")})
	orDefault(&c.CloudWatchLoggingOptions, cloudWatchLoggingOptions{Enabled: ref(false)})
	c.S3Configuration.fillDefaults()
}

// fillHints fills in both hints or none: one alone is refused.
func fillHints(size, interval **int) {
	if *size == nil && *interval == nil {
		*size, *interval = ref(defaultSizeInMBs), ref(defaultIntervalInSeconds)
	}
}

// dropDelimiterParameters: AWS forgets the parameters of AppendDelimiterToRecord.
func (p *processingConfiguration) dropDelimiterParameters() {
	if p == nil {
		return
	}
	for i := range p.Processors {
		if *p.Processors[i].Type == "AppendDelimiterToRecord" {
			p.Processors[i].Parameters = nil
		}
	}
}

// checkConfig refuses what the shapes alone cannot tell.
func checkConfig(c *config) error {
	switch {
	case c.S3 != nil:
		return checkS3(c.S3, nil)
	case c.ExtendedS3 != nil:
		return checkExtendedS3(c.ExtendedS3)
	case c.Elasticsearch != nil:
		return checkSearch(c.Elasticsearch)
	}
	return checkSearch(c.OpenSearch)
}

func checkExtendedS3(c *extendedS3Configuration) error {
	zone, err := loadZone(*c.CustomTimeZone)
	if err != nil {
		return err
	}
	if f := c.DataFormatConversionConfiguration; f != nil && (f.Enabled == nil || *f.Enabled) {
		return errArgument("DataFormatConversionConfiguration is not supported")
	}
	if p := c.DynamicPartitioningConfiguration; p != nil && p.Enabled != nil && *p.Enabled {
		return errArgument("DynamicPartitioningConfiguration is not supported")
	}
	if err := checkProcessing(c.ProcessingConfiguration, "AppendDelimiterToRecord"); err != nil {
		return err
	}
	return checkS3(&c.s3Configuration, zone)
}

// loadZone takes UTC or a region with a slash, as AWS does.
func loadZone(name string) (*time.Location, error) {
	if name == "UTC" {
		return time.UTC, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || !strings.Contains(name, "/") {
		return nil, errArgument("CustomTimeZone %s is not a time zone", name)
	}
	return zone, nil
}

func checkS3(c *s3Configuration, zone *time.Location) error {
	if _, err := bucketName(*c.BucketARN); err != nil {
		return err
	}
	if (c.BufferingHints.SizeInMBs == nil) != (c.BufferingHints.IntervalInSeconds == nil) {
		return errOneHint()
	}
	n, err := namer("check", c, zone)
	if err != nil {
		return errArgument("%v", err)
	}
	if err := n.Check(time.Now()); err != nil {
		return errArgument("%v", err)
	}
	return nil
}

func errOneHint() error {
	return errArgument("BufferingHints must name both SizeInMBs and IntervalInSeconds or neither")
}

func checkSearch(c *searchConfiguration) error {
	if (c.DomainARN == nil) == (c.ClusterEndpoint == nil) {
		return errArgument("Exactly one of DomainARN and ClusterEndpoint must be specified")
	}
	if c.TypeName != nil && *c.TypeName != "" {
		return errArgument("TypeName %s is not supported: indices have no mapping types since Elasticsearch 7", *c.TypeName)
	}
	if (c.BufferingHints.SizeInMBs == nil) != (c.BufferingHints.IntervalInSeconds == nil) {
		return errOneHint()
	}
	if err := checkProcessing(c.ProcessingConfiguration); err != nil {
		return err
	}
	if err := checkS3(c.S3Configuration, nil); err != nil {
		return err
	}
	if *c.S3Configuration.BufferingHints.IntervalInSeconds < minBackupInterval {
		return errArgument("IntervalInSeconds of S3Configuration.BufferingHints must be at least %d", minBackupInterval)
	}
	return nil
}

// checkProcessing takes the processors that the destination knows. Processing
// is off unless it is switched on, and then what it holds is only kept.
func checkProcessing(p *processingConfiguration, known ...string) error {
	if !p.on() {
		return nil
	}
	if n := len(p.Processors); n < 1 || n > 5 {
		return errArgument("A maximum of 5 and a minimum of 1 processor can be specified")
	}
	for _, processor := range p.Processors {
		if !slices.Contains(known, *processor.Type) {
			return errArgument("Processor type %s is not supported", *processor.Type)
		}
	}
	return nil
}

func (p *processingConfiguration) on() bool { return p != nil && p.Enabled != nil && *p.Enabled }

// bucketName is the last part of arn:aws:s3:::bucket.
func bucketName(arn string) (string, error) {
	fields := strings.Split(arn, ":")
	if len(fields) != 6 || fields[2] != "s3" || fields[5] == "" || strings.Contains(fields[5], "/") {
		return "", errArgument("%s is not the ARN of a bucket", arn)
	}
	return fields[5], nil
}

// namer makes the keys of a stream's objects.
func namer(stream string, c *s3Configuration, zone *time.Location) (*objectkey.Namer, error) {
	n := &objectkey.Namer{Stream: stream, Zone: zone}
	var err error
	if c.Prefix != nil {
		if n.Prefix, err = objectkey.Parse(*c.Prefix); err != nil {
			return nil, fmt.Errorf("Prefix is invalid: %w", err)
		}
	}
	if c.ErrorOutputPrefix != nil {
		if n.ErrorPrefix, err = objectkey.Parse(*c.ErrorOutputPrefix); err != nil {
			return nil, fmt.Errorf("ErrorOutputPrefix is invalid: %w", err)
		}
	}
	n.Extension = c.compression().Extension()
	n.ErrorExtension = n.Extension
	return n, nil
}

func (c *s3Configuration) compression() s3.Compression {
	if *c.CompressionFormat == "GZIP" {
		return s3.GZIP
	}
	return s3.Uncompressed
}
