package application

import (
	"context"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// maxUnreadBytes of answers may wait for the engine; then the function waits.
const maxUnreadBytes = 32 << 20

// processedPosition: everything before input was processed when the processed
// stream went up to stream.
type processedPosition struct{ input, stream record.Sequence }

// unreadBatch is what a commit added to the processed stream.
type unreadBatch struct {
	next  record.Sequence // after it
	bytes int
}

// commit makes answers durable, and with them how far the input was processed.
func (p *processor) commit(ctx context.Context, part *processedPart) error {
	var out record.Builder
	read := 0
	for i, answer := range part.answers {
		in := part.records[i]
		read += len(in.Data)
		r := processedRecord{processedOk, in.Arrival, in.Sequence}
		switch answer.result {
		case resultOk:
			r.append(&out, answer.data)
		case resultProcessingFailed:
			r.kind = processedFailed
			r.append(&out, in.Data)
		}
	}
	next, arrival := part.end()
	processedRecord{processedMark, arrival, next}.append(&out, nil)
	bytes := out.Bytes()
	if err := p.room(ctx); err != nil {
		return err
	}
	batch := &journal.Batch{MakesRoom: true}
	if err := appendFrames(batch, p.stream, &out); err != nil {
		return err
	}
	batch.SetCursor(p.a.input, cursorName(p.a.plan.Name), next)
	frames, err := p.a.put(ctx, "processed", batch)
	if err != nil {
		return err
	}
	p.committed(part, read, unreadBatch{frames[len(frames)-1].Next(), bytes})
	return nil
}

// room waits until the engine has read most of what was processed.
func (p *processor) room(ctx context.Context) error {
	for p.unreadBytes() > maxUnreadBytes {
		if err := sleep(ctx, p.a.opts.IdleInterval); err != nil {
			return err
		}
	}
	return nil
}

func (p *processor) unreadBytes() (n int) {
	p.a.mu.Lock()
	read := p.a.progress.next
	p.a.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.unread) > 0 && p.unread[0].next <= read {
		p.unread = p.unread[1:]
	}
	for _, b := range p.unread {
		n += b.bytes
	}
	return n
}

func (p *processor) began(b *processing) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.oldest == 0 {
		p.oldest = b.records[0].Arrival
	}
}

func (p *processor) committed(part *processedPart, read int, b unreadBatch) {
	next, arrival := part.end()
	idle := next >= p.a.opts.Journal.Extent(p.a.input).Next
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = processedPosition{next, b.next}
	p.unread = append(p.unread, b)
	p.records += int64(len(part.records))
	p.bytes += int64(read)
	if p.oldest = arrival; idle {
		p.oldest = 0
	}
}

func (p *processor) position() processedPosition {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done
}
