package firehose

import (
	"net"
	"strings"
	"time"
	_ "time/tzdata" // CustomTimeZone works on hosts without zone files

	"github.com/millrace/millrace/internal/delivery/objectkey"
	"github.com/millrace/millrace/internal/destination/s3"
)

// minBackupInterval is that of the buckets beside another destination: zero
// buffering is for the destination alone.
const minBackupInterval = 60

// checkConfig refuses what the shapes alone cannot tell.
func checkConfig(c *config) error {
	switch {
	case c.S3 != nil:
		if err := checkS3(c.S3, nil); err != nil {
			return err
		}
		return checkUnpartitioned(c.S3)
	case c.ExtendedS3 != nil:
		return checkExtendedS3(c.ExtendedS3)
	case c.HTTP != nil:
		return checkHTTP(c.HTTP)
	}
	return checkSearch(c.search())
}

func checkExtendedS3(c *extendedS3Configuration) error {
	zone, err := loadZone(*c.CustomTimeZone)
	if err != nil {
		return err
	}
	processors, err := readProcessing(c.ProcessingConfiguration, s3Processors)
	if err != nil {
		return err
	}
	if err := checkPartitioning(c, processors); err != nil {
		return err
	}
	if err := checkConversion(c); err != nil {
		return err
	}
	if err := checkS3(&c.s3Configuration, zone); err != nil {
		return err
	}
	if c.S3BackupConfiguration == nil {
		if *c.S3BackupMode == "Enabled" {
			return errArgument("S3 backup destination configuration is required when enabling S3 backup.")
		}
		return nil
	}
	return checkBackup(c.S3BackupConfiguration, "S3BackupConfiguration")
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
	if c.RoleARN == nil || c.BucketARN == nil { // an update can begin a backup without them
		return errArgument("RoleARN and BucketARN must not be null")
	}
	if _, err := bucketName(*c.BucketARN); err != nil {
		return err
	}
	if err := checkHints(c.BufferingHints.SizeInMBs, c.BufferingHints.IntervalInSeconds); err != nil {
		return err
	}
	e := c.EncryptionConfiguration
	if (e.NoEncryptionConfig == nil) == (e.KMSEncryptionConfig == nil) {
		return errArgument("Exactly one of NoEncryptionConfig or KMSEncryptionConfig must be specified")
	}
	if err := checkLogging(c.CloudWatchLoggingOptions); err != nil {
		return err
	}
	n, err := namer("check", c, zone)
	if err != nil {
		return err
	}
	if err := n.Check(time.Now()); err != nil {
		return errArgument("%v", err)
	}
	return nil
}

// checkBackup checks a bucket beside another destination: it has no partitions,
// and a buffer of at least a minute.
func checkBackup(c *s3Configuration, member string) error {
	if err := checkS3(c, nil); err != nil {
		return err
	}
	if *c.BufferingHints.IntervalInSeconds < minBackupInterval {
		return errArgument("IntervalInSeconds of %s.BufferingHints must be at least %d", member, minBackupInterval)
	}
	return checkUnpartitioned(c)
}

func checkHints(size, interval *int) error {
	if (size == nil) != (interval == nil) {
		return errArgument("BufferingHints must name both SizeInMBs and IntervalInSeconds or neither")
	}
	return nil
}

func checkLogging(c *cloudWatchLoggingOptions) error {
	if !isOn(c.Enabled) {
		return nil
	}
	if c.LogGroupName == nil || *c.LogGroupName == "" {
		return errArgument("CloudWatch Log Group Name is required if CloudWatch Logging is enabled")
	}
	if c.LogStreamName == nil || *c.LogStreamName == "" {
		return errArgument("CloudWatch Log Stream Name is required if CloudWatch Logging is enabled")
	}
	return nil
}

func checkSearch(c *searchConfiguration) error {
	switch {
	case c.DomainARN != nil && c.ClusterEndpoint != nil:
		return errArgument("Cannot provide both Elasticsearch cluster endpoint and domain ARN. Provide either the cluster endpoint or domain arn.")
	case c.DomainARN == nil && c.ClusterEndpoint == nil:
		return errArgument("Provide either the Elasticsearch cluster endpoint or domain arn.")
	case c.TypeName != nil && *c.TypeName != "":
		return errArgument("TypeName %s is not supported: indices have no mapping types since Elasticsearch 7", *c.TypeName)
	}
	if err := checkHints(c.BufferingHints.SizeInMBs, c.BufferingHints.IntervalInSeconds); err != nil {
		return err
	}
	if _, err := readProcessing(c.ProcessingConfiguration, otherProcessors); err != nil {
		return err
	}
	if err := checkLogging(c.CloudWatchLoggingOptions); err != nil {
		return err
	}
	return checkBackup(c.S3Configuration, "S3Configuration")
}

func checkHTTP(c *httpConfiguration) error {
	if c.SecretsManagerConfiguration != nil && isOn(c.SecretsManagerConfiguration.Enabled) {
		return errUnsupported([]string{"SecretsManagerConfiguration"})
	}
	if err := checkHints(c.BufferingHints.SizeInMBs, c.BufferingHints.IntervalInSeconds); err != nil {
		return err
	}
	if r := c.RequestConfiguration; r != nil {
		names := map[string]bool{}
		for _, a := range r.CommonAttributes {
			if names[*a.AttributeName] {
				return errArgument("Http Endpoint Common Attributes have duplicate name %s", *a.AttributeName)
			}
			names[*a.AttributeName] = true
		}
	}
	if _, err := readProcessing(c.ProcessingConfiguration, otherProcessors); err != nil {
		return err
	}
	if err := checkLogging(c.CloudWatchLoggingOptions); err != nil {
		return err
	}
	return checkBackup(c.S3Configuration, "S3Configuration")
}

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
	if n.Prefix, err = parsePrefix("Prefix", c.Prefix); err != nil {
		return nil, err
	}
	if n.ErrorPrefix, err = parsePrefix("ErrorOutputPrefix", c.ErrorOutputPrefix); err != nil {
		return nil, err
	}
	compression, err := c.compression()
	if err != nil {
		return nil, err
	}
	n.Extension = compression.Extension()
	n.ErrorExtension = n.Extension
	return n, nil
}

// parsePrefix reads a member that may be missing.
func parsePrefix(member string, prefix *string) (objectkey.Template, error) {
	if prefix == nil {
		return objectkey.Template{}, nil
	}
	t, err := objectkey.Parse(*prefix)
	if err != nil {
		return t, errArgument("%s is invalid: %v", member, err)
	}
	return t, nil
}

func (c *s3Configuration) compression() (s3.Compression, error) {
	compression, known := s3.ParseCompression(*c.CompressionFormat)
	if !known {
		return 0, errArgument("CompressionFormat %s is not supported", *c.CompressionFormat)
	}
	return compression, nil
}

func (c *s3Configuration) kmsKey() string {
	if c.EncryptionConfiguration.KMSEncryptionConfig == nil {
		return ""
	}
	return *c.EncryptionConfiguration.KMSEncryptionConfig.AWSKMSKeyARN
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
