package delivery

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/millrace/millrace/internal/delivery/objectkey"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// sealed is a batch as the journal's state keeps it from before the first
// attempt until the cursor has moved past it.
type sealed struct {
	Format  int             `json:"format"` // 2; 1 had one batch under way
	ID      uuid.UUID       `json:"id"`
	Key     string          `json:"key,omitempty"`
	Version int             `json:"version"`
	First   record.Sequence `json:"first"`
	Next    record.Sequence `json:"next"`
	Bytes   int             `json:"bytes,omitempty"` // of the records' data
	// Partitions is how the keys of its objects are made, of a batch with dynamic
	// partitioning.
	Partitions *partitionKeys `json:"partitions,omitempty"`
	// Done is set when the batch is delivered and one before it is not.
	Done bool `json:"done,omitempty"`

	stateKey string
}

const sealedFormat = 2

// partitionKeys is what an objectkey.Namer knows besides the stream's name.
type partitionKeys struct {
	Prefix    string `json:"prefix"`
	Zone      string `json:"zone"`
	Extension string `json:"extension,omitempty"`
}

// namer makes the Namer again.
func (k partitionKeys) namer(stream string) (*objectkey.Namer, error) {
	prefix, err := objectkey.Parse(k.Prefix)
	if err != nil {
		return nil, fmt.Errorf("parse prefix %q: %w", k.Prefix, err)
	}
	zone, err := time.LoadLocation(k.Zone)
	return &objectkey.Namer{Stream: stream, Prefix: prefix, Zone: zone, Extension: k.Extension}, err
}

// StatePrefix is where the sealed batches of a stream are kept in the state;
// whoever deletes a stream deletes what is there.
func StatePrefix(id record.StreamID) string { return "delivery/" + id.String() + "/" }

// sealedKey is the key of the one batch of format 1 and, with "/" and the first
// sequence, of the batches since.
func (p *Pipeline) sealedKey() string {
	if p.opts.Cursor == Primary {
		return StatePrefix(p.opts.Stream) + "sealed"
	}
	return StatePrefix(p.opts.Stream) + p.opts.Cursor + "-sealed"
}

// seal gives records their id and key under the configuration of this moment;
// the Namer is returned where the key depends on partitions.
func (p *Pipeline) seal(records []record.Record, next record.Sequence, bytes int) (sealed, *objectkey.Namer) {
	c := p.options().Config
	s := sealed{
		Format: sealedFormat, ID: uuid.New(), Version: c.Version,
		First: records[0].Sequence, Next: next, Bytes: bytes,
	}
	s.stateKey = fmt.Sprintf("%s/%016x", p.sealedKey(), uint64(s.First))
	switch {
	case c.Key == nil:
	case c.Key.Prefix.Partitioned():
		s.Partitions = &partitionKeys{Prefix: c.Key.Prefix.String(), Zone: "UTC", Extension: c.Key.Extension}
		if c.Key.Zone != nil {
			s.Partitions.Zone = c.Key.Zone.String()
		}
		return s, c.Key
	default:
		s.Key = c.Key.Key(s.Version, records[0].Arrival, s.ID)
	}
	return s, nil
}

// save puts the entry into a change of the state.
func (s sealed) save(b *journal.Batch) error {
	value, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write sealed batch %s: %w", s.ID, err)
	}
	b.Set(s.stateKey, value)
	return nil
}

// unfinished reads the batches that were sealed and not behind the cursor when
// the process ended, in the order of their records.
func (p *Pipeline) unfinished(cursor record.Sequence) ([]*flight, error) {
	var all []*flight
	for e, err := range p.opts.Journal.Scan(p.sealedKey()) {
		if err != nil {
			return nil, fmt.Errorf("read sealed batches: %w", err)
		}
		s := sealed{stateKey: e.Key}
		if err := json.Unmarshal(e.Value, &s); err != nil {
			return nil, fmt.Errorf("read %s: %w", e.Key, err)
		}
		if s.Format < 1 || s.Format > sealedFormat {
			return nil, fmt.Errorf("read %s: format %d, this program reads 1 to %d", e.Key, s.Format, sealedFormat)
		}
		var key *objectkey.Namer
		if s.Partitions != nil {
			var err error
			if key, err = s.Partitions.namer(p.opts.Name); err != nil {
				return nil, fmt.Errorf("read %s: %w", e.Key, err)
			}
		}
		all = append(all, newFlight(s, key))
	}
	slices.SortFunc(all, func(a, b *flight) int { return cmp.Compare(a.First, b.First) })
	// What is gone from the journal can be missing between two batches; what is
	// there cannot, or it would be left out.
	at := p.after(max(cursor, p.opts.Journal.Extent(p.opts.Stream).First))
	for _, s := range all {
		if s.First > at || s.First >= s.Next {
			return nil, fmt.Errorf("read %s: the batch holds records %d to %d, expected them from %d on", s.stateKey, s.First, s.Next, at)
		}
		at = p.after(max(at, s.Next))
	}
	return all, nil
}

// after is the first sequence from at on that a record has: the journal may have
// left some out.
func (p *Pipeline) after(at record.Sequence) record.Sequence {
	return p.opts.Journal.After(p.opts.Stream, at)
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
		if f.First > p.after(at) {
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
