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
	Buffering  State = "buffering"  // until size or interval
	Delivering State = "delivering" // the first attempt is under way
	Retrying   State = "retrying"   // attempts have failed
	Stopped    State = "stopped"    // its context ended
	Failed     State = "failed"     // the stream is damaged
)

// keptObjects is how many of the last deliveries Status shows.
const keptObjects = 10

// Status is a pipeline at one moment. Counters run since the process started,
// sequences since the stream was created.
type Status struct {
	State State `json:"state"`
	// Delivered is the last sequence that is delivered; what comes after it is
	// buffered, under way or not yet read.
	Delivered record.Sequence `json:"delivered"`

	Records        uint64 `json:"records"` // delivered, refused ones included
	Bytes          uint64 `json:"bytes"`   // of these, before compression
	Batches        uint64 `json:"batches"`
	Refused        uint64 `json:"refused"` // written to the error output
	Dropped        uint64 `json:"dropped"` // given up after their retention
	FailedAttempts uint64 `json:"failed_attempts"`

	Buffer Buffer   `json:"buffer"`
	Last   []Object `json:"last_objects,omitempty"` // newest first

	LastError   string    `json:"last_error,omitempty"`
	LastErrorAt time.Time `json:"last_error_at,omitzero"`

	// Oldest is the arrival of the oldest record that was read and is not
	// delivered, ms; zero when there is none.
	Oldest int64 `json:"oldest_arrival,omitempty"`
}

// Buffer is what waits for size or interval.
type Buffer struct {
	Records   int       `json:"records"`
	Bytes     int       `json:"bytes"`
	NextFlush time.Time `json:"next_flush,omitzero"`
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
	return s
}

func (p *Pipeline) setState(s State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.State = s
	p.announce()
}

// stopped notes the error that ended the pipeline.
func (p *Pipeline) stopped(err error) {
	p.noteFailure(err.Error())
	p.setState(Failed)
}

func (p *Pipeline) setDelivered(next record.Sequence) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.Delivered = next - 1
	p.announce()
}

// announce lets Flush look again. The caller holds the lock.
func (p *Pipeline) announce() {
	close(p.moved)
	p.moved = make(chan struct{})
}

// buffered shows the buffer as it is.
func (p *Pipeline) buffered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.buffer.records) == 0 {
		p.status.State, p.status.Buffer, p.status.Oldest = Waiting, Buffer{}, 0
		return
	}
	p.status.State = Buffering
	p.status.Buffer = Buffer{Records: len(p.buffer.records), Bytes: p.buffer.bytes, NextFlush: p.buffer.due}
	p.status.Oldest = p.buffer.records[0].Arrival
}

func (p *Pipeline) delivering(b *destination.Batch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.State, p.status.Oldest = Delivering, b.Records[0].Arrival
}

// noteFailure counts an attempt and tells whether its error is news.
func (p *Pipeline) noteFailure(text string) (news bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	news = p.status.State != Retrying || p.status.LastError != text
	p.status.FailedAttempts++
	p.status.State, p.status.LastError, p.status.LastErrorAt = Retrying, text, time.Now()
	return news
}

func (p *Pipeline) delivered(s sealed, b *destination.Batch, o outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.status.State == Retrying {
		p.log.Info("delivery goes on", "batch", b.ID, "records", len(b.Records))
	}
	st := &p.status
	st.Delivered = s.Next - 1
	st.Oldest = 0
	st.Dropped += uint64(o.dropped)
	if o.dropped == 0 {
		st.Records += uint64(len(b.Records))
		st.Bytes += uint64(b.Bytes())
		st.Batches++
		st.Refused += uint64(o.refused)
		object := Object{Key: b.Key, Time: time.Now(), Records: len(b.Records), Bytes: b.Bytes(), Refused: o.refused}
		st.Last = slices.Insert(st.Last, 0, object)
		st.Last = st.Last[:min(len(st.Last), keptObjects)]
	}
	p.announce()
}
