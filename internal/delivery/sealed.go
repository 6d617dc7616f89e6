package delivery

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// sealed is a batch as the journal's state keeps it from before the first
// attempt until the cursor has moved past it.
type sealed struct {
	Format  int             `json:"format"` // 1
	ID      uuid.UUID       `json:"id"`
	Key     string          `json:"key,omitempty"`
	Version int             `json:"version"`
	First   record.Sequence `json:"first"`
	Next    record.Sequence `json:"next"`
}

const sealedFormat = 1

// StatePrefix is where the sealed batches of a stream are kept in the state;
// whoever deletes a stream deletes what is there.
func StatePrefix(id record.StreamID) string { return "delivery/" + id.String() + "/" }

func (p *Pipeline) sealedKey() string {
	if p.opts.Cursor == Primary {
		return StatePrefix(p.opts.Stream) + "sealed"
	}
	return StatePrefix(p.opts.Stream) + p.opts.Cursor + "-sealed"
}

// seal gives the buffer its id and key and makes them durable.
func (p *Pipeline) seal() (sealed, error) {
	records := p.buffer.records
	s := sealed{
		Format: sealedFormat, ID: uuid.New(), Version: p.options().Config.Version,
		First: records[0].Sequence, Next: p.buffer.next,
	}
	if p.options().Config.Key != nil {
		s.Key = p.options().Config.Key.Key(s.Version, records[0].Arrival, s.ID)
	}
	value, err := json.Marshal(s)
	if err != nil {
		return s, fmt.Errorf("seal batch: %w", err)
	}
	var b journal.Batch
	b.Set(p.sealedKey(), value)
	if _, err := journal.Put(p.opts.Journal, &b); err != nil {
		return s, fmt.Errorf("seal batch: %w", err)
	}
	return s, nil
}

// resume delivers the batch that was sealed when the process ended, if there is
// one, and returns where to go on.
func (p *Pipeline) resume(ctx context.Context) (record.Sequence, error) {
	next, known, err := journal.Cursor(p.opts.Journal, p.opts.Stream, p.opts.Cursor)
	if err != nil {
		return 0, err
	}
	if !known {
		next = 1
	}
	p.setDelivered(next)
	value, err := p.opts.Journal.Get(p.sealedKey())
	if err != nil || value == nil {
		return next, err
	}
	var s sealed
	if err := json.Unmarshal(value, &s); err != nil {
		return 0, fmt.Errorf("read %s: %w", p.sealedKey(), err)
	}
	if s.Format != sealedFormat {
		return 0, fmt.Errorf("read %s: format %d, this program reads %d", p.sealedKey(), s.Format, sealedFormat)
	}
	records, err := p.load(ctx, s)
	if err != nil {
		return 0, err
	}
	p.log.Info("delivery of a sealed batch resumed", "batch", s.ID, "key", s.Key, "records", len(records))
	return s.Next, p.deliver(ctx, s, p.batch(s, records))
}

// load reads the records of a sealed batch back.
func (p *Pipeline) load(ctx context.Context, s sealed) ([]record.Record, error) {
	reader := p.opts.Journal.Read(p.opts.Stream, s.First)
	defer reader.Close()
	var records []record.Record
	for at := s.First; at < s.Next; {
		f, err := reader.Next(ctx)
		if err != nil {
			return nil, fmt.Errorf("read sealed batch %s: %w", s.ID, err)
		}
		if f.First > at {
			return nil, fmt.Errorf("read sealed batch %s: records %d to %d are gone", s.ID, at, f.First)
		}
		for r := range f.All(at) {
			if r.Sequence < s.Next {
				records = append(records, r)
			}
		}
		at = f.Next()
	}
	return records, nil
}

func (p *Pipeline) batch(s sealed, records []record.Record) *destination.Batch {
	return &destination.Batch{
		ID: s.ID.String(), Stream: p.opts.Stream, Name: p.opts.Name, ARN: p.opts.ARN,
		Version: s.Version, Key: s.Key, Records: records,
	}
}
