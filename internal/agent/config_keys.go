package agent

import (
	"math"
	"runtime"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/logformat"
	"github.com/millrace/millrace/internal/tail"
)

const (
	maxBatchRecords = 500
	maxBatchBytes   = 4 << 20
	maxRecordBytes  = 1000 * 1024

	maxKinesisBatchBytes  = 5 << 20
	maxKinesisRecordBytes = 1 << 20 // with its partition key

	defaultBufferBytes = 16 << 20
	maxInt             = math.MaxInt32
)

// ignored is a key of the Kinesis Agent that has no effect here: what its value has to be, and why.
type ignored struct {
	kind string // of the value: text, integer, boolean
	why  string
}

func ignoredGlobalKeys() map[string]ignored {
	return map[string]ignored{
		"userDefinedCredentialsProvider.classname": {"text", "Java classes cannot be loaded; the ordinary credentials chain is used"},
		"userDefinedCredentialsProvider.location":  {"text", "Java classes cannot be loaded; the ordinary credentials chain is used"},
		"checkpointTimeToLiveDays":                 {"integer", "the checkpoint holds the files that are followed, and no others"},
		"checkpoints.queryTimeoutSeconds":          {"integer", "the checkpoint is a file, not a database"},
		"checkpoints.connectionTimeoutSeconds":     {"integer", "the checkpoint is a file, not a database"},
		"sendingThreadsMaxQueueSize":               {"integer", "there is no queue of threads: reading waits for sending"},
		"sendingThreadsKeepAliveMillis":            {"integer", "there is no queue of threads"},
		"connectionTTLMillis":                      {"integer", "connections are kept while they are used"},
		"useTcpKeepAlive":                          {"boolean", "it is always on"},
		"useHttpGzip":                              {"boolean", "answers are small"},
		"log.emitMetrics":                          {"boolean", "counters are in the progress lines"},
		"log.emitInternalMetrics":                  {"boolean", "counters are in the progress lines"},
		"log.level":                                {"text", "the level is set on the command line"},
	}
}

func ignoredFlowKeys() map[string]ignored {
	return map[string]ignored{
		"publishQueueCapacity":          {"integer", "there is no queue: reading waits for sending; maxBufferedBytes beside flows bounds what is held"},
		"waitOnEmptyPublishQueueMillis": {"integer", "there is no queue"},
		"waitOnFullPublishQueueMillis":  {"integer", "there is no queue"},
		"log.emitInternalMetrics":       {"boolean", "counters are in the progress lines"},
	}
}

// honouredFlowKeys are named where they stand in the wrong place.
const honouredFlowKeys = " filePattern deliveryStream kinesisStream partitionKeyOption initialPosition maxBufferAgeMillis maxBufferSizeRecords maxBufferSizeBytes " +
	"retryInitialBackoffMillis retryMaxBackoffMillis minTimeBetweenFilePollsMillis maxTimeBetweenFileTrackerRefreshMillis truncatedRecordTerminator " +
	"dataProcessingOptions aggregatedRecordSizeBytes skipHeaderLines multiLineStartPattern fileFooterPattern maxBatchesInFlightPerFile "

func isFlowKey(key string) bool {
	_, known := ignoredFlowKeys()[key]
	return known || strings.Contains(honouredFlowKeys, " "+key+" ")
}

func (r *configReader) global(c *Config, root node) {
	c.CheckpointFile, c.BufferBytes = DefaultCheckpointFile, defaultBufferBytes
	c.ConnectionTimeout, c.SocketTimeout = 10*time.Second, 50*time.Second
	c.ShutdownTimeout, c.StatusReportPeriod = 10*time.Second, 30*time.Second
	c.CloudWatch = CloudWatchConfig{Emit: true, Namespace: "AWSKinesisAgent", BufferTime: 30 * time.Second, QueueSize: 10000}
	c.threadsPerCore = 12
	r.members(root, func(m member) {
		switch {
		case m.key == "flows":
			r.flows(c, m)
		case r.globalKey(c, m):
		default:
			r.otherGlobal(m)
		}
	})
	if (c.AccessKeyID == "") != (c.SecretAccessKey == "") {
		r.fail(root.line, root.col, "awsAccessKeyId and awsSecretAccessKey go together: one is missing")
	}
	if c.AssumeRoleExternalID != "" && c.AssumeRoleARN == "" {
		r.fail(root.line, root.col, "assumeRoleExternalId without assumeRoleARN")
	}
	if c.MaxSendingThreads == 0 {
		c.MaxSendingThreads = max(2, c.threadsPerCore*runtime.NumCPU())
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = max(50, c.MaxSendingThreads)
	}
}

