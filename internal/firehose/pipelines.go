package firehose

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/delivery"
	"github.com/millrace/millrace/internal/delivery/processing"
)

const mebibyte = 1 << 20

// parallelObjects of an S3 destination are under way at once: an object's write
// waits for its disk. Other destinations get their batches in order.
const parallelObjects = 4

// S3 has writeTimeout to take an object, and a second more for every slowestWrite
// bytes: a large one on a thin line is not begun again and again. Other
// destinations bound their requests themselves.
const (
	writeTimeout = 5 * time.Minute
	slowestWrite = 16 << 10
)

// checkSupported asks for one destination, and refuses by name what of the
// request there is not here.
func checkSupported(in any, unsupported []string) error {
	if countDestinations(in) != 1 {
		return errOneDestination()
	}
	if len(unsupported) > 0 {
		return errUnsupported(unsupported)
	}
	return nil
}

// countDestinations counts the destination members of a request, also those that
// are not supported.
func countDestinations(in any) (n int) {
	v := reflect.ValueOf(in).Elem()
	for i := range v.NumField() {
		if strings.HasPrefix(v.Type().Field(i).Tag.Get("valid"), "destination") && !v.Field(i).IsNil() {
			n++
		}
	}
	return n
}

// bucket is the destination, or the bucket of errors beside it.
func (c *config) bucket() *s3Configuration {
	switch {
	case c.S3 != nil:
		return c.S3
	case c.ExtendedS3 != nil:
		return &c.ExtendedS3.s3Configuration
	case c.HTTP != nil:
		return c.HTTP.S3Configuration
	}
	return c.search().S3Configuration
}

// backsUpAll tells whether every source record also goes to the bucket of backup.
func (c *config) backsUpAll() bool {
	switch {
	case c.S3 != nil:
		return false
	case c.ExtendedS3 != nil:
		return *c.ExtendedS3.S3BackupMode == "Enabled"
	case c.HTTP != nil:
		return *c.HTTP.S3BackupMode == "AllData"
	}
	return *c.search().S3BackupMode == "AllDocuments"
}

func (c *config) backup() *s3Configuration {
	if c.ExtendedS3 != nil {
		return c.ExtendedS3.S3BackupConfiguration
	}
	return c.bucket()
}

// processing is the destination's, nil without one.
func (c *config) processing() *processingConfiguration {
	switch {
	case c.S3 != nil:
		return nil
	case c.ExtendedS3 != nil:
		return c.ExtendedS3.ProcessingConfiguration
	case c.HTTP != nil:
		return c.HTTP.ProcessingConfiguration
	}
	return c.search().ProcessingConfiguration
}

// decompresses tells whether the stream takes compressed records alone.
func (c *config) decompresses() bool {
	p := c.processing()
	if p == nil || !isOn(p.Enabled) {
		return false
	}
	for i := range p.Processors {
		if *p.Processors[i].Type == "Decompression" {
			return true
		}
	}
	return false
}

// maxCompressedBytes is how much a stream that decompresses gathers, however
// large its buffering hint: hints count what arrives, and what comes out of it is
// in memory at once, one batch at a time.
const maxCompressedBytes = 16 * mebibyte

// pipelines says how the configuration of a new or an existing stream is
// delivered: the primary pipeline, and one of all source records where these are
// backed up. Errors are the client's.
func (s *Service) pipelines(c *config, existing bool) ([]delivery.Options, error) {
	primary, err := s.primary(c, existing)
	if c.decompresses() {
		primary.Parallel, primary.Config.BufferBytes = 1, min(primary.Config.BufferBytes, maxCompressedBytes)
	}
	if err != nil || !c.backsUpAll() {
		return []delivery.Options{primary}, err
	}
	backup, err := s.toBucket(c, delivery.Backup, c.backup())
	return []delivery.Options{primary, backup}, err
}

func (s *Service) primary(c *config, existing bool) (delivery.Options, error) {
	switch {
	case c.S3 != nil:
		return s.toBucket(c, delivery.Primary, c.S3)
	case c.ExtendedS3 != nil:
		return s.toExtendedS3(c, c.ExtendedS3)
	case c.HTTP != nil:
		return s.toHTTP(c, c.HTTP)
	case c.Elasticsearch != nil:
		return s.toSearch(c, c.Elasticsearch, "elasticsearch-failed", existing)
	}
	return s.toSearch(c, c.OpenSearch, "AmazonOpenSearchService-failed", existing)
}

// options are those that do not depend on the destination. target names it in
// the lines of diagnostics.
func (s *Service) options(c *config, cursor, target string, logging *cloudWatchLoggingOptions) delivery.Options {
	return delivery.Options{
		Journal: s.opts.Journal, Stream: c.ID, Name: c.Name, ARN: c.ARN,
		Cursor: cursor, DropAfter: s.opts.DropAfter, Logger: s.opts.Logger,
		Config: delivery.Config{Version: c.Version}, Target: target, Diagnose: s.diagnose(c, logging),
	}
}

// buffer sets how much is gathered for how long, and what S3 has to take twice as
// much: records are base64 in error objects.
func buffer(o *delivery.Options, sizeInMBs, intervalInSeconds int) {
	o.Config.BufferBytes = sizeInMBs * mebibyte
	o.Config.Interval = time.Duration(intervalInSeconds) * time.Second
	o.ErrorTimeout = writeTimeout + time.Duration(2*o.Config.BufferBytes/slowestWrite)*time.Second
}

// processor makes what works on records before they are delivered, nil if
// nothing does.
func (s *Service) processor(c *config, p processors) (delivery.Processor, error) {
	if !p.works() {
		return nil, nil
	}
	o := processing.Options{
		StreamARN: c.ARN, Region: c.Region, Decompress: p.decompress, ExtractMessages: p.extractMessages,
		MetadataQuery: p.query, Functions: s.opts.Functions, Logger: s.opts.Logger,
		Authorize: func(ctx context.Context, role, action, resource string) error {
			return s.authorizeRole(ctx, c.ARN, role, action, resource)
		},
	}
	if p.subRecordType != "" {
		o.Deaggregate = &processing.Deaggregation{SubRecordType: p.subRecordType, Delimiter: p.delimiter}
	}
	if l := p.lambda; l != nil {
		if s.opts.Functions == nil {
			return nil, errors.New("Processor type Lambda is not supported: there are no functions")
		}
		o.Lambda = &processing.Lambda{ARN: l.arn, RoleARN: l.role, Retries: l.retries, BufferBytes: l.bufferBytes, BufferInterval: l.interval}
	}
	made, err := processing.New(o)
	if err != nil {
		return nil, err
	}
	return made, nil
}
