package firehose

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/delivery"
	"github.com/millrace/millrace/internal/delivery/objectkey"
	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/destination/conversion"
	"github.com/millrace/millrace/internal/destination/s3"
)

// toBucket delivers records as they came.
func (s *Service) toBucket(c *config, cursor string, bucket *s3Configuration) (delivery.Options, error) {
	to, err := s.bucketOptions(c, bucket)
	if err != nil {
		return delivery.Options{}, err
	}
	return s.toS3(c, cursor, bucket, nil, s3.New(to))
}

func (s *Service) toS3(c *config, cursor string, bucket *s3Configuration, zone *time.Location, to *s3.Destination) (delivery.Options, error) {
	o := s.options(c, cursor, *bucket.BucketARN, bucket.CloudWatchLoggingOptions)
	key, err := namer(c.Name, bucket, zone)
	if err != nil {
		return o, err
	}
	key.Extension = to.Extension()
	o.Destination, o.Parallel = to, parallelObjects
	o.Config.Key = key
	buffer(&o, *bucket.BufferingHints.SizeInMBs, *bucket.BufferingHints.IntervalInSeconds)
	o.AttemptTimeout = o.ErrorTimeout // a function can make records larger
	return o, nil
}

func (s *Service) toExtendedS3(c *config, extended *extendedS3Configuration) (delivery.Options, error) {
	bucket := &extended.s3Configuration
	zone, err := loadZone(*extended.CustomTimeZone)
	if err != nil {
		return delivery.Options{}, err
	}
	processors, err := readProcessing(extended.ProcessingConfiguration, s3Processors)
	if err != nil {
		return delivery.Options{}, err
	}
	to, err := s.bucketOptions(c, bucket)
	if err != nil {
		return delivery.Options{}, err
	}
	if processors.appendDelimiter {
		to.Delimiter = "\n"
	}
	if extended.converted() {
		if to.Format, err = s.format(c, extended.DataFormatConversionConfiguration); err != nil {
			return delivery.Options{}, err
		}
	}
	o, err := s.toS3(c, delivery.Primary, bucket, zone, s3.New(to))
	if err != nil {
		return o, err
	}
	if e := extended.FileExtension; e != nil && *e != "" {
		o.Config.Key.Extension = *e // instead of the format's or the compression's own
	}
	if o.Processor, err = s.processor(c, processors); err != nil {
		return o, err
	}
	if o.Processor != nil || extended.converted() {
		o.Errors = s.plainErrors(*o.Config.Key, to)
	}
	return o, nil
}

// plainErrors writes what processing refuses, uncompressed and without an
// extension whatever the data is, as Firehose does beside S3.
func (s *Service) plainErrors(key objectkey.Namer, to s3.Options) *delivery.ErrorObjects {
	to.Compression, to.Format, to.Delimiter = s3.Uncompressed, nil, ""
	key.ErrorExtension = ""
	return &delivery.ErrorObjects{Objects: s3.New(to), Key: key, Type: "processing-failed"}
}

// errorOutput writes what a destination other than S3 refuses into the bucket
// beside it, compressed as that bucket's configuration asks.
func (s *Service) errorOutput(c *config, bucket *s3Configuration, failed string) (*delivery.ErrorObjects, error) {
	key, err := namer(c.Name, bucket, nil)
	if err != nil {
		return nil, err
	}
	to, err := s.bucketOptions(c, bucket)
	if err != nil {
		return nil, err
	}
	return &delivery.ErrorObjects{Objects: s3.New(to), Key: *key, Type: failed}, nil
}

// bucketOptions write into the bucket as the configuration's role.
func (s *Service) bucketOptions(stream *config, c *s3Configuration) (s3.Options, error) {
	name, err := bucketName(*c.BucketARN)
	if err != nil {
		return s3.Options{}, err
	}
	compression, err := c.compression()
	if err != nil {
		return s3.Options{}, err
	}
	role := *c.RoleARN
	return s3.Options{
		Store: s.opts.Archive, Bucket: name, Compression: compression, KMSKeyARN: c.kmsKey(),
		Authorize: func(ctx context.Context, action, resource string) error {
			return s.authorizeRole(ctx, stream.ARN, role, action, resource)
		},
	}, nil
}

// format makes records into the columns of a table.
func (s *Service) format(c *config, f *dataFormatConversion) (s3.Format, error) {
	if s.opts.Table == nil {
		return nil, errors.New("DataFormatConversionConfiguration is not supported: there are no tables")
	}
	table := f.SchemaConfiguration.table(c.Region)
	columns, err := s.opts.Table(table.Database, table.Name)
	if err != nil {
		return nil, fmt.Errorf("SchemaConfiguration: %w", err)
	}
	made, err := conversion.New(f.conversion(table), columns)
	if err != nil {
		return nil, fmt.Errorf("DataFormatConversionConfiguration: %w", err)
	}
	return made, nil
}

// table is how error objects name it, with AWS's defaults.
func (c *schemaConfiguration) table(region string) *destination.Table {
	orDefault := func(member *string, value string) string {
		if member == nil {
			return value
		}
		return *member
	}
	t := &destination.Table{
		CatalogID: orDefault(c.CatalogId, call.AccountID), Database: *c.DatabaseName, Name: *c.TableName,
		Region: orDefault(c.Region, region), VersionID: orDefault(c.VersionId, "LATEST"),
	}
	t.ARN = fmt.Sprintf("arn:aws:glue:%s:%s:catalog", t.Region, t.CatalogID)
	return t
}
