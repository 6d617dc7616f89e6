package firehose

import (
	"net/url"
	"time"
)

// Target is where a stream delivers to and how it gathers, for people.
type Target struct {
	Kind     string // "s3", "opensearch", "http"
	Bucket   string // the archive, or of another destination the error bucket
	Prefix   string
	Domain   string // ARN or endpoint, search only
	Index    string // before rotation, search only
	Endpoint string // without its query, which may hold a secret; HTTP only

	// Function is the ARN of the Lambda processor, empty without one.
	Function string
	// BackupBucket takes all source records; empty without a backup.
	BackupBucket string

	BufferBytes int64
	Interval    time.Duration
}

func (c *config) target() Target {
	t := Target{Kind: "s3", Function: c.function()}
	size, interval := c.bucket().BufferingHints.SizeInMBs, c.bucket().BufferingHints.IntervalInSeconds
	switch search := c.search(); {
	case search != nil:
		t.Kind, t.Index = "opensearch", *search.IndexName
		size, interval = search.BufferingHints.SizeInMBs, search.BufferingHints.IntervalInSeconds
		for _, at := range []*string{search.DomainARN, search.ClusterEndpoint} {
			if at != nil {
				t.Domain = *at
			}
		}
	case c.HTTP != nil:
		t.Kind, t.Endpoint = "http", place(*c.HTTP.EndpointConfiguration.Url)
		size, interval = c.HTTP.BufferingHints.SizeInMBs, c.HTTP.BufferingHints.IntervalInSeconds
	}
	t.BufferBytes, t.Interval = int64(*size)*mebibyte, time.Duration(*interval)*time.Second
	t.Bucket, _ = bucketName(*c.bucket().BucketARN) // it was checked when the stream was created
	if c.bucket().Prefix != nil {
		t.Prefix = *c.bucket().Prefix
	}
	if c.backsUpAll() {
		t.BackupBucket, _ = bucketName(*c.backup().BucketARN)
	}
	return t
}

// function is the ARN of the Lambda processor, empty without one.
func (c *config) function() string {
	p := c.processing()
	if p == nil || !isOn(p.Enabled) {
		return ""
	}
	for i := range p.Processors {
		if r := &p.Processors[i]; *r.Type == "Lambda" {
			arn, _ := r.parameter("LambdaArn")
			return arn
		}
	}
	return ""
}

// place is an address without what may be secret in it.
func place(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an HTTP endpoint"
	}
	return u.Scheme + "://" + u.Host + u.Path
}
