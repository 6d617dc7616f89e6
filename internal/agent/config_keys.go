package agent

import (
	"math"
	"runtime"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/tail"
)

const (
	maxBatchRecords = 500
	maxBatchBytes   = 4 << 20
	maxRecordBytes  = 1000 * 1024
)

// Keys of the Kinesis Agent that have no effect here, and why.
var ignoredGlobalKeys = map[string]string{
	"kinesis.endpoint":                         "no flow sends to a Kinesis stream",
	"kinesis.region":                           "no flow sends to a Kinesis stream; the region of Firehose is that of its endpoint",
	"cloudwatch.endpoint":                      "no metrics are sent to CloudWatch",
	"cloudwatch.emitMetrics":                   "no metrics are sent to CloudWatch",
	"cloudwatch.tagInstance":                   "no metrics are sent to CloudWatch",
	"cloudwatch.namespace":                     "no metrics are sent to CloudWatch",
	"cloudwatch.metricsBufferTimeMillis":       "no metrics are sent to CloudWatch",
	"cloudwatch.metricsQueueSize":              "no metrics are sent to CloudWatch",
	"sts.endpoint":                             "no role is assumed",
	"userDefinedCredentialsProvider.classname": "Java classes cannot be loaded; the ordinary credentials chain is used",
	"userDefinedCredentialsProvider.location":  "Java classes cannot be loaded; the ordinary credentials chain is used",
	"checkpointTimeToLiveDays":                 "the checkpoint holds the files that are followed, and no others",
	"checkpoints.queryTimeoutSeconds":          "the checkpoint is a file, not a database",
	"checkpoints.connectionTimeoutSeconds":     "the checkpoint is a file, not a database",
	"sendingThreadsMaxQueueSize":               "there is no queue of threads: reading waits for sending",
	"sendingThreadsKeepAliveMillis":            "there is no queue of threads",
	"connectionTTLMillis":                      "connections are kept while they are used",
	"useTcpKeepAlive":                          "it is always on",
	"useHttpGzip":                              "answers are small",
	"log.emitMetrics":                          "counters are in the progress lines",
	"log.emitInternalMetrics":                  "counters are in the progress lines",
	"log.level":                                "the level is set on the command line",
}

var refusedGlobalKeys = map[string]string{
	"assumeRoleARN":        "give the agent credentials of that role instead",
	"assumeRoleExternalId": "give the agent credentials of that role instead",
}

var ignoredFlowKeys = map[string]string{
	"partitionKeyOption":            "delivery streams have no partition keys",
	"publishQueueCapacity":          "there is no queue: reading waits for sending",
	"waitOnEmptyPublishQueueMillis": "there is no queue",
	"waitOnFullPublishQueueMillis":  "there is no queue",
	"log.emitInternalMetrics":       "counters are in the progress lines",
}

var refusedFlowKeys = map[string]string{
	"multiLineStartPattern": "each line is a record",
	"fileFooterPattern":     "files are read to their end",
}

// zeroFlowKeys are accepted where they switch off what is not there.
var zeroFlowKeys = map[string]string{
	"aggregatedRecordSizeBytes": "each line is a record",
	"skipHeaderLines":           "files are read from their first line",
}

var honouredFlowKeys = []string{
	"filePattern", "deliveryStream", "initialPosition", "maxBufferAgeMillis", "maxBufferSizeRecords", "maxBufferSizeBytes", "retryInitialBackoffMillis",
	"retryMaxBackoffMillis", "minTimeBetweenFilePollsMillis", "maxTimeBetweenFileTrackerRefreshMillis", "truncatedRecordTerminator", "dataProcessingOptions",
	"kinesisStream",
}

// isFlowKey is for keys that stand in the wrong place.
func isFlowKey(key string) bool {
	for _, table := range []map[string]string{ignoredFlowKeys, refusedFlowKeys, zeroFlowKeys} {
		if _, ok := table[key]; ok {
			return true
		}
	}
	for _, known := range honouredFlowKeys {
		if key == known {
			return true
		}
	}
	return false
}

