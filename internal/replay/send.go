package replay

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/millrace/millrace/internal/record"
)

const (
	maxRecords    = 500 // of a PutRecordBatch; documents go in as many
	maxBatchBytes = 4 << 20
)

// sender delivers the lines of one object again, in batches of one kind.
type sender struct {
	target Target
	origin [16]byte
	dryRun bool
	named  bool // the user has named the stream

	batch []*line // all for search, or all for puts
	size  int     // of their records

	lines    int // in all
	refusals int
	refused  []byte // lines that were refused again
}

// originOf names an object's bytes as the source of records. Another object under the same key is another source.
func originOf(bucket string, o Object) [16]byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "replay\x00%s\x00%s\x00%s", bucket, o.Key, o.ETag))
	return [16]byte(sum[:16])
}

func (s *sender) object(ctx context.Context, body io.Reader) error {
	err := readLines(body, func(number int, at int64, text []byte) error {
		l, err := parseLine(text)
		if err != nil {
			return left("line %d: %w", number, err)
		}
		l.at, l.bytes = at, len(text)
		if err := s.check(l); err != nil {
			return left("line %d: %w", number, err)
		}
		return s.add(ctx, l)
	})
	if err != nil {
		return err
	}
	return s.flush(ctx)
}

// check refuses lines that the target is not for.
func (s *sender) check(l *line) error {
	switch {
	case l.index != "" && s.target.Search == nil:
		return fmt.Errorf("it is of a search destination, and the delivery stream has none")
	case l.index == "" && l.afterProcessing && s.target.Transforms != "" && !s.named:
		return fmt.Errorf("its record has been through the stream's processing (%s) and would go through it again; name a delivery stream without it with --stream",
			s.target.Transforms)
	}
	return nil
}

// add takes a line into the batch, after sending the one that it does not fit into.
func (s *sender) add(ctx context.Context, l *line) error {
	s.lines++
	if len(s.batch) > 0 && (len(s.batch) == maxRecords || s.size+len(l.raw) > maxBatchBytes || (l.index == "") != (s.batch[0].index == "")) {
		if err := s.flush(ctx); err != nil {
			return err
		}
	}
	s.batch, s.size = append(s.batch, l), s.size+len(l.raw)
	return nil
}

func (s *sender) flush(ctx context.Context) error {
	batch := s.batch
	s.batch, s.size = nil, 0
	if len(batch) == 0 || s.dryRun {
		return nil
	}
	send := s.put
	if batch[0].index != "" {
		send = s.index
	}
	refusals, err := send(ctx, batch)
	if err != nil {
		return err
	}
	if len(refusals) != len(batch) {
		return fmt.Errorf("%d answers for %d records", len(refusals), len(batch))
	}
	for i, refusal := range refusals {
		if refusal == nil {
			continue
		}
		s.refusals++
		if s.refused, err = batch[i].appendRefused(s.refused, refusal); err != nil {
			return fmt.Errorf("write refused line again: %w", err)
		}
		if len(s.refused) > maxRefusedBytes {
			return left("more than %d bytes of it are refused again", maxRefusedBytes)
		}
	}
	return nil
}

func (s *sender) index(ctx context.Context, batch []*line) ([]*Refusal, error) {
	docs := make([]Document, len(batch))
	for i, l := range batch {
		docs[i] = Document{ID: l.id, Index: l.index, Type: l.kind, Source: l.raw}
		if l.id == "" { // NO_DOCUMENT_ID: one of its place, so that a repeat changes nothing
			docs[i].ID = fmt.Sprintf("%x-%d", s.origin, l.at)
		}
	}
	return s.target.Search.Index(ctx, docs)
}

func (s *sender) put(ctx context.Context, batch []*line) ([]*Refusal, error) {
	origin := record.Origin{ID: s.origin}
	records := make([][]byte, len(batch))
	for i, l := range batch {
		records[i] = l.raw
		origin.Ranges = append(origin.Ranges, record.Range{Start: uint64(l.at), End: uint64(l.at) + uint64(l.bytes)})
	}
	return s.target.Puts.Put(ctx, origin, records)
}
