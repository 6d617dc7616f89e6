package main

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/millrace/millrace/internal/delivery"
	"github.com/millrace/millrace/internal/firehose"
)

// Each kind of destination has the metrics of its kind and no other's; what has
// no data point on CloudWatch is absent here.
func TestAWSMetrics(t *testing.T) {
	age := int64(1500)
	c := newAWSCollector(func() []firehose.Status {
		return []firehose.Status{
			{Name: "archive", RecordsIn: 100, BytesIn: 10_000, Requests: 1, Target: firehose.Target{Kind: "s3"},
				Delivery: delivery.Status{Records: 100, Bytes: 10_000, Objects: 2, SucceededAttempts: 2, FailedAttempts: 1}},
			{Name: "search", RecordsIn: 7, Throttled: 3, FreshnessMillis: &age, Target: firehose.Target{Kind: "opensearch"},
				Delivery: delivery.Status{Records: 5, Processing: &delivery.Processing{Batches: 2, Millis: 250, SucceededRecords: 5}},
				Backup:   &delivery.Status{Objects: 1}},
		}
	})
	if problems, err := testutil.CollectAndLint(c); err != nil || len(problems) > 0 {
		t.Error(err, problems)
	}
	err := testutil.CollectAndCompare(c, strings.NewReader(`
# HELP aws_firehose_incoming_records_total Records accepted since the stream was created. CloudWatch: IncomingRecords.
# TYPE aws_firehose_incoming_records_total counter
aws_firehose_incoming_records_total{delivery_stream="archive"} 100
aws_firehose_incoming_records_total{delivery_stream="search"} 7
# HELP aws_firehose_delivery_to_s3_bytes_total Bytes delivered, as they arrived: before processing and compression. CloudWatch: DeliveryToS3.Bytes.
# TYPE aws_firehose_delivery_to_s3_bytes_total counter
aws_firehose_delivery_to_s3_bytes_total{delivery_stream="archive"} 10000
# HELP aws_firehose_delivery_to_s3_attempts_total Attempts to deliver. CloudWatch: DeliveryToS3.Success.
# TYPE aws_firehose_delivery_to_s3_attempts_total counter
aws_firehose_delivery_to_s3_attempts_total{delivery_stream="archive"} 3
# HELP aws_firehose_delivery_to_amazon_open_search_service_data_freshness_seconds Age of the oldest record that is not delivered; absent when there is none. CloudWatch: DeliveryToAmazonOpenSearchService.DataFreshness.
# TYPE aws_firehose_delivery_to_amazon_open_search_service_data_freshness_seconds gauge
aws_firehose_delivery_to_amazon_open_search_service_data_freshness_seconds{delivery_stream="search"} 1.5
# HELP aws_firehose_backup_to_s3_object_count_total Objects written. CloudWatch: BackupToS3.ObjectCount.
# TYPE aws_firehose_backup_to_s3_object_count_total counter
aws_firehose_backup_to_s3_object_count_total{delivery_stream="search"} 1
# HELP aws_firehose_execute_processing_duration_seconds_total Time that processing took. CloudWatch: ExecuteProcessing.Duration.
# TYPE aws_firehose_execute_processing_duration_seconds_total counter
aws_firehose_execute_processing_duration_seconds_total{delivery_stream="search"} 0.25
`), "aws_firehose_incoming_records_total", "aws_firehose_delivery_to_s3_bytes_total", "aws_firehose_delivery_to_s3_attempts_total",
		"aws_firehose_delivery_to_amazon_open_search_service_data_freshness_seconds", "aws_firehose_backup_to_s3_object_count_total",
		"aws_firehose_delivery_to_s3_data_freshness_seconds", "aws_firehose_execute_processing_duration_seconds_total")
	if err != nil {
		t.Error(err)
	}
}
