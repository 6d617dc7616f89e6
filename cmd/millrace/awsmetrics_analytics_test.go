package main

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/millrace/millrace/internal/application"
	"github.com/millrace/millrace/internal/kinesisanalytics"
)

// The input, an output to a delivery stream and one to a function each have the
// metrics of their kind; an application that does not run has none.
func TestAnalyticsMetrics(t *testing.T) {
	c := newAnalyticsCollector(func() []kinesisanalytics.Status {
		return []kinesisanalytics.Status{
			{Name: "resting", InputID: "1.1"},
			{Name: "web", InputID: "1.1", Outputs: []kinesisanalytics.OutputStatus{{ID: "1.1", Stream: "OUT"}, {ID: "2.1", Stream: "NEW"}, {ID: "3.1", Stream: "OUT", ARN: "arn:f"}}, Run: application.Status{
				Records: 100, Bytes: 5000, MillisBehindLatest: 250, KPUs: 1,
				Processing: &application.ProcessingStatus{Invocations: 3, Successes: 2, Duration: 1500 * time.Millisecond, OkRecords: 90, DroppedRecords: 10},
				Outputs: []application.OutputStatus{
					{Stream: "OUT", Records: 7, Bytes: 700, Attempts: 2, Successes: 1},
					{Stream: "OUT", ARN: "arn:f", Records: 9, Attempts: 1, Successes: 1, Delivery: &application.DeliveryStatus{Invocations: 4, Successes: 3, OkRecords: 8, DeliveryFailedRecords: 1}},
				},
			}},
		}
	})
	if problems, err := testutil.CollectAndLint(c); err != nil || len(problems) > 0 {
		t.Error(err, problems)
	}
	err := testutil.CollectAndCompare(c, strings.NewReader(`
# HELP aws_kinesisanalytics_kpus Kinesis Processing Units that the application uses. CloudWatch: KPUs.
# TYPE aws_kinesisanalytics_kpus gauge
aws_kinesisanalytics_kpus{application="web"} 1
# HELP aws_kinesisanalytics_millis_behind_latest How long the oldest record that was not read has waited, in milliseconds. CloudWatch: MillisBehindLatest.
# TYPE aws_kinesisanalytics_millis_behind_latest gauge
aws_kinesisanalytics_millis_behind_latest{application="web",flow="Input",id="1.1"} 250
# HELP aws_kinesisanalytics_records_total Records read from the input, or written to the output. CloudWatch: Records.
# TYPE aws_kinesisanalytics_records_total counter
aws_kinesisanalytics_records_total{application="web",flow="Input",id="1.1"} 100
aws_kinesisanalytics_records_total{application="web",flow="Output",id="1.1"} 7
aws_kinesisanalytics_records_total{application="web",flow="Output",id="3.1"} 9
# HELP aws_kinesisanalytics_attempts_total Attempts to write to the output. CloudWatch: Success.
# TYPE aws_kinesisanalytics_attempts_total counter
aws_kinesisanalytics_attempts_total{application="web",flow="Output",id="1.1"} 2
aws_kinesisanalytics_attempts_total{application="web",flow="Output",id="3.1"} 1
# HELP aws_kinesisanalytics_input_processing_duration_seconds_total Time that invocations of the function took. CloudWatch: InputProcessing.Duration.
# TYPE aws_kinesisanalytics_input_processing_duration_seconds_total counter
aws_kinesisanalytics_input_processing_duration_seconds_total{application="web",flow="Input",id="1.1"} 1.5
# HELP aws_kinesisanalytics_input_processing_attempts_total Invocations of the function. CloudWatch: InputProcessing.Success.
# TYPE aws_kinesisanalytics_input_processing_attempts_total counter
aws_kinesisanalytics_input_processing_attempts_total{application="web",flow="Input",id="1.1"} 3
# HELP aws_kinesisanalytics_lambda_delivery_failed_records_total Records that the function marked DeliveryFailed. CloudWatch: LambdaDelivery.DeliveryFailedRecords.
# TYPE aws_kinesisanalytics_lambda_delivery_failed_records_total counter
aws_kinesisanalytics_lambda_delivery_failed_records_total{application="web",flow="Output",id="3.1"} 1
`), "aws_kinesisanalytics_kpus", "aws_kinesisanalytics_millis_behind_latest", "aws_kinesisanalytics_records_total", "aws_kinesisanalytics_attempts_total",
		"aws_kinesisanalytics_input_processing_duration_seconds_total", "aws_kinesisanalytics_input_processing_attempts_total",
		"aws_kinesisanalytics_lambda_delivery_failed_records_total")
	if err != nil {
		t.Error(err)
	}
}
