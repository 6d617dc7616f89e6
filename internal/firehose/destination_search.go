package firehose

import (
	"errors"
	"time"

	"github.com/millrace/millrace/internal/delivery"
)

func (s *Service) toSearch(c *config, search *searchConfiguration, failed string, existing bool) (delivery.Options, error) {
	target := search.target(c)
	target.Existing = existing
	o := s.options(c, delivery.Primary, target.DomainARN+target.ClusterEndpoint, search.CloudWatchLoggingOptions)
	if s.opts.Search == nil {
		return o, errors.New("search destinations are not supported: there is no search")
	}
	processors, err := readProcessing(search.ProcessingConfiguration, otherProcessors)
	if err != nil {
		return o, err
	}
	if o.Processor, err = s.processor(c, processors); err != nil {
		return o, err
	}
	if o.Destination, err = s.opts.Search(target); err != nil {
		return o, err
	}
	if o.Errors, err = s.errorOutput(c, search.S3Configuration, failed); err != nil {
		return o, err
	}
	buffer(&o, *search.BufferingHints.SizeInMBs, *search.BufferingHints.IntervalInSeconds)
	return o, nil
}

// target is what the maker of search destinations is told.
func (c *searchConfiguration) target(stream *config) Search {
	text := func(member *string) string {
		if member == nil {
			return ""
		}
		return *member
	}
	return Search{
		Stream: stream.Name, StreamARN: stream.ARN, Region: stream.Region, RoleARN: *c.RoleARN,
		DomainARN: text(c.DomainARN), ClusterEndpoint: text(c.ClusterEndpoint),
		IndexName: *c.IndexName, IndexRotation: *c.IndexRotationPeriod,
		Retry:        time.Duration(*c.RetryOptions.DurationInSeconds) * time.Second,
		NoDocumentID: c.DocumentIdOptions != nil && *c.DocumentIdOptions.DefaultDocumentIdFormat == "NO_DOCUMENT_ID",
	}
}
