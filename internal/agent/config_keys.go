package agent

import (
	"math"
	"runtime"
	"time"
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
