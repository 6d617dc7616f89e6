// Package journal is the contract of the store that every acknowledgement
// rests on: frames per stream, and small state beside them, changed together
// in atomic, durable commits.
//
//	Begin(batch) ── orders it, stamps sequence and arrival ──▶ Commit ── Wait: fsynced ──▶ readers see the frames
//
// Nothing here names an implementation: journal/pebble keeps everything in one
// directory, journal/memory is for tests, and a Kafka-API cluster (one topic a
// stream, a compacted one for state, a transaction a commit) fits as well.
// journal/journaltest runs the same suite on each.
package journal

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/millrace/millrace/internal/record"
)

// ErrFull refuses a Begin that appends frames while the quota is used up or
// the disk's reserve is reached. State changes alone are never refused: they
// are how delivery makes room; Batch.MakesRoom says what else is let through.
// The same Begin succeeds once there is space.
var ErrFull = errors.New("journal full")

// ErrClosed is what a closed journal and its readers answer.
var ErrClosed = errors.New("journal closed")

// ErrDropped is what readers of a stream get once it is given up.
var ErrDropped = errors.New("stream dropped")

// Damage names a frame that is not what was written. It stops the readers of
// its stream and no other.
type Damage struct {
	Stream   record.StreamID
	Sequence record.Sequence // where a frame was expected
	Place    string          // file or key
	Cause    error           // wraps record.ErrDamaged
}

func (d *Damage) Error() string {
	return fmt.Sprintf("stream %s is damaged at sequence %d in %s: %v", d.Stream, d.Sequence, d.Place, d.Cause)
}

func (d *Damage) Unwrap() error { return d.Cause }

// Journal keeps frames and state. All methods may be called at once. A journal
// that cannot make a commit durable ends the process (Options of the
// implementations say how): an acknowledgement after a failed fsync would be a lie.
type Journal interface {
	// Begin puts the batch in order after every batch begun before it. Under
	// the lock of each stream that the batch appends to, frames get the next
	// sequences and an arrival time that never decreases along the stream and
	// is not below any bound given out. The batch belongs to the journal then.
	Begin(b *Batch) (Commit, error)

	// Read returns a reader of the stream's durable frames from the one that
	// holds sequence from, or the first that is left after it.
	Read(id record.StreamID, from record.Sequence) Reader

	// Bound promises that frames of the stream from sequence next on arrive at
	// time (ms) or later. A reader that has seen all before next may tell its
	// windows. Time is the present: each call moves the stream's floor there.
	Bound(id record.StreamID) (time int64, next record.Sequence)

	// Extent tells what is durable of a stream; the zero Extent if nothing is.
	Extent(id record.StreamID) Extent

	// After returns the first sequence from seq on that a record has or will
	// have. It is seq itself but where the loss of a part of the journal was
	// accepted: sequences that the lost part may have given out are left out.
	After(id record.StreamID, seq record.Sequence) record.Sequence

	// Trim gives up frames that lie wholly before the sequence.
	Trim(id record.StreamID, before record.Sequence) error
	// Drop gives up a stream, its floor and its cursors.
	Drop(id record.StreamID) error

	// Get returns the durable or begun value of a key, nil if it has none.
	Get(key string) ([]byte, error)
	// Scan yields the keys with a prefix, ascending, and their values. Errors
	// end it and are reported last, with an empty key.
	Scan(prefix string) iter.Seq2[Entry, error]

	// Usage is what frames take, and what they may take.
	Usage() Usage

	Close() error
}

// Commit is a batch on its way to disk.
type Commit interface {
	// Frames are the batch's appends in order, stamped, not yet durable.
	Frames() []*record.Frame
	// Wait returns once the batch is durable. It must be called once.
	Wait() error
}

// Reader reads one stream in order. It is used by one goroutine at a time.
type Reader interface {
	// Next waits for the next durable frame. The first one may begin before
	// the sequence asked for. Errors: ctx's, ErrClosed, ErrDropped, *Damage.
	Next(ctx context.Context) (*record.Frame, error)
	Close()
}

// Entry is a key of the state with its value.
type Entry struct {
	Key   string
	Value []byte
}

// Extent is the part of a stream that is there.
type Extent struct {
	First   record.Sequence // oldest record left; equal to Next if none is
	Next    record.Sequence // after the newest durable record
	Arrival int64           // of the newest durable frame, ms; 0 if there was none
	Bytes   int64           // on disk, of the frames that are left
	Skipped record.Sequence // how many sequences before Next were left out, see After
}

// Usage is the journal's size in bytes.
type Usage struct {
	Bytes, Quota          int64
	DiskFree, DiskReserve int64
}

// Full tells whether appends are refused.
func (u Usage) Full() bool {
	return u.Quota > 0 && u.Bytes >= u.Quota || u.DiskReserve > 0 && u.DiskFree < u.DiskReserve
}

// exhausted tells whether also those are refused that make room: they may take
// an eighth more than the quota, and half of the disk's reserve.
func (u Usage) exhausted() bool {
	return u.Quota > 0 && u.Bytes >= u.Quota+u.Quota/8 || u.DiskReserve > 0 && u.DiskFree < u.DiskReserve/2
}

// Refuses tells whether Begin answers ErrFull to a batch.
func (u Usage) Refuses(b *Batch) bool {
	switch {
	case len(b.Appends) == 0:
		return false
	case b.MakesRoom:
		return u.exhausted()
	}
	return u.Full()
}

// Put is Begin and Wait in one, for callers that have nothing to do meanwhile.
func Put(j Journal, b *Batch) ([]*record.Frame, error) {
	c, err := j.Begin(b)
	if err != nil {
		return nil, err
	}
	return c.Frames(), c.Wait()
}
