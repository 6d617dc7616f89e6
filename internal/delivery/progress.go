package delivery

import (
	"slices"
	"time"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

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
	p.failure, p.lastErr, f.failing = what, err, true
	p.status.FailedAttempts++
	p.status.LastError, p.status.LastErrorAt = err.Error(), time.Now()
	return news
}

// lastFailure is the error of the last attempt that failed, of any batch.
func (p *Pipeline) lastFailure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lastErr
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
	st.RefusedWhole += uint64(out.lost)
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
		st.Records += uint64(max(0, len(f.batch.Records)-out.dropped))
		st.Bytes += uint64(out.sentBytes)
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
