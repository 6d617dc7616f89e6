package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// metric is a counter of a flow as Prometheus sees it.
type metric struct {
	name, kind, help string
	value            func(FlowSnapshot) float64
}

// metrics are the counters of FlowSnapshot; what was lost and why has a name of its own each.
func metrics() []metric {
	count := func(name, help string, value func(FlowSnapshot) int64) metric {
		return metric{"millrace_agent_" + name + "_total", "counter", help, func(s FlowSnapshot) float64 { return float64(value(s)) }}
	}
	gauge := func(name, help string, value func(FlowSnapshot) float64) metric {
		return metric{"millrace_agent_" + name, "gauge", help, value}
	}
	return []metric{
		count("lines_read", "Lines read.", func(s FlowSnapshot) int64 { return s.Received }),
		count("bytes_read", "Bytes of lines read.", func(s FlowSnapshot) int64 { return s.ReceivedBytes }),
		count("records_parsed", "Lines, or events of several lines, that became records.", func(s FlowSnapshot) int64 { return s.Parsed }),
		count("records_dropped", "Lines that did not match their format.", func(s FlowSnapshot) int64 { return s.Dropped }),
		count("lines_skipped", "Header lines and footers.", func(s FlowSnapshot) int64 { return s.Skipped }),
		count("records_unconverted", "Lines sent as they are because a processing option could not handle them.", func(s FlowSnapshot) int64 { return s.Unconverted }),
		count("records_truncated", "Records cut at the service's limit.", func(s FlowSnapshot) int64 { return s.Cut }),
		count("records_refused", "Records given up because the stream takes others and not them.", func(s FlowSnapshot) int64 { return s.Refused }),
		count("records_sent", "Records accepted.", func(s FlowSnapshot) int64 { return s.Sent }),
		count("bytes_sent", "Bytes of records accepted.", func(s FlowSnapshot) int64 { return s.SentBytes }),
		count("record_send_attempts", "Records in requests, again and again.", func(s FlowSnapshot) int64 { return s.Attempts }),
		count("record_send_errors", "Records that were not accepted by an answer.", func(s FlowSnapshot) int64 { return s.RecordErrors }),
		count("requests_failed", "Requests that failed wholly or in part.", func(s FlowSnapshot) int64 { return s.Failed }),
		count("files_rotated", "Files that lost their name.", func(s FlowSnapshot) int64 { return int64(s.RotatedFiles) }),
		count("files_truncated", "Files that became shorter.", func(s FlowSnapshot) int64 { return int64(s.TruncatedFiles) }),
		count("bytes_lost", "Bytes that were truncated or removed before they were read, as far as their size was known.", func(s FlowSnapshot) int64 { return int64(s.LostBytes) }),
		gauge("files", "Files followed.", func(s FlowSnapshot) float64 { return float64(s.Files) }),
		gauge("lag_bytes", "Bytes written to the files and not acknowledged.", func(s FlowSnapshot) float64 { return float64(s.LagBytes) }),
		gauge("oldest_unsent_seconds", "Age of the oldest record that is held and not acknowledged.", func(s FlowSnapshot) float64 { return s.OldestUnsent.Seconds() }),
		gauge("held_bytes", "Memory held for records.", func(s FlowSnapshot) float64 { return float64(s.HeldBytes) }),
		gauge("failing", "1 while the last request failed.", func(s FlowSnapshot) float64 {
			if s.Failing {
				return 1
			}
			return 0
		}),
	}
}

// writeMetrics writes the text format of Prometheus.
func writeMetrics(w io.Writer, s Snapshot) {
	fmt.Fprintf(w, "# HELP millrace_agent_uptime_seconds Time since the start.\n# TYPE millrace_agent_uptime_seconds gauge\nmillrace_agent_uptime_seconds %v\n", s.Uptime.Seconds())
	escape := strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
	for _, m := range metrics() {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", m.name, m.help, m.name, m.kind)
		for _, f := range s.Flows {
			fmt.Fprintf(w, "%s{flow=\"%s\"} %s\n", m.name, escape.Replace(f.Flow), strconv.FormatFloat(m.value(f), 'g', -1, 64))
		}
	}
}

// serveMetrics answers GET /metrics for Prometheus and GET /status, the same as JSON, until ctx ends.
func (a *Agent) serveMetrics(ctx context.Context) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		writeMetrics(w, a.Snapshot())
	})
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(a.Snapshot())
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(a.metrics); err != nil && ctx.Err() == nil {
		a.logger.Error("metrics are shown no longer", "error", err)
	}
}

// listenMetrics takes the address at the start, so that one that is taken is an error of the start.
func (a *Agent) listenMetrics() (err error) {
	if a.cfg.MetricsAddress == "" {
		return nil
	}
	if a.metrics, err = net.Listen("tcp", a.cfg.MetricsAddress); err != nil {
		return fmt.Errorf("show metrics: %w", err)
	}
	a.logger.Info("metrics are shown", "address", a.metrics.Addr().String())
	return nil
}
