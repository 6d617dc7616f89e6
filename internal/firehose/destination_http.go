package firehose

import (
	"time"

	"github.com/millrace/millrace/internal/delivery"
	"github.com/millrace/millrace/internal/destination/httpendpoint"
)

func (s *Service) toHTTP(c *config, to *httpConfiguration) (delivery.Options, error) {
	endpoint := to.EndpointConfiguration
	o := s.options(c, delivery.Primary, place(*endpoint.Url), to.CloudWatchLoggingOptions)
	processors, err := readProcessing(to.ProcessingConfiguration, otherProcessors)
	if err != nil {
		return o, err
	}
	if o.Processor, err = s.processor(c, processors); err != nil {
		return o, err
	}
	options := httpendpoint.Options{
		URL: *endpoint.Url, SourceARN: c.ARN, Transport: s.opts.HTTP, Logger: s.opts.Logger,
		Retry: time.Duration(*to.RetryOptions.DurationInSeconds) * time.Second,
	}
	if endpoint.AccessKey != nil {
		options.AccessKey = *endpoint.AccessKey
	}
	if r := to.RequestConfiguration; r != nil {
		options.GZIP = *r.ContentEncoding == "GZIP"
		for _, a := range r.CommonAttributes {
			options.CommonAttributes = append(options.CommonAttributes, httpendpoint.Attribute{Name: *a.AttributeName, Value: *a.AttributeValue})
		}
	}
	if o.Destination, err = httpendpoint.New(options); err != nil {
		return o, err
	}
	if o.Errors, err = s.errorOutput(c, to.S3Configuration, "http-endpoint-failed"); err != nil {
		return o, err
	}
	buffer(&o, *to.BufferingHints.SizeInMBs, *to.BufferingHints.IntervalInSeconds)
	return o, nil
}
