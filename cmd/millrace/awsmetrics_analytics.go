package main

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/millrace/millrace/internal/application"
	"github.com/millrace/millrace/internal/kinesisanalytics"
)

// flow is one side of a running application, as CloudWatch's metrics tell them
// apart: its input, or one of its outputs.
type flow struct {
	app    *kinesisanalytics.Status
	name   string // dimension Flow: "Input" or "Output"
	id     string // dimension Id
	output *application.OutputStatus
}

// analyticsMetric is one of CloudWatch's metrics of an application (namespace
// AWS/KinesisAnalytics) under a name that Prometheus takes. What CloudWatch sums
// over a period is a counter here, since the start of the server, and its
// Success, a ratio, is two.
type analyticsMetric struct {
	aws, name, help string
	kind            prometheus.ValueType
	// of returns the value, and whether the flow has one.
	of func(f *flow) (float64, bool)
}

// analyticsMetrics are all of them but KPUs, which have no flow.
func analyticsMetrics() []analyticsMetric {
	input := func(of func(s *application.Status) int64) func(f *flow) (float64, bool) {
		return func(f *flow) (float64, bool) {
			if f.output != nil {
				return 0, false
			}
			return float64(of(&f.app.Run)), true
		}
	}
	output := func(of func(o *application.OutputStatus) int64) func(f *flow) (float64, bool) {
		return func(f *flow) (float64, bool) {
			if f.output == nil {
				return 0, false
			}
			return float64(of(f.output)), true
		}
	}
	both := func(in func(s *application.Status) int64, out func(o *application.OutputStatus) int64) func(f *flow) (float64, bool) {
		return func(f *flow) (float64, bool) {
			if f.output == nil {
				return input(in)(f)
			}
			return output(out)(f)
		}
	}
	all := []analyticsMetric{
		{"MillisBehindLatest", "millis_behind_latest", "How long the oldest record that was not read has waited, in milliseconds.", measured,
			input(func(s *application.Status) int64 { return s.MillisBehindLatest })},
		{"Records", "records_total", "Records read from the input, or written to the output.", counted,
			both(func(s *application.Status) int64 { return s.Records }, func(o *application.OutputStatus) int64 { return o.Records })},
		{"Bytes", "bytes_total", "Bytes of these records.", counted,
			both(func(s *application.Status) int64 { return s.Bytes }, func(o *application.OutputStatus) int64 { return o.Bytes })},
		{"Success", "success_total", "Attempts to write to the output that succeeded.", counted,
			output(func(o *application.OutputStatus) int64 { return o.Successes })},
		{"Success", "attempts_total", "Attempts to write to the output.", counted,
			output(func(o *application.OutputStatus) int64 { return o.Attempts })},
	}
	return append(append(all, inputProcessingMetrics()...), lambdaDeliveryMetrics()...)
}

func inputProcessingMetrics() []analyticsMetric {
	value := func(of func(p *application.ProcessingStatus) float64) func(f *flow) (float64, bool) {
		return func(f *flow) (float64, bool) {
			if p := f.app.Run.Processing; p != nil && f.output == nil {
				return of(p), true
			}
			return 0, false
		}
	}
	return []analyticsMetric{
		{"InputProcessing.Duration", "input_processing_duration_seconds_total", "Time that invocations of the function took.", counted,
			value(func(p *application.ProcessingStatus) float64 { return p.Duration.Seconds() })},
		{"InputProcessing.OkRecords", "input_processing_ok_records_total", "Records that the function marked Ok.", counted,
			value(func(p *application.ProcessingStatus) float64 { return float64(p.OkRecords) })},
		{"InputProcessing.OkBytes", "input_processing_ok_bytes_total", "Their bytes.", counted,
			value(func(p *application.ProcessingStatus) float64 { return float64(p.OkBytes) })},
		{"InputProcessing.DroppedRecords", "input_processing_dropped_records_total", "Records that the function marked Dropped.", counted,
			value(func(p *application.ProcessingStatus) float64 { return float64(p.DroppedRecords) })},
		{"InputProcessing.ProcessingFailedRecords", "input_processing_failed_records_total", "Records that the function marked ProcessingFailed.", counted,
			value(func(p *application.ProcessingStatus) float64 { return float64(p.ProcessingFailedRecords) })},
		{"InputProcessing.Success", "input_processing_success_total", "Invocations of the function that succeeded.", counted,
			value(func(p *application.ProcessingStatus) float64 { return float64(p.Successes) })},
		{"InputProcessing.Success", "input_processing_attempts_total", "Invocations of the function.", counted,
			value(func(p *application.ProcessingStatus) float64 { return float64(p.Invocations) })},
	}
}

