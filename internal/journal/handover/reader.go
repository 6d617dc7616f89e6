package handover

import (
	"context"
	"fmt"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// Store reads frames back for a reader that lags.
type Store interface {
	// ReadBack returns some durable frames of the stream in order, the first of
	// which holds sequence from or, if that is gone, is the first after it.
	// Errors are *journal.Damage or of the store itself.
	ReadBack(id record.StreamID, from record.Sequence) ([]*record.Frame, error)
	// Place names where a stream lies, for Damage.
	Place(id record.StreamID) string
	// Done is closed when the journal closes.
	Done() <-chan struct{}
}

// Reader implements journal.Reader on a Stream and a Store.
type Reader struct {
	stream *Stream
	store  Store
	from   record.Sequence
	back   []*record.Frame // read back, not yet handed out
}

// NewReader starts at sequence from.
func NewReader(s *Stream, store Store, from record.Sequence) *Reader {
	return &Reader{stream: s, store: store, from: from}
}

// Next implements journal.Reader.
func (r *Reader) Next(ctx context.Context) (*record.Frame, error) {
	for {
		select {
		case <-r.stream.dropped:
			return nil, journal.ErrDropped
		default:
		}
		if len(r.back) > 0 {
			f := r.back[0]
			r.back = r.back[1:]
			return r.hand(f, r.stream.After(r.from))
		}
		f, at, stored, changed := r.stream.Recent(r.from)
		switch {
		case f != nil:
			return r.hand(f, at)
		case stored:
			back, err := r.store.ReadBack(r.stream.ID, at)
			if err != nil {
				return nil, err
			}
			if len(back) > 0 && back[0].First <= at {
				r.from, r.back = at, back
				continue
			}
			if r.gone(at) {
				continue // trimmed or dropped since we looked
			}
			return nil, r.damage(at, fmt.Errorf("%w: the frame is missing", record.ErrDamaged))
		}
		select {
		case <-changed:
		case <-r.stream.dropped:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-r.store.Done():
			return nil, journal.ErrClosed
		}
	}
}

// gone tells whether there is a reason that the store lacks a frame.
func (r *Reader) gone(at record.Sequence) bool {
	select {
	case <-r.stream.dropped:
		return true
	default:
		return r.stream.trimmed(at)
	}
}

// hand gives out a frame after checking that it goes on where the last ended.
func (r *Reader) hand(f *record.Frame, at record.Sequence) (*record.Frame, error) {
	if f.Stream != r.stream.ID || f.First > at || f.Next() <= at {
		return nil, r.damage(at, fmt.Errorf("%w: found records %d to %d of stream %s", record.ErrDamaged, f.First, f.Next(), f.Stream))
	}
	r.from = f.Next()
	return f, nil
}

func (r *Reader) damage(at record.Sequence, cause error) error {
	return &journal.Damage{Stream: r.stream.ID, Sequence: at, Place: r.store.Place(r.stream.ID), Cause: cause}
}

// Close implements journal.Reader.
func (r *Reader) Close() { r.back = nil }
