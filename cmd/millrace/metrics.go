package main

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// collector shows the parts' counters to Prometheus, the same that the
// console shows: every stage counts received, sent, failed and dropped, so that
// a gap can be seen and located.
type collector struct {
	path pathStatus

	received, sent, failed, dropped *prometheus.Desc
	lag, rows, journalBytes         *prometheus.Desc
}

func newCollector(s *server) *collector {
	stage := []string{"stage", "name"}
	return &collector{
		path:         pathStatus{s},
		received:     prometheus.NewDesc("millrace_received_total", "Records that a stage took.", stage, nil),
		sent:         prometheus.NewDesc("millrace_sent_total", "Records that the next stage holds.", stage, nil),
		failed:       prometheus.NewDesc("millrace_failed_total", "Records answered with an error, to be sent again.", stage, nil),
		dropped:      prometheus.NewDesc("millrace_dropped_total", "Records that went to the error output, or lines that did not match.", stage, nil),
		lag:          prometheus.NewDesc("millrace_lag_seconds", "Age of the oldest record that the next stage does not hold.", stage, nil),
		rows:         prometheus.NewDesc("millrace_rows_total", "Rows that entered an in-application stream.", []string{"application", "stream"}, nil),
		journalBytes: prometheus.NewDesc("millrace_journal_bytes", "Bytes of frames in the journal.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.received, c.sent, c.failed, c.dropped, c.lag, c.rows, c.journalBytes} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	st, err := c.path.Status(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(c.received, err)
		return
	}
	count := func(d *prometheus.Desc, v int64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for _, f := range st.Agents {
		count(c.received, f.LinesRead, "agent", f.Name)
		count(c.sent, f.RecordsSent, "agent", f.Name)
		count(c.failed, f.RecordsFailed, "agent", f.Name)
		count(c.dropped, f.LinesUnmatched, "agent", f.Name)
	}
	for _, d := range st.DeliveryStreams {
		count(c.received, d.RecordsIn, "delivery_stream", d.Name)
		count(c.sent, d.RecordsOut, "delivery_stream", d.Name)
		count(c.failed, d.PutsRefused, "delivery_stream", d.Name)
		count(c.dropped, d.RecordsRefused, "delivery_stream", d.Name)
		gauge(c.lag, float64(d.FreshnessMs)/1000, "delivery_stream", d.Name)
	}
	for _, a := range st.Applications {
		gauge(c.lag, float64(a.MillisBehindLatest)/1000, "application", a.Name)
		for _, s := range a.Streams {
			count(c.rows, s.Rows, a.Name, s.Name)
		}
	}
	gauge(c.journalBytes, float64(st.Server.JournalBytes))
}

// observe counts the edge's answers.
func (s *server) observe() func(service, operation string, status int, elapsed time.Duration) {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "millrace_requests_total", Help: "Answers of the AWS edge.",
	}, []string{"service", "operation", "status"})
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "millrace_request_seconds", Help: "Time from the request's first byte to its answer.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5},
	}, []string{"service", "operation"})
	s.metrics.MustRegister(requests, seconds)
	return func(service, operation string, status int, elapsed time.Duration) {
		requests.WithLabelValues(service, operation, strconv.Itoa(status)).Inc()
		seconds.WithLabelValues(service, operation).Observe(elapsed.Seconds())
	}
}
