package journal

import (
	"encoding/binary"
	"fmt"

	"github.com/millrace/millrace/internal/record"
)

// Batch is what one commit changes. The zero Batch is empty; committing it
// waits until everything begun before is durable.
type Batch struct {
	Appends []Append
	Changes []Change
	Floors  []Floor
	// MakesRoom is set on a batch without which its writer cannot give up what
	// it has read. It is let through when others get ErrFull, up to a limit of
	// its own: a journal that is full of a reader's backlog would otherwise stay
	// full, the reader waiting for room and the room for the reader.
	MakesRoom bool
}

// Append adds one frame to a stream.
type Append struct {
	Stream record.StreamID
	Frame  *record.Sealed
}

// Change sets a key of the state, or deletes it when Value is nil.
type Change struct {
	Key   string
	Value []byte
}

// Floor keeps a bound that took effect: after a restart no frame of the stream
// arrives before it, whatever the clock says.
type Floor struct {
	Stream record.StreamID
	Time   int64
}

// Append adds a frame to the stream; its place is known after Begin.
func (b *Batch) Append(id record.StreamID, s *record.Sealed) {
	b.Appends = append(b.Appends, Append{id, s})
}

// Set gives a key a value, which must not be changed afterwards.
func (b *Batch) Set(key string, value []byte) {
	if value == nil {
		value = []byte{}
	}
	b.Changes = append(b.Changes, Change{key, value})
}

// Delete removes a key.
func (b *Batch) Delete(key string) { b.Changes = append(b.Changes, Change{Key: key}) }

// SetFloor keeps a bound of Journal.Bound with the step that used it.
func (b *Batch) SetFloor(id record.StreamID, time int64) {
	b.Floors = append(b.Floors, Floor{id, time})
}

// SetCursor says that the named reader of the stream is done with everything
// before next.
func (b *Batch) SetCursor(id record.StreamID, name string, next record.Sequence) {
	b.Set(cursorKey(id, name), binary.BigEndian.AppendUint64(nil, uint64(next)))
}

// DeleteCursor forgets a reader.
func (b *Batch) DeleteCursor(id record.StreamID, name string) { b.Delete(cursorKey(id, name)) }

// CursorPrefix is where the cursors of a stream are kept in the state.
func CursorPrefix(id record.StreamID) string { return "cursor/" + id.String() + "/" }

func cursorKey(id record.StreamID, name string) string { return CursorPrefix(id) + name }

// Cursor returns where the named reader of a stream goes on, and whether it
// ever said so.
func Cursor(j Journal, id record.StreamID, name string) (record.Sequence, bool, error) {
	v, err := j.Get(cursorKey(id, name))
	if err != nil || v == nil {
		return 0, false, err
	}
	return decodeCursor(name, v)
}

// Cursors returns all readers of a stream with their positions.
func Cursors(j Journal, id record.StreamID) (map[string]record.Sequence, error) {
	cursors := map[string]record.Sequence{}
	prefix := CursorPrefix(id)
	for e, err := range j.Scan(prefix) {
		if err != nil {
			return nil, err
		}
		name := e.Key[len(prefix):]
		next, _, err := decodeCursor(name, e.Value)
		if err != nil {
			return nil, err
		}
		cursors[name] = next
	}
	return cursors, nil
}

func decodeCursor(name string, v []byte) (record.Sequence, bool, error) {
	if len(v) != 8 {
		return 0, false, fmt.Errorf("read cursor %q: %d bytes, want 8", name, len(v))
	}
	return record.Sequence(binary.BigEndian.Uint64(v)), true, nil
}
