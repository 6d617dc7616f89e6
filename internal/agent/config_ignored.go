package agent

import (
	"math"
	"strings"
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

func (r *configReader) otherGlobal(m member) {
	if key, ok := ignoredGlobalKeys()[m.key]; ok {
		r.ignore(m, key)
	} else if isFlowKey(m.key) {
		r.warn(m, "%s is ignored here: it belongs into a flow", m.key)
	} else {
		r.warn(m, "%s is ignored: there is no such key", m.key)
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

// honouredFlowKeys are named where they stand in the wrong place.
const honouredFlowKeys = " filePattern deliveryStream kinesisStream partitionKeyOption initialPosition maxBufferAgeMillis maxBufferSizeRecords maxBufferSizeBytes " +
	"retryInitialBackoffMillis retryMaxBackoffMillis minTimeBetweenFilePollsMillis maxTimeBetweenFileTrackerRefreshMillis truncatedRecordTerminator " +
	"dataProcessingOptions aggregatedRecordSizeBytes skipHeaderLines multiLineStartPattern fileFooterPattern maxBatchesInFlightPerFile "

func isFlowKey(key string) bool {
	_, known := ignoredFlowKeys()[key]
	return known || strings.Contains(honouredFlowKeys, " "+key+" ")
}

func (r *configReader) isGlobalKey(m member) bool {
	_, known := ignoredGlobalKeys()[m.key]
	elsewhere := configReader{}
	return known || m.key == "flows" || elsewhere.globalKey(new(Config), m)
}