// globalKey reads a key that stands beside flows; false if it is none.
func (r *configReader) globalKey(c *Config, m member) bool {
	switch m.key {
	case "firehose.endpoint":
		r.setEndpoint(&c.FirehoseEndpoint, m)
	case "kinesis.endpoint":
		r.setEndpoint(&c.KinesisEndpoint, m)
	case "kinesis.region":
		r.setText(&c.KinesisRegion, m)
	case "sts.endpoint":
		r.setEndpoint(&c.STSEndpoint, m)
	case "awsAccessKeyId":
		r.setText(&c.AccessKeyID, m)
	case "awsSecretAccessKey":
		r.setText(&c.SecretAccessKey, m)
	case "assumeRoleARN":
		r.setText(&c.AssumeRoleARN, m)
	case "assumeRoleExternalId":
		r.setText(&c.AssumeRoleExternalID, m)
	case "checkpointFile":
		r.setName(&c.CheckpointFile, m)
	case "maxSendingThreads":
		r.setInteger(&c.MaxSendingThreads, m, 1, 10000)
	case "maxSendingThreadsPerCore":
		r.setInteger(&c.threadsPerCore, m, 1, 1000)
	case "maxConnections":
		r.setInteger(&c.MaxConnections, m, 1, 100000)
	case "connectionTimeoutMillis":
		r.setDuration(&c.ConnectionTimeout, m, time.Millisecond, 1, maxInt)
	case "socketTimeoutMillis":
		r.setDuration(&c.SocketTimeout, m, time.Millisecond, 1, maxInt)
	case "shutdownTimeoutMillis":
		r.setDuration(&c.ShutdownTimeout, m, time.Millisecond, 0, maxInt)
	case "log.statusReportingPeriodSeconds":
		r.setDuration(&c.StatusReportPeriod, m, time.Second, 1, maxInt)
	case "userAgent":
		r.setText(&c.UserAgent, m)
	case "userAgentOverride":
		r.setText(&c.UserAgentOverride, m)
	case "maxBufferedBytes":
		r.setInteger(&c.BufferBytes, m, 1<<20, maxInt)
	case "metricsAddress":
		r.setText(&c.MetricsAddress, m)
	default:
		return r.cloudWatchKey(&c.CloudWatch, m)
	}
	return true
}

func (r *configReader) cloudWatchKey(c *CloudWatchConfig, m member) bool {
	switch m.key {
	case "cloudwatch.endpoint":
		r.setEndpoint(&c.Endpoint, m)
	case "cloudwatch.emitMetrics":
		r.setBool(&c.Emit, m)
	case "cloudwatch.tagInstance":
		r.setBool(&c.TagInstance, m)
	case "cloudwatch.namespace":
		r.setName(&c.Namespace, m)
	case "cloudwatch.metricsBufferTimeMillis":
		r.setDuration(&c.BufferTime, m, time.Millisecond, 1, maxInt)
	case "cloudwatch.metricsQueueSize":
		r.setInteger(&c.QueueSize, m, 1, maxInt)
	default:
		return false
	}
	return true
}

func (r *configReader) otherGlobal(m member) {
	if key, ok := ignoredGlobalKeys()[m.key]; ok {
		r.ignore(m, key)
	} else if isFlowKey(m.key) {
		r.warn(m, "%s is ignored here: it belongs into a flow", m.key)
	} else {
		r.warn(m, "%s is ignored: there is no such key", m.key)
	}
}

// ignore warns about a key without effect; its value must be what the Kinesis Agent would take.
func (r *configReader) ignore(m member, key ignored) {
	ok := true
	switch key.kind {
	case "integer":
		_, ok = r.integer(m, math.MinInt64, math.MaxInt64)
	case "boolean":
		var v bool
		ok = r.setBool(&v, m)
	}
	if ok {
		r.warn(m, "%s is ignored: %s", m.key, key.why)
	}
}

func (r *configReader) flows(c *Config, m member) {
	if m.value.kind != arrayNode {
		r.fail(m.value.line, m.value.col, "flows is %s, want a list of at least one flow", m.value.kind)
		return
	}
	for _, item := range m.value.items {
		if item.kind != objectNode {
			r.fail(item.line, item.col, "a flow is %s, want an object", item.kind)
			continue
		}
		f := r.flow(item)
		f.place = Diagnostic{File: r.file, Line: item.line, Col: item.col}
		c.Flows = append(c.Flows, f)
	}
}

func (r *configReader) flow(n node) FlowConfig {
	f := FlowConfig{
		MaxBufferAge: time.Minute, MaxBufferRecords: maxBatchRecords, MaxBufferBytes: maxBatchBytes,
		RetryInitialBackoff: 100 * time.Millisecond, RetryMaxBackoff: 10 * time.Second,
		PollInterval: 100 * time.Millisecond, RefreshInterval: 10 * time.Second,
		TruncatedRecordTerminator: "\n",
	}
	_, toFirehose := n.member("deliveryStream")
	_, toKinesis := n.member("kinesisStream")
	if toKinesis && !toFirehose {
		f.MaxBufferBytes = maxKinesisBatchBytes
	}
	r.members(n, func(m member) {
		if !r.flowKey(&f, m, toFirehose) {
			r.otherFlow(m)
		}
	})
	if f.Stream() == "" {
		r.fail(n.line, n.col, "deliveryStream or kinesisStream is missing")
	}
	if f.FilePattern == "" {
		r.fail(n.line, n.col, "filePattern is missing")
	}
	if f.AggregateBytes > 0 && f.MultiLineStart != nil {
		f.AggregateBytes = 0
		r.warnings = append(r.warnings, Diagnostic{r.file, n.line, n.col, "aggregatedRecordSizeBytes is ignored: multiLineStartPattern makes the records"})
	}
	return f
}