func (r *configReader) global(c *Config, root node) {
	c.CheckpointFile = DefaultCheckpointFile
	c.ConnectionTimeout, c.SocketTimeout = 10*time.Second, 50*time.Second
	c.ShutdownTimeout, c.StatusReportPeriod = 10*time.Second, 30*time.Second
	threadsPerCore, flows := 12, false
	r.members(root, func(m member) {
		switch m.key {
		case "flows":
			flows = true
			r.flows(c, m)
		case "firehose.endpoint":
			r.setText(&c.FirehoseEndpoint, m)
			if c.FirehoseEndpoint != "" && !strings.Contains(c.FirehoseEndpoint, "://") {
				c.FirehoseEndpoint = "https://" + c.FirehoseEndpoint
			}
			r.checkEndpoint(m, c.FirehoseEndpoint)
		case "awsAccessKeyId":
			r.setText(&c.AccessKeyID, m)
		case "awsSecretAccessKey":
			r.setText(&c.SecretAccessKey, m)
		case "checkpointFile":
			r.setText(&c.CheckpointFile, m)
		case "maxSendingThreads":
			r.setInteger(&c.MaxSendingThreads, m, 1, 10000)
		case "maxSendingThreadsPerCore":
			r.setInteger(&threadsPerCore, m, 1, 1000)
		case "maxConnections":
			r.setInteger(&c.MaxConnections, m, 1, 100000)
		case "connectionTimeoutMillis":
			r.setDuration(&c.ConnectionTimeout, m, time.Millisecond, 1, math.MaxInt32)
		case "socketTimeoutMillis":
			r.setDuration(&c.SocketTimeout, m, time.Millisecond, 1, math.MaxInt32)
		case "shutdownTimeoutMillis":
			r.setDuration(&c.ShutdownTimeout, m, time.Millisecond, 0, math.MaxInt32)
		case "log.statusReportingPeriodSeconds":
			r.setDuration(&c.StatusReportPeriod, m, time.Second, 1, math.MaxInt32)
		case "userAgent":
			r.setText(&c.UserAgent, m)
		case "userAgentOverride":
			r.setText(&c.UserAgentOverride, m)
		default:
			r.otherGlobal(m)
		}
	})
	if !flows {
		r.fail(root.line, root.col, "flows is missing: want a list of at least one flow")
	}
	if (c.AccessKeyID == "") != (c.SecretAccessKey == "") {
		r.fail(root.line, root.col, "awsAccessKeyId and awsSecretAccessKey go together: one is missing")
	}
	if c.MaxSendingThreads == 0 {
		c.MaxSendingThreads = max(2, threadsPerCore*runtime.NumCPU())
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = max(50, c.MaxSendingThreads)
	}
}

func (r *configReader) otherGlobal(m member) {
	if why, ok := refusedGlobalKeys[m.key]; ok {
		r.fail(m.line, m.col, "%s is not supported: %s", m.key, why)
	} else if why, ok := ignoredGlobalKeys[m.key]; ok {
		r.warn(m, "%s is ignored: %s", m.key, why)
	} else if isFlowKey(m.key) {
		r.warn(m, "%s is ignored here: it belongs into a flow", m.key)
	} else {
		r.warn(m, "%s is ignored: there is no such key", m.key)
	}
}

func (r *configReader) flows(c *Config, m member) {
	if m.value.kind != arrayNode || len(m.value.items) == 0 {
		r.fail(m.value.line, m.value.col, "flows is %s, want a list of at least one flow", emptyOr(m.value))
		return
	}
	seen := make(map[string]bool)
	for _, item := range m.value.items {
		if item.kind != objectNode {
			r.fail(item.line, item.col, "a flow is %s, want an object", item.kind)
			continue
		}
		f := r.flow(item)
		if id := f.ID(); seen[id] {
			r.fail(item.line, item.col, "flow %s is there twice", id)
		} else if f.DeliveryStream != "" && f.FilePattern != "" {
			seen[id] = true
		}
		c.Flows = append(c.Flows, f)
	}
}

func emptyOr(n node) string {
	if n.kind == arrayNode && len(n.items) == 0 {
		return "empty"
	}
	return n.kind.String()
}

