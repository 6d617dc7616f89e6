package application

import (
	"fmt"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// privateStreams are the journal's streams that belong to an application alone.
// They count towards the journal's quota and go with the application.
type privateStreams struct {
	Version int `json:"version"`
	// Processed holds what the pre-processing function answered.
	Processed *processedStream `json:"processed,omitempty"`
	// Outputs hold the records that functions have yet to take.
	Outputs []outputStream `json:"outputs,omitempty"`
	// Gone are to be dropped: they are no longer used.
	Gone []record.StreamID `json:"gone,omitempty"`
}

// processedStream is the stream that the engine reads in the input's place. How
// far the input was processed is its cursor.
type processedStream struct {
	ID    record.StreamID `json:"id"`
	Input record.StreamID `json:"input"`
}

// outputStream is that of one output.
type outputStream struct {
	Stream   string          `json:"stream"` // in-application
	Function string          `json:"function"`
	ID       record.StreamID `json:"id"`
}

func streamsKey(app string) string { return statePrefix(app) + "streams" }

// ids are all streams, in use or not.
func (p *privateStreams) ids() (ids []record.StreamID) {
	if p.Processed != nil {
		ids = append(ids, p.Processed.ID)
	}
	for _, o := range p.Outputs {
		ids = append(ids, o.ID)
	}
	return append(ids, p.Gone...)
}

// outputID takes the stream of an output out of the list, or makes a new one.
func (p *privateStreams) outputID(o Output) record.StreamID {
	for i, s := range p.Outputs {
		if s.Stream == o.Stream && s.Function == o.ARN {
			p.Outputs = append(p.Outputs[:i:i], p.Outputs[i+1:]...)
			return s.ID
		}
	}
	return record.NewStreamID()
}

// next are the streams that a plan needs, with those of the old ones that it
// goes on with; the others are gone.
func (p privateStreams) next(plan *plan, processed *processedStream) *privateStreams {
	n := &privateStreams{Version: stateVersion, Processed: processed}
	if p.Processed != nil && (processed == nil || processed.ID != p.Processed.ID) {
		n.Gone = append(n.Gone, p.Processed.ID)
	}
	for _, o := range plan.Outputs {
		if o.Kind == ToFunction {
			n.Outputs = append(n.Outputs, outputStream{o.Stream, o.ARN, p.outputID(o)})
		}
	}
	for _, o := range p.Outputs {
		n.Gone = append(n.Gone, o.ID)
	}
	n.Gone = append(n.Gone, p.Gone...)
	return n
}

// dropGone gives up the streams that are no longer used.
func (a *Application) dropGone() error {
	if len(a.private.Gone) == 0 {
		return nil
	}
	for _, id := range a.private.Gone {
		if n := a.opts.Journal.Extent(id); n.Next > n.First {
			a.log.Info("what was kept for a function that the application no longer has is given up", "stream_id", id.String(), "bytes", n.Bytes)
		}
		if err := a.opts.Journal.Drop(id); err != nil {
			return fmt.Errorf("drop stream %s: %w", id, err)
		}
	}
	a.private.Gone = nil
	b := &journal.Batch{}
	set(b, streamsKey(a.plan.Name), a.private)
	_, err := journal.Put(a.opts.Journal, b)
	return err
}

// maxFrameBytes of records in a frame of a private stream end it.
const maxFrameBytes = 2 << 20

// appendFrames adds the records to a batch, as frames of a private stream.
func appendFrames(b *journal.Batch, id record.StreamID, records *record.Builder) error {
	part := &record.Builder{}
	for i := range records.Count() {
		part.Append(records.Record(i))
		if part.Bytes() < maxFrameBytes && i < records.Count()-1 {
			continue
		}
		sealed, err := part.Seal()
		if err != nil {
			return err
		}
		b.Append(id, sealed)
	}
	return nil
}
