package firehose

import (
	"time"
)

// Target is where a stream delivers to and how it gathers, for people.
type Target struct {
	Kind   string // "s3", "opensearch"
	Bucket string // the archive, or of a search destination the error bucket
	Prefix string
	Domain string // ARN or endpoint, search only
	Index  string // before rotation, search only

	BufferBytes int64
	Interval    time.Duration
}

func (c *config) target() Target {
	bucket := c.S3
	if c.ExtendedS3 != nil {
		bucket = &c.ExtendedS3.s3Configuration
	}
	var t Target
	if search := c.search(); search != nil {
		bucket = search.S3Configuration
		t = Target{Kind: "opensearch", Index: *search.IndexName,
			BufferBytes: int64(*search.BufferingHints.SizeInMBs) * mebibyte,
			Interval:    time.Duration(*search.BufferingHints.IntervalInSeconds) * time.Second}
		for _, at := range []*string{search.DomainARN, search.ClusterEndpoint} {
			if at != nil {
				t.Domain = *at
			}
		}
	} else {
		t = Target{Kind: "s3",
			BufferBytes: int64(*bucket.BufferingHints.SizeInMBs) * mebibyte,
			Interval:    time.Duration(*bucket.BufferingHints.IntervalInSeconds) * time.Second}
	}
	t.Bucket, _ = bucketName(*bucket.BucketARN) // it was checked when the stream was created
	if bucket.Prefix != nil {
		t.Prefix = *bucket.Prefix
	}
	return t
}

// search is the configuration of a search destination, nil without one.
func (c *config) search() *searchConfiguration {
	if c.Elasticsearch != nil {
		return c.Elasticsearch
	}
	return c.OpenSearch
}
