package firehose

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/delivery"
	"github.com/millrace/millrace/internal/destination/s3"
)

const mebibyte = 1 << 20

// countDestinations counts the destination configurations of a request, also
// those that are not supported.
func countDestinations(in *createDeliveryStreamInput) (n int) {
	v := reflect.ValueOf(in).Elem()
	for i := range v.NumField() {
		if strings.HasPrefix(v.Type().Field(i).Tag.Get("valid"), "destination") && !v.Field(i).IsNil() {
			n++
		}
	}
	return n
}

// pipelines says how the configuration of a new or an existing stream is delivered: the primary pipeline, and
// for a search destination that backs up all documents a second one.
func (s *Service) pipelines(c *config, existing bool) ([]delivery.Options, error) {
	switch {
	case c.S3 != nil:
		o, err := s.toS3(c, delivery.Primary, c.S3, &extendedS3Configuration{})
		return []delivery.Options{o}, err
	case c.ExtendedS3 != nil:
		o, err := s.toS3(c, delivery.Primary, &c.ExtendedS3.s3Configuration, c.ExtendedS3)
		return []delivery.Options{o}, err
	case c.Elasticsearch != nil:
		return s.toSearch(c, c.Elasticsearch, "elasticsearch-failed", existing)
	}
	return s.toSearch(c, c.OpenSearch, "AmazonOpenSearchService-failed", existing)
}

// backsUpAll tells whether every source record also goes to S3.
func (c *config) backsUpAll() bool {
	for _, search := range []*searchConfiguration{c.Elasticsearch, c.OpenSearch} {
		if search != nil && *search.S3BackupMode == "AllDocuments" {
			return true
		}
	}
	return false
}

// options are those that all pipelines of a stream share.
func (s *Service) options(c *config, cursor string) delivery.Options {
	return delivery.Options{
		Journal: s.opts.Journal, Stream: c.ID, Name: c.Name, ARN: c.ARN,
		Cursor: cursor, DropAfter: s.opts.DropAfter, Logger: s.opts.Logger,
	}
}

func (s *Service) toS3(c *config, cursor string, bucket *s3Configuration, extended *extendedS3Configuration) (delivery.Options, error) {
	o := s.options(c, cursor)
	var zone *time.Location
	var err error
	if extended.CustomTimeZone != nil {
		if zone, err = loadZone(*extended.CustomTimeZone); err != nil {
			return o, err
		}
	}
	key, err := namer(c.Name, bucket, zone)
	if err != nil {
		return o, err
	}
	if e := extended.FileExtension; e != nil && *e != "" {
		key.Extension = *e // instead of the compression's own
	}
	delimiter := ""
	if extended.ProcessingConfiguration.on() {
		delimiter = "\n"
	}
	if o.Destination, err = s.bucket(bucket, delimiter); err != nil {
		return o, err
	}
	o.Config = delivery.Config{
		Version: c.Version, Key: key,
		BufferBytes: *bucket.BufferingHints.SizeInMBs * mebibyte,
		Interval:    time.Duration(*bucket.BufferingHints.IntervalInSeconds) * time.Second,
	}
	return o, nil
}

// bucket writes into the bucket as the configuration's role.
func (s *Service) bucket(c *s3Configuration, delimiter string) (*s3.Destination, error) {
	name, err := bucketName(*c.BucketARN)
	if err != nil {
		return nil, err
	}
	role := *c.RoleARN
	return s3.New(s3.Options{
		Store: s.opts.Archive, Bucket: name, Compression: c.compression(), Delimiter: delimiter,
		Authorize: func(ctx context.Context, action, resource string) error {
			return s.opts.Authorizer.AuthorizeRole(ctx, role, action, resource)
		},
	}), nil
}

func (s *Service) toSearch(c *config, search *searchConfiguration, failed string, existing bool) ([]delivery.Options, error) {
	if s.opts.Search == nil {
		return nil, errors.New("search destinations are not supported: there is no search")
	}
	o := s.options(c, delivery.Primary)
	var err error
	target := search.search(c)
	target.Existing = existing
	if o.Destination, err = s.opts.Search(target); err != nil {
		return nil, err
	}
	if o.Errors, err = s.errorOutput(c, search.S3Configuration, failed); err != nil {
		return nil, err
	}
	o.Config = delivery.Config{
		Version:     c.Version,
		BufferBytes: *search.BufferingHints.SizeInMBs * mebibyte,
		Interval:    time.Duration(*search.BufferingHints.IntervalInSeconds) * time.Second,
	}
	if !c.backsUpAll() {
		return []delivery.Options{o}, nil
	}
	backup, err := s.toS3(c, delivery.Backup, search.S3Configuration, &extendedS3Configuration{})
	return []delivery.Options{o, backup}, err
}

func (c *searchConfiguration) search(stream *config) Search {
	text := func(member *string) string {
		if member == nil {
			return ""
		}
		return *member
	}
	return Search{
		Stream: stream.Name, Region: stream.Region, RoleARN: *c.RoleARN,
		DomainARN: text(c.DomainARN), ClusterEndpoint: text(c.ClusterEndpoint),
		IndexName: *c.IndexName, IndexRotation: *c.IndexRotationPeriod,
		Retry:        time.Duration(*c.RetryOptions.DurationInSeconds) * time.Second,
		NoDocumentID: *c.DocumentIdOptions.DefaultDocumentIdFormat == "NO_DOCUMENT_ID",
	}
}

func (s *Service) errorOutput(c *config, bucket *s3Configuration, failed string) (*delivery.ErrorObjects, error) {
	key, err := namer(c.Name, bucket, nil)
	if err != nil {
		return nil, err
	}
	objects, err := s.bucket(bucket, "")
	if err != nil {
		return nil, err
	}
	return &delivery.ErrorObjects{Objects: objects, Key: *key, Type: failed}, nil
}