func lambdaDeliveryMetrics() []analyticsMetric {
	value := func(of func(d *application.DeliveryStatus) float64) func(f *flow) (float64, bool) {
		return func(f *flow) (float64, bool) {
			if f.output == nil || f.output.Delivery == nil {
				return 0, false
			}
			return of(f.output.Delivery), true
		}
	}
	return []analyticsMetric{
		{"LambdaDelivery.OkRecords", "lambda_delivery_ok_records_total", "Records that the function marked Ok.", counted,
			value(func(d *application.DeliveryStatus) float64 { return float64(d.OkRecords) })},
		{"LambdaDelivery.DeliveryFailedRecords", "lambda_delivery_failed_records_total", "Records that the function marked DeliveryFailed.", counted,
			value(func(d *application.DeliveryStatus) float64 { return float64(d.DeliveryFailedRecords) })},
		{"LambdaDelivery.Duration", "lambda_delivery_duration_seconds_total", "Time that invocations of the function took.", counted,
			value(func(d *application.DeliveryStatus) float64 { return d.Duration.Seconds() })},
		{"LambdaDelivery.Success", "lambda_delivery_success_total", "Invocations of the function that succeeded.", counted,
			value(func(d *application.DeliveryStatus) float64 { return float64(d.Successes) })},
		{"LambdaDelivery.Success", "lambda_delivery_attempts_total", "Invocations of the function.", counted,
			value(func(d *application.DeliveryStatus) float64 { return float64(d.Invocations) })},
	}
}

// flows of an application that runs: input first. While an update is taken up,
// the run still has the outputs of the version before.
func flows(a *kinesisanalytics.Status) []flow {
	all := []flow{{app: a, name: "Input", id: a.InputID}}
	left := slices.Clone(a.Outputs)
	for i := range a.Run.Outputs {
		o := &a.Run.Outputs[i]
		k := slices.IndexFunc(left, func(l kinesisanalytics.OutputStatus) bool { return l.Stream == o.Stream && l.ARN == o.ARN })
		if k < 0 {
			continue
		}
		all = append(all, flow{app: a, name: "Output", id: left[k].ID, output: o})
		left = slices.Delete(left, k, k+1)
	}
	return all
}

// analyticsCollector shows AWS's metrics of all applications to Prometheus. An
// application that does not run has none, as on CloudWatch.
type analyticsCollector struct {
	applications func() []kinesisanalytics.Status
	metrics      []analyticsMetric
	descs        []*prometheus.Desc
	kpus         *prometheus.Desc
}

const analyticsPrefix = "aws_kinesisanalytics_"

func newAnalyticsCollector(applications func() []kinesisanalytics.Status) *analyticsCollector {
	c := &analyticsCollector{applications: applications, metrics: analyticsMetrics(),
		kpus: prometheus.NewDesc(analyticsPrefix+"kpus", "Kinesis Processing Units that the application uses. CloudWatch: KPUs.", []string{"application"}, nil)}
	for _, m := range c.metrics {
		c.descs = append(c.descs, prometheus.NewDesc(analyticsPrefix+m.name, m.help+" CloudWatch: "+m.aws+".", []string{"application", "flow", "id"}, nil))
	}
	return c
}

// Describe implements prometheus.Collector.
func (c *analyticsCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		out <- d
	}
	out <- c.kpus
}

// Collect implements prometheus.Collector.
func (c *analyticsCollector) Collect(out chan<- prometheus.Metric) {
	for _, a := range c.applications() {
		if a.Run.KPUs == 0 {
			continue
		}
		out <- prometheus.MustNewConstMetric(c.kpus, measured, float64(a.Run.KPUs), a.Name)
		for _, f := range flows(&a) {
			for i, m := range c.metrics {
				if v, ok := m.of(&f); ok {
					out <- prometheus.MustNewConstMetric(c.descs[i], m.kind, v, a.Name, f.name, f.id)
				}
			}
		}
	}
}
