package delivery

import (
	"slices"
	"time"

	"github.com/millrace/millrace/internal/destination"
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
	Batches uint64 `json:"batches"`
	// Sent is what the destination took, as processing left it, before
	// compression; Objects in how many deliveries.
	SentRecords uint64 `json:"sent_records"`
	SentBytes   uint64 `json:"sent_bytes"`
	Objects     uint64 `json:"objects"`

	Refused           uint64 `json:"refused"` // written to the error output
	Dropped           uint64 `json:"dropped"` // given up after their retention
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

// ended sets the last state.
func (p *Pipeline) ended(s State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.progress = s
	p.announce()
}

// stopped notes the error that ended the pipeline.
func (p *Pipeline) stopped(err error) {
	p.mu.Lock()
	p.status.LastError, p.status.LastErrorAt = err.Error(), time.Now()
	p.mu.Unlock()
	p.options().diagnose(Diagnostic{Message: messageOf(err), ErrorCode: codeOf(err), Version: p.options().Config.Version})
	p.ended(Failed)
}

// announce lets Flush look again. The caller holds the lock.
func (p *Pipeline) announce() {
	close(p.moved)
	p.moved = make(chan struct{})
}

// resumed notes where the process before this one ended.
func (p *Pipeline) resumed(next record.Sequence, left []*flight) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flights = left
	p.status.Delivered = next - 1
	p.progress = ""
	p.announce()
}

// pending returns the batches of the process before that are not finished.
func (p *Pipeline) pending() []*flight {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.flights), func(f *flight) bool { return f.gone })
}

// buffered shows the buffer as it is. The caller holds the lock.
func (p *Pipeline) buffered() {
	if len(p.buffer.records) == 0 {
		p.status.Buffer = Buffer{}
		return
	}
	p.status.Buffer = Buffer{Records: len(p.buffer.records), Bytes: p.buffer.bytes,
		Began: time.UnixMilli(p.buffer.records[0].Arrival), NextFlush: p.buffer.due(p.opts.Config.Interval)}
}

// launched notes a batch that is under way from now on.
func (p *Pipeline) launched(f *flight, records []record.Record) {
	f.batch = &destination.Batch{
		ID: f.ID.String(), Stream: p.opts.Stream, Name: p.opts.Name, ARN: p.opts.ARN,
		Version: f.Version, Key: f.Key, Records: records,
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	f.arrival = records[0].Arrival
	f.Bytes = f.batch.Bytes() // an entry of format 1 does not say it
	f.source = f.Bytes + recordBytes*len(records)
	p.hold(f, p.weight(f.source))
	p.running++
	p.buffered()
}

// noteFailure counts an attempt and tells whether its error is news.
func (p *Pipeline) noteFailure(f *flight, err error) (news bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	what := codeOf(err)
	if what == "" {
		what = messageOf(err)
	}
	news = !p.retrying() || p.failure != what
	p.failure, f.failing = what, true
	p.status.FailedAttempts++
	p.status.LastError, p.status.LastErrorAt = err.Error(), time.Now()
	return news
}

// processed counts what processing did, and what it made of the batch to the budget.
func (p *Pipeline) processed(f *flight, began time.Time, result destination.Processed, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.status.Processing == nil {
		p.status.Processing = &Processing{}
	}
	st := p.status.Processing
	st.Millis += uint64(time.Since(began).Milliseconds())
	if err != nil {
		st.FailedAttempts++
		return
	}
	bytes := 0
	for _, r := range result.Records {
		bytes += len(r.Data)
	}
	st.Batches++
	st.SucceededRecords += uint64(len(result.Records))
	st.SucceededBytes += uint64(bytes)
	st.FailedRecords += uint64(len(result.Refusals))
	st.DroppedRecords += uint64(result.Dropped)
	p.hold(f, f.source+bytes+recordBytes*len(result.Records))
	p.nudge()
}

// hold sets what a batch takes of the budget. The caller holds the lock.
func (p *Pipeline) hold(f *flight, held int) {
	p.held += held - f.held
	f.held = held
}

// partitioned counts the partitions of a batch.
func (p *Pipeline) partitioned(f *flight, exceeded int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f.partitions = len(f.parcels)
	p.status.Partitions.Exceeded += uint64(exceeded)
}

// settled notes a batch that is finished, durably; the cursor has moved to
// moved, if not zero.
func (p *Pipeline) settled(f *flight, out outcome, moved record.Sequence) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running--
	p.hold(f, 0)
	wasFailing := f.failing
	f.failing, f.partitions = false, 0
	if wasFailing && !p.retrying() && out.dropped == 0 {
		p.log.Info("delivery goes on", "batch", f.ID, "records", len(f.batch.Records))
	}
	p.count(f, out)
	p.keepSpare(f.batch.Records)
	f.batch, f.parcels, f.refused = nil, nil, nil // it may stay until those before it are finished
	if moved != 0 {
		p.status.Delivered = max(p.status.Delivered, moved-1)
		p.announce()
	}
	p.nudge()
}

func (p *Pipeline) count(f *flight, out outcome) {
	st := &p.status
	st.Refused += uint64(out.refused)
	st.Dropped += uint64(out.dropped)
	st.SentRecords += uint64(out.sent)
	st.SentBytes += uint64(out.sentBytes)
	for _, o := range out.objects {
		if o.Refused < o.Records {
			st.Objects++
		}
		st.Last = slices.Insert(st.Last, 0, o)
		st.Last = st.Last[:min(len(st.Last), keptObjects)]
	}
	if out.dropped > 0 {
		return
	}
	st.SucceededAttempts++
	st.Batches++
	st.Records += uint64(len(f.batch.Records))
	st.Bytes += uint64(f.Bytes)
}

// keepSpare keeps the memory of a finished batch: one for each that may be under
// way would be too much for a stream that has become quiet. The caller holds
// the lock.
func (p *Pipeline) keepSpare(records []record.Record) {
	if cap(records) <= maxSpare && len(p.spare) < 2 {
		clear(records)
		p.spare = append(p.spare, records[:0])
	}
}

func (p *Pipeline) takeSpare() (spare []record.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.spare); n > 0 {
		spare, p.spare = p.spare[n-1], p.spare[:n-1]
	}
	return spare
}
