package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/millrace/millrace/internal/delivery"
	"github.com/millrace/millrace/internal/firehose"
)

// awsMetric is one of CloudWatch's metrics of a delivery stream (namespace
// AWS/Firehose, dimension DeliveryStreamName) under a name that Prometheus
// takes: DeliveryToS3.Records is aws_firehose_delivery_to_s3_records_total.
// What CloudWatch sums over a period is a counter here, and its Success, a
// ratio, is two.
type awsMetric struct {
	aws, name, help string
	kind            prometheus.ValueType
	// of returns the value, and whether the stream has one: what CloudWatch has
	// no data point for is absent.
	of func(s *firehose.Status) (float64, bool)
}

const (
	counted  = prometheus.CounterValue
	measured = prometheus.GaugeValue
)

// awsMetrics are all of them, in the order in which AWS lists them.
func awsMetrics() []awsMetric {
	always := func(f func(s *firehose.Status) uint64) func(s *firehose.Status) (float64, bool) {
		return func(s *firehose.Status) (float64, bool) { return float64(f(s)), true }
	}
	all := []awsMetric{
		{"IncomingRecords", "incoming_records_total", "Records accepted since the stream was created.", counted,
			always(func(s *firehose.Status) uint64 { return s.RecordsIn })},
		{"IncomingBytes", "incoming_bytes_total", "Bytes of the records accepted.", counted,
			always(func(s *firehose.Status) uint64 { return s.BytesIn })},
		{"IncomingPutRequests", "incoming_put_requests_total", "PutRecord and PutRecordBatch calls.", counted,
			always(func(s *firehose.Status) uint64 { return s.Requests })},
		{"ThrottledRecords", "throttled_records_total", "Records beyond the stream's limits.", counted,
			always(func(s *firehose.Status) uint64 { return s.Throttled })},
	}
	for _, d := range []struct {
		aws, name string
		of        func(s *firehose.Status) *delivery.Status
	}{
		{"DeliveryToS3", "delivery_to_s3", primaryOf("s3")},
		{"DeliveryToAmazonOpenSearchService", "delivery_to_amazon_open_search_service", primaryOf("opensearch")},
		{"DeliveryToHttpEndpoint", "delivery_to_http_endpoint", primaryOf("http")},
		{"BackupToS3", "backup_to_s3", func(s *firehose.Status) *delivery.Status { return s.Backup }},
	} {
		all = append(all, deliveryMetrics(d.aws, d.name, d.of)...)
	}
	return append(all, processingMetrics()...)
}

func primaryOf(kind string) func(s *firehose.Status) *delivery.Status {
	return func(s *firehose.Status) *delivery.Status {
		if s.Target.Kind != kind {
			return nil
		}
		return &s.Delivery
	}
}

// deliveryMetrics are those of one kind of delivery.
func deliveryMetrics(aws, name string, of func(s *firehose.Status) *delivery.Status) []awsMetric {
	value := func(f func(d *delivery.Status) uint64) func(s *firehose.Status) (float64, bool) {
		return func(s *firehose.Status) (float64, bool) {
			d := of(s)
			if d == nil {
				return 0, false
			}
			return float64(f(d)), true
		}
	}
	freshness := func(s *firehose.Status) (float64, bool) {
		if of(s) == nil || s.FreshnessMillis == nil || of(s) == s.Backup {
			return 0, false
		}
		return float64(*s.FreshnessMillis) / 1000, true
	}
	all := []awsMetric{
		{aws + ".Records", name + "_records_total", "Records delivered, in the number in which they arrived.", counted,
			value(func(d *delivery.Status) uint64 { return d.Records })},
		{aws + ".Bytes", name + "_bytes_total", "Bytes delivered, as they arrived: before processing and compression.", counted,
			value(func(d *delivery.Status) uint64 { return d.Bytes })},
		{aws + ".Success", name + "_success_total", "Attempts to deliver that succeeded.", counted,
			value(func(d *delivery.Status) uint64 { return d.SucceededAttempts })},
		{aws + ".Success", name + "_attempts_total", "Attempts to deliver.", counted,
			value(func(d *delivery.Status) uint64 { return d.SucceededAttempts + d.FailedAttempts })},
		{aws + ".DataFreshness", name + "_data_freshness_seconds", "Age of the oldest record that is not delivered; absent when there is none.", measured, freshness},
	}
	if aws == "DeliveryToS3" || aws == "BackupToS3" {
		all = append(all, awsMetric{aws + ".ObjectCount", name + "_object_count_total", "Objects written.", counted,
			value(func(d *delivery.Status) uint64 { return d.Objects })})
	}
	return all
}

func processingMetrics() []awsMetric {
	value := func(f func(p *delivery.Processing) float64) func(s *firehose.Status) (float64, bool) {
		return func(s *firehose.Status) (float64, bool) {
			if s.Delivery.Processing == nil {
				return 0, false
			}
			return f(s.Delivery.Processing), true
		}
	}
	return []awsMetric{
		{"ExecuteProcessing.Duration", "execute_processing_duration_seconds_total", "Time that processing took.", counted,
			value(func(p *delivery.Processing) float64 { return float64(p.Millis) / 1000 })},
		{"ExecuteProcessing.Success", "execute_processing_success_total", "Batches that were processed.", counted,
			value(func(p *delivery.Processing) float64 { return float64(p.Batches) })},
		{"ExecuteProcessing.Success", "execute_processing_attempts_total", "Attempts to process a batch.", counted,
			value(func(p *delivery.Processing) float64 { return float64(p.Batches + p.FailedAttempts) })},
		{"SucceedProcessing.Records", "succeed_processing_records_total", "Records that came out of processing.", counted,
			value(func(p *delivery.Processing) float64 { return float64(p.SucceededRecords) })},
		{"SucceedProcessing.Bytes", "succeed_processing_bytes_total", "Their bytes.", counted,
			value(func(p *delivery.Processing) float64 { return float64(p.SucceededBytes) })},
		{"PartitionCount", "partition_count", "Partitions of the batches under way.", measured,
			func(s *firehose.Status) (float64, bool) {
				return float64(s.Delivery.Partitions.Active), s.Delivery.Partitions.Active > 0
			}},
		{"PartitionCountExceeded", "partition_count_exceeded_records_total", "Records refused because there were too many partitions.", counted,
			func(s *firehose.Status) (float64, bool) {
				return float64(s.Delivery.Partitions.Exceeded), s.Delivery.Partitions.Exceeded > 0
			}},
	}
}

// awsCollector shows AWS's metrics of all delivery streams to Prometheus.
type awsCollector struct {
	streams func() []firehose.Status
	metrics []awsMetric
	descs   []*prometheus.Desc
}

func newAWSCollector(streams func() []firehose.Status) *awsCollector {
	c := &awsCollector{streams: streams, metrics: awsMetrics()}
	for _, m := range c.metrics {
		c.descs = append(c.descs, prometheus.NewDesc("aws_firehose_"+m.name, m.help+" CloudWatch: "+m.aws+".", []string{"delivery_stream"}, nil))
	}
	return c
}

// Describe implements prometheus.Collector.
func (c *awsCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *awsCollector) Collect(out chan<- prometheus.Metric) {
	for _, s := range c.streams() {
		for i, m := range c.metrics {
			if v, ok := m.of(&s); ok {
				out <- prometheus.MustNewConstMetric(c.descs[i], m.kind, v, s.Name)
			}
		}
	}
}
