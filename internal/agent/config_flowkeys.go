package agent

import (
	"time"

	"github.com/millrace/millrace/internal/logformat"
	"github.com/millrace/millrace/internal/tail"
)

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