func (r *configReader) flow(n node) FlowConfig {
	f := FlowConfig{
		MaxBufferAge: time.Minute, MaxBufferRecords: maxBatchRecords, MaxBufferBytes: maxBatchBytes,
		RetryInitialBackoff: 100 * time.Millisecond, RetryMaxBackoff: 10 * time.Second,
		PollInterval: 100 * time.Millisecond, RefreshInterval: 10 * time.Second,
		TruncatedRecordTerminator: "\n",
	}
	_, toKinesis := n.member("kinesisStream")
	_, toFirehose := n.member("deliveryStream")
	r.members(n, func(m member) {
		switch m.key {
		case "filePattern":
			r.setText(&f.FilePattern, m)
			if _, err := tail.ParseGlob(f.FilePattern); err != nil && f.FilePattern != "" {
				r.fail(m.value.line, m.value.col, "filePattern: %v", err)
			}
		case "deliveryStream":
			r.setText(&f.DeliveryStream, m)
		case "initialPosition":
			r.initialPosition(&f, m)
		case "maxBufferAgeMillis":
			r.setDuration(&f.MaxBufferAge, m, time.Millisecond, 1000, 900000)
		case "maxBufferSizeRecords":
			r.setInteger(&f.MaxBufferRecords, m, 1, maxBatchRecords)
		case "maxBufferSizeBytes":
			r.setInteger(&f.MaxBufferBytes, m, 1, maxBatchBytes)
		case "retryInitialBackoffMillis":
			r.setDuration(&f.RetryInitialBackoff, m, time.Millisecond, 1, math.MaxInt32)
		case "retryMaxBackoffMillis":
			r.setDuration(&f.RetryMaxBackoff, m, time.Millisecond, 1, math.MaxInt32)
		case "minTimeBetweenFilePollsMillis":
			r.setDuration(&f.PollInterval, m, time.Millisecond, 1, math.MaxInt32)
		case "maxTimeBetweenFileTrackerRefreshMillis":
			r.setDuration(&f.RefreshInterval, m, time.Millisecond, 1, math.MaxInt32)
		case "truncatedRecordTerminator":
			r.setText(&f.TruncatedRecordTerminator, m)
			if len(f.TruncatedRecordTerminator) >= maxRecordBytes {
				r.fail(m.value.line, m.value.col, "truncatedRecordTerminator has %d bytes, want less than %d", len(f.TruncatedRecordTerminator), maxRecordBytes)
			}
		case "dataProcessingOptions":
			f.convert = r.processing(m)
		case "kinesisStream":
			if toFirehose {
				r.warn(m, "kinesisStream is ignored: deliveryStream wins")
			}
		default:
			r.otherFlow(m)
		}
	})
	switch {
	case f.DeliveryStream == "" && toKinesis:
		r.fail(n.line, n.col, "kinesisStream is not supported: name a deliveryStream")
	case f.DeliveryStream == "":
		r.fail(n.line, n.col, "deliveryStream is missing")
	}
	if f.FilePattern == "" {
		r.fail(n.line, n.col, "filePattern is missing")
	}
	return f
}

func (r *configReader) otherFlow(m member) {
	if why, ok := refusedFlowKeys[m.key]; ok {
		r.fail(m.line, m.col, "%s is not supported: %s", m.key, why)
	} else if why, ok := zeroFlowKeys[m.key]; ok {
		if v, ok := r.integer(m, 0, math.MaxInt32); ok && v != 0 {
			r.fail(m.line, m.col, "%s is not supported: %s", m.key, why)
		}
	} else if why, ok := ignoredFlowKeys[m.key]; ok {
		r.warn(m, "%s is ignored: %s", m.key, why)
	} else if r.isGlobalKey(m.key) {
		r.warn(m, "%s is ignored here: it belongs beside flows", m.key)
	} else {
		r.warn(m, "%s is ignored: there is no such key", m.key)
	}
}

func (r *configReader) isGlobalKey(key string) bool {
	switch key {
	case "firehose.endpoint", "awsAccessKeyId", "awsSecretAccessKey", "checkpointFile", "maxSendingThreads", "maxSendingThreadsPerCore", "maxConnections",
		"connectionTimeoutMillis", "socketTimeoutMillis", "shutdownTimeoutMillis", "log.statusReportingPeriodSeconds", "userAgent", "userAgentOverride":
		return true
	}
	_, ignored := ignoredGlobalKeys[key]
	_, refused := refusedGlobalKeys[key]
	return ignored || refused
}

func (r *configReader) initialPosition(f *FlowConfig, m member) {
	switch m.value.text {
	case "START_OF_FILE":
		f.InitialPosition = tail.StartOfFile
	case "END_OF_FILE":
		f.InitialPosition = tail.EndOfFile
	default:
		r.fail(m.value.line, m.value.col, "initialPosition is %q, want START_OF_FILE or END_OF_FILE", m.value.text)
	}
}
