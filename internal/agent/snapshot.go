package agent

import (
	"sync"
	"sync/atomic"
	"time"
)

// Snapshot is what the agent has done so far.
type Snapshot struct {
	Uptime time.Duration  `json:"uptime_ns"`
	Flows  []FlowSnapshot `json:"flows"`
}

// FlowSnapshot counts lines, records, bytes and trouble of one flow since the start.
type FlowSnapshot struct {
	Flow           string `json:"flow"`
	DeliveryStream string `json:"delivery_stream"` // or the Kinesis stream
	Destination    string `json:"destination"`     // as CloudWatch's dimension names it
	FilePattern    string `json:"file_pattern"`
	Files          int    `json:"files"` // followed now

	Received      int64 `json:"received"` // lines read
	ReceivedBytes int64 `json:"received_bytes"`
	Parsed        int64 `json:"parsed"`      // lines that became records
	Dropped       int64 `json:"dropped"`     // lines that did not match
	Skipped       int64 `json:"skipped"`     // header lines and footers
	Unconverted   int64 `json:"unconverted"` // lines sent as they are because an option could not handle them
	Cut           int64 `json:"cut"`         // records beyond the service's limit
	Refused       int64 `json:"refused"`     // records given up because the stream takes others and not them
	Sent          int64 `json:"sent"`        // records accepted
	SentBytes     int64 `json:"sent_bytes"`  // of records accepted
	Failed        int64 `json:"failed"`      // requests that failed wholly or in part

	Attempts      int64 `json:"attempts"`       // records in requests, again and again
	RecordErrors  int64 `json:"record_errors"`  // records that an answer did not accept
	ServiceErrors int64 `json:"service_errors"` // requests that failed as a whole

	HeldBytes      int           `json:"held_bytes"` // of memory
	OldestUnsent   time.Duration `json:"oldest_unsent_ns"`
	LagBytes       uint64        `json:"lag_bytes"` // written to the files, not acknowledged
	RotatedFiles   int           `json:"rotated_files"`
	TruncatedFiles int           `json:"truncated_files"`
	LostBytes      uint64        `json:"lost_bytes"` // unread when a file was truncated
	Failing        bool          `json:"failing"`    // the last request failed
	LastError      string        `json:"last_error,omitempty"`
	LastErrorAt    time.Time     `json:"last_error_at,omitzero"`
}

// counters are a flow's.
type counters struct {
	received, receivedBytes, parsed, dropped, skipped, unconverted, cut, refused, sent, sentBytes, failed atomic.Int64
	attempts, recordErrors, serviceErrors                                                                 atomic.Int64
	accepted                                                                                              atomic.Int64 // requests of which records were

	mu          sync.Mutex
	lastError   string
	lastErrorAt time.Time
	inTrouble   bool
	announced   bool
	nextLog     map[string]time.Time // by kind of error
}

const failureLogPeriod = 30 * time.Second

// failing notes an error and reports whether it is time to log it: the first of its kind at once, then one in 30 s. whole is for requests of which
// nothing was accepted.
func (c *counters) failing(err error, kind string, whole bool, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inTrouble = c.inTrouble || whole
	c.lastError, c.lastErrorAt = err.Error(), now
	if now.Before(c.nextLog[kind]) {
		return false
	}
	if c.nextLog == nil {
		c.nextLog = make(map[string]time.Time)
	}
	c.nextLog[kind], c.announced = now.Add(failureLogPeriod), c.announced || whole
	return true
}

// recovered reports whether there was trouble until now of which the log speaks.
func (c *counters) recovered() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.inTrouble && c.announced
	if c.inTrouble {
		c.inTrouble, c.announced = false, false
	}
	return was
}

func (c *counters) setError(err error, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastError, c.lastErrorAt = err.Error(), now
}

// Snapshot may be called at any time.
func (a *Agent) Snapshot() Snapshot {
	s := Snapshot{Uptime: time.Since(a.started)}
	for _, f := range a.flows {
		s.Flows = append(s.Flows, f.snapshot())
	}
	return s
}

func (f *flow) snapshot() FlowSnapshot {
	c := &f.count
	files := f.tailer.Stats()
	s := FlowSnapshot{
		Flow: f.id, DeliveryStream: f.cfg.Stream(), FilePattern: f.cfg.FilePattern,
		Received: c.received.Load(), ReceivedBytes: c.receivedBytes.Load(), Parsed: c.parsed.Load(), Dropped: c.dropped.Load(), Skipped: c.skipped.Load(), Unconverted: c.unconverted.Load(), Cut: c.cut.Load(), Refused: c.refused.Load(),
		Sent: c.sent.Load(), SentBytes: c.sentBytes.Load(), Failed: c.failed.Load(),
		Attempts: c.attempts.Load(), RecordErrors: c.recordErrors.Load(), ServiceErrors: c.serviceErrors.Load(), Destination: f.service.dimension + ":" + f.cfg.Stream(),
		RotatedFiles: files.Rotated, TruncatedFiles: files.Truncated, LostBytes: files.LostBytes,
	}
	s.Files, s.LagBytes, s.OldestUnsent = f.lag(time.Now())
	s.HeldBytes = f.memory.held()
	c.mu.Lock()
	s.LastError, s.LastErrorAt, s.Failing = c.lastError, c.lastErrorAt, c.inTrouble
	c.mu.Unlock()
	return s
}

// lag is what was written to the flow's files and is not acknowledged, and how long the oldest record of it is held.
func (f *flow) lag(now time.Time) (files int, bytes uint64, oldest time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.tailer.Files()
	for _, s := range all {
		if !s.Ended {
			bytes += s.Unread
		}
	}
	for _, i := range f.incarnations {
		if len(i.spans) > 0 {
			bytes += max(i.parsed, i.spans[len(i.spans)-1].end) - i.low
			oldest = max(oldest, now.Sub(i.spans[0].begun))
		}
	}
	return len(all), bytes, oldest
}
