package delivery

import (
	"slices"
	"time"

	"github.com/millrace/millrace/internal/record"
)

// State is what a pipeline is doing.
type State string

const (
	Starting   State = "starting"
	Waiting    State = "waiting"    // for the first record of a buffer
	Buffering  State = "buffering"  // until size or interval, nothing is under way
	Delivering State = "delivering" // batches are under way
	Retrying   State = "retrying"   // the last attempt of one of them has failed
	Stopped    State = "stopped"    // its context ended
	Failed     State = "failed"     // the stream is damaged
)

// keptObjects is how many of the last deliveries Status shows.
const keptObjects = 10

// Status is a pipeline at one moment. Counters run since the process started,
// sequences since the stream was created.
type Status struct {
	State State `json:"state"`
	// Delivered is the last sequence up to which everything is delivered; what
	// comes after it is buffered, under way, behind a batch that is, or not yet read.
	Delivered record.Sequence `json:"delivered"`

	// Records that are done with, the refused and the dropped by processing
	// included, and their bytes, as they arrived: before processing and compression.
	Records uint64 `json:"records"`
	Bytes   uint64 `json:"bytes"`
	Batches uint64 `json:"batches"` // of which nothing was given up
	// Sent is what the destination took, as processing left it, before
	// compression; Objects in how many deliveries.
	SentRecords uint64 `json:"sent_records"`
	SentBytes   uint64 `json:"sent_bytes"`
	Objects     uint64 `json:"objects"`

	Refused           uint64 `json:"refused"`       // records, as processing left them, that were written to the error output
	RefusedWhole      uint64 `json:"refused_whole"` // of Records, those of which the destination took nothing
	Dropped           uint64 `json:"dropped"`       // given up after their retention
	SucceededAttempts uint64 `json:"succeeded_attempts"`
	FailedAttempts    uint64 `json:"failed_attempts"`

	Processing *Processing `json:"processing,omitempty"` // nil without
	Partitions Partitions  `json:"partitions"`

	Buffer   Buffer   `json:"buffer"`
	UnderWay int      `json:"under_way"` // sealed batches
	Budget   Budget   `json:"budget"`
	Breaker  Breaker  `json:"breaker"`
	Last     []Object `json:"last_objects,omitempty"` // newest first

	LastError   string    `json:"last_error,omitempty"`
	LastErrorAt time.Time `json:"last_error_at,omitzero"`

	// Oldest is the arrival of the oldest record that was read and is not
	// delivered, ms; zero when there is none.
	Oldest int64 `json:"oldest_arrival,omitempty"`
}

// Processing counts what a Processor did.
type Processing struct {
	Batches          uint64 `json:"batches"`
	Millis           uint64 `json:"millis"` // all of them together
	FailedAttempts   uint64 `json:"failed_attempts"`
	SucceededRecords uint64 `json:"succeeded_records"` // that came out of it
	SucceededBytes   uint64 `json:"succeeded_bytes"`
	FailedRecords    uint64 `json:"failed_records"`
	DroppedRecords   uint64 `json:"dropped_records"` // on purpose
}

// Partitions are those of dynamic partitioning.
type Partitions struct {
	Active int `json:"active"` // of the batches under way
	// Exceeded counts the records that were refused because of their number.
	Exceeded uint64 `json:"exceeded"`
}

// Buffer is what waits for size or interval.
type Buffer struct {
	Records   int       `json:"records"`
	Bytes     int       `json:"bytes"`
	Began     time.Time `json:"began,omitzero"` // arrival of its first record
	NextFlush time.Time `json:"next_flush,omitzero"`
}

// Budget is the memory that records take.
type Budget struct {
	Used  int `json:"used"`
	Limit int `json:"limit"`
}

// Breaker is whether the destination is being tried.
type Breaker struct {
	State     string    `json:"state"`
	Since     time.Time `json:"since,omitzero"`      // not closed since then
	NextProbe time.Time `json:"next_probe,omitzero"` // while open
	Failures  int       `json:"failures"`            // in a row
}

// Object is one delivery.
type Object struct {
	Key     string    `json:"key,omitempty"` // empty for destinations without objects
	Time    time.Time `json:"time"`
	Records int       `json:"records"`
	Bytes   int       `json:"bytes"`
	Refused int       `json:"refused,omitempty"`
}

// Status returns a copy.
func (p *Pipeline) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.status
	s.Last = slices.Clone(s.Last)
	if s.Processing != nil {
		copied := *s.Processing
		s.Processing = &copied
	}
	s.UnderWay = p.running
	s.Breaker = p.breaker.status()
	s.Budget = Budget{Used: p.held + p.weight(s.Buffer.Bytes+recordBytes*s.Buffer.Records), Limit: p.opts.BudgetBytes}
	s.State = p.state()
	for _, f := range p.flights {
		s.Partitions.Active += f.partitions
		if !f.gone && s.Oldest == 0 {
			s.Oldest = f.arrival
		}
	}
	if s.Oldest == 0 && s.Buffer.Records > 0 {
		s.Oldest = s.Buffer.Began.UnixMilli()
	}
	return s
}

// state is told by what there is. The caller holds the lock.
func (p *Pipeline) state() State {
	switch {
	case p.progress != "":
		return p.progress
	case p.retrying():
		return Retrying
	case p.running > 0:
		return Delivering
	case p.status.Buffer.Records > 0:
		return Buffering
	}
	return Waiting
}

func (p *Pipeline) retrying() bool {
	return slices.ContainsFunc(p.flights, func(f *flight) bool { return f.failing })
}
