package agent

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

const (
	lagNotice  = 20 << 20
	lagWarning = 40 << 20
)

// report writes progress lines in the Kinesis Agent's words, which scripts look for, until ctx ends.
func (a *Agent) report(ctx context.Context) {
	for sleep(ctx, a.cfg.StatusReportPeriod, nil) == nil {
		a.logProgress(a.Snapshot())
	}
}

func (a *Agent) logProgress(s Snapshot) {
	var parsed, bytes, sent int64
	for _, f := range s.Flows {
		parsed, bytes, sent = parsed+f.Received, bytes+f.ReceivedBytes, sent+f.Sent
		a.logger.Info(fmt.Sprintf("Tailer Progress: Tailer has parsed %d records (%d bytes), transformed %d records, skipped %d records, and has successfully sent %d records to destination.",
			f.Received, f.ReceivedBytes, f.Parsed, f.Dropped, f.Sent), "flow", f.Flow, "failed", f.Failed, "lag_bytes", f.LagBytes)
		if f.LagBytes >= lagNotice {
			level := slog.LevelInfo
			if f.LagBytes >= lagWarning {
				level = slog.LevelWarn
			}
			a.logger.Log(context.Background(), level, fmt.Sprintf("Tailing is %f MB (%d bytes) behind.", float64(f.LagBytes)/(1<<20), f.LagBytes), "flow", f.Flow)
		}
	}
	a.logger.Info(fmt.Sprintf("Agent: Progress: %d records parsed (%d bytes), and %d records sent successfully to destinations. Uptime: %dms",
		parsed, bytes, sent, s.Uptime/time.Millisecond))
}