// flowKey reads a key of a flow; false if it is none.
func (r *configReader) flowKey(f *FlowConfig, m member, toFirehose bool) bool {
	switch m.key {
	case "filePattern":
		r.setText(&f.FilePattern, m)
		if _, err := tail.ParseGlob(f.FilePattern); err != nil && f.FilePattern != "" {
			r.fail(m.value.line, m.value.col, "filePattern: %v", err)
		}
	case "deliveryStream":
		r.setText(&f.DeliveryStream, m)
	case "kinesisStream":
		r.setText(&f.KinesisStream, m)
		if toFirehose {
			r.warn(m, "kinesisStream is ignored: deliveryStream wins")
		}
	case "partitionKeyOption":
		if r.oneOf(m, "RANDOM", "DETERMINISTIC") {
			f.DeterministicKeys = m.value.text == "DETERMINISTIC"
		}
		if toFirehose {
			r.warn(m, "partitionKeyOption is ignored: delivery streams have no partition keys")
		}
	case "initialPosition":
		if r.oneOf(m, "START_OF_FILE", "END_OF_FILE") {
			f.InitialPosition = m.value.text == "START_OF_FILE"
		}
	case "maxBufferAgeMillis":
		r.setDuration(&f.MaxBufferAge, m, time.Millisecond, 1000, 900000)
	case "maxBufferSizeRecords":
		r.setInteger(&f.MaxBufferRecords, m, 1, maxBatchRecords)
	case "maxBufferSizeBytes":
		r.setInteger(&f.MaxBufferBytes, m, 1, int64(f.MaxBufferBytes))
	case "retryInitialBackoffMillis":
		r.setDuration(&f.RetryInitialBackoff, m, time.Millisecond, 1, maxInt)
	case "retryMaxBackoffMillis":
		r.setDuration(&f.RetryMaxBackoff, m, time.Millisecond, 1, maxInt)
		f.retryMaxSet = true
	case "minTimeBetweenFilePollsMillis":
		r.setDuration(&f.PollInterval, m, time.Millisecond, 1, maxInt)
	case "maxTimeBetweenFileTrackerRefreshMillis":
		r.setDuration(&f.RefreshInterval, m, time.Millisecond, 1, maxInt)
	case "truncatedRecordTerminator":
		r.setText(&f.TruncatedRecordTerminator, m)
		if len(f.TruncatedRecordTerminator) >= maxRecordBytes {
			r.fail(m.value.line, m.value.col, "truncatedRecordTerminator has %d bytes, want less than %d", len(f.TruncatedRecordTerminator), maxRecordBytes)
		}
	case "aggregatedRecordSizeBytes":
		r.setInteger(&f.AggregateBytes, m, 0, maxRecordBytes)
		if !toFirehose {
			f.AggregateBytes = 0
			r.warn(m, "aggregatedRecordSizeBytes is ignored: it is for delivery streams")
		}
	case "skipHeaderLines":
		r.setInteger(&f.SkipHeaderLines, m, 0, maxInt)
	case "multiLineStartPattern":
		f.MultiLineStart = r.javaPattern(m, (*logformat.JavaRegexp).LookingAt)
	case "fileFooterPattern":
		f.Footer = r.javaPattern(m, (*logformat.JavaRegexp).Matches)
	case "maxBatchesInFlightPerFile":
		r.setInteger(&f.BatchesPerFile, m, 0, 10000)
	case "dataProcessingOptions":
		f.convert = r.processing(m)
	default:
		return false
	}
	return true
}

// javaPattern makes a test of a regular expression. A text that takes the engine too long does not match.
func (r *configReader) javaPattern(m member, how func(*logformat.JavaRegexp, []byte) (bool, error)) func([]byte) bool {
	text, ok := r.text(m)
	if !ok || text == "" {
		return nil
	}
	re, err := logformat.CompileJava(text)
	if err != nil {
		r.fail(m.value.line, m.value.col, "%s: %v", m.key, err)
		return nil
	}
	return func(line []byte) bool {
		matches, err := how(re, line)
		return err == nil && matches
	}
}

func (r *configReader) otherFlow(m member) {
	if key, ok := ignoredFlowKeys()[m.key]; ok {
		r.ignore(m, key)
	} else if r.isGlobalKey(m) {
		r.warn(m, "%s is ignored here: it belongs beside flows", m.key)
	} else {
		r.warn(m, "%s is ignored: there is no such key", m.key)
	}
}

func (r *configReader) isGlobalKey(m member) bool {
	_, known := ignoredGlobalKeys()[m.key]
	elsewhere := configReader{}
	return known || m.key == "flows" || elsewhere.globalKey(new(Config), m)
}
