package firehose

// AWS's defaults, which Describe answers.
const (
	defaultSizeInMBs         = 5
	defaultGroupedSizeInMBs  = 128 // of buffers that are partitioned or converted
	defaultIntervalInSeconds = 300
	defaultRetrySeconds      = 300
)

func ref[T any](v T) *T { return &v }

// orDefault gives an absent member its default.
func orDefault[T any](member **T, value T) {
	if *member == nil {
		*member = &value
	}
}

// isOn tells whether a switch is there and on.
func isOn(enabled *bool) bool { return enabled != nil && *enabled }

// fillDefaults fills in what a request leaves out. What it fills in is never
// shared with the request or with another configuration.
func (c *config) fillDefaults() {
	switch {
	case c.S3 != nil:
		c.S3.fillDefaults(defaultSizeInMBs)
	case c.ExtendedS3 != nil:
		c.ExtendedS3.fillDefaults()
	case c.HTTP != nil:
		c.HTTP.fillDefaults()
	default:
		c.search().fillDefaults()
	}
}

func (c *s3Configuration) fillDefaults(sizeInMBs int) {
	orDefault(&c.BufferingHints, bufferingHints{})
	fillHints(&c.BufferingHints.SizeInMBs, &c.BufferingHints.IntervalInSeconds, sizeInMBs)
	orDefault(&c.CompressionFormat, "UNCOMPRESSED")
	orDefault(&c.EncryptionConfiguration, encryptionConfiguration{NoEncryptionConfig: ref("NoEncryption")})
	orDefault(&c.CloudWatchLoggingOptions, cloudWatchLoggingOptions{Enabled: ref(false)})
}

func (c *extendedS3Configuration) fillDefaults() {
	if f := c.DataFormatConversionConfiguration; f != nil {
		orDefault(&f.Enabled, true)
	}
	size := defaultSizeInMBs
	if c.converted() || c.partitioned() {
		size = defaultGroupedSizeInMBs
	}
	c.s3Configuration.fillDefaults(size)
	if orDefault(&c.CustomTimeZone, "UTC"); *c.CustomTimeZone == "" {
		c.CustomTimeZone = ref("UTC")
	}
	orDefault(&c.S3BackupMode, "Disabled")
	c.ProcessingConfiguration.fillDefaults(c.RoleARN)
	if c.S3BackupConfiguration != nil {
		c.S3BackupConfiguration.fillDefaults(defaultSizeInMBs)
	}
	if p := c.DynamicPartitioningConfiguration; p != nil {
		orDefault(&p.Enabled, false)
		if *p.Enabled {
			orDefault(&p.RetryOptions, keptRetryOptions{})
			orDefault(&p.RetryOptions.DurationInSeconds, defaultRetrySeconds)
		}
	}
}

// fillDefaults leaves DocumentIdOptions out where a request does: tools that keep
// what they sent would take an answer that has them for a change.
func (c *searchConfiguration) fillDefaults() {
	orDefault(&c.IndexRotationPeriod, "OneDay")
	orDefault(&c.BufferingHints, searchBufferingHints{})
	fillHints(&c.BufferingHints.SizeInMBs, &c.BufferingHints.IntervalInSeconds, defaultSizeInMBs)
	orDefault(&c.RetryOptions, retryOptions{})
	orDefault(&c.RetryOptions.DurationInSeconds, defaultRetrySeconds)
	orDefault(&c.S3BackupMode, "FailedDocumentsOnly")
	orDefault(&c.CloudWatchLoggingOptions, cloudWatchLoggingOptions{Enabled: ref(false)})
	c.ProcessingConfiguration.fillDefaults(c.RoleARN)
	c.S3Configuration.fillDefaults(defaultSizeInMBs)
}

// fillDefaults: the guide prints an interval of 60 s, the API's reference 300.
func (c *httpConfiguration) fillDefaults() {
	orDefault(&c.BufferingHints, httpBufferingHints{})
	fillHints(&c.BufferingHints.SizeInMBs, &c.BufferingHints.IntervalInSeconds, defaultSizeInMBs)
	orDefault(&c.RetryOptions, retryOptions{})
	orDefault(&c.RetryOptions.DurationInSeconds, defaultRetrySeconds)
	orDefault(&c.S3BackupMode, "FailedDataOnly")
	orDefault(&c.CloudWatchLoggingOptions, cloudWatchLoggingOptions{Enabled: ref(false)})
	if c.RequestConfiguration != nil {
		orDefault(&c.RequestConfiguration.ContentEncoding, "NONE")
	}
	c.S3Configuration.fillDefaults(defaultSizeInMBs)
	role := c.RoleARN
	if role == nil {
		role = c.S3Configuration.RoleARN
	}
	c.ProcessingConfiguration.fillDefaults(role)
}

// fillHints fills in both hints or none: one alone is refused.
func fillHints(size, interval **int, sizeInMBs int) {
	if *size == nil && *interval == nil {
		*size, *interval = ref(sizeInMBs), ref(defaultIntervalInSeconds)
	}
}

// fillDefaults: processing is off unless it is switched on. A Lambda processor
// is echoed with all of its parameters, in the order in which they came.
func (p *processingConfiguration) fillDefaults(role *string) {
	if p == nil {
		return
	}
	orDefault(&p.Enabled, false)
	if p.Processors == nil {
		p.Processors = []processor{}
	}
	if !*p.Enabled {
		return
	}
	for i := range p.Processors {
		switch r := &p.Processors[i]; *r.Type {
		case "Lambda":
			r.fill("NumberOfRetries", "3")
			r.fill("RoleArn", *role)
			if !r.has("BufferSizeInMBs") && !r.has("BufferIntervalInSeconds") {
				r.fill("BufferSizeInMBs", "1")
				r.fill("BufferIntervalInSeconds", "60")
			}
		case "Decompression":
			r.fill("CompressionFormat", "GZIP")
		case "AppendDelimiterToRecord": // AWS forgets its parameters
			r.Parameters = nil
		}
	}
}

func (r *processor) has(name string) bool {
	_, given := r.parameter(name)
	return given
}

// parameter returns the value of the parameter of a name, and whether it is given.
func (r *processor) parameter(name string) (value string, given bool) {
	for _, p := range r.Parameters {
		if *p.ParameterName == name {
			return *p.ParameterValue, true
		}
	}
	return "", false
}

func (r *processor) fill(name, value string) {
	if !r.has(name) {
		r.Parameters = append(r.Parameters, processorParameter{&name, &value})
	}
}
