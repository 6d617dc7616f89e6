package application

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// An application's state in the journal:
//
//	application/<name>/snapshot/<id>/head     snapshotHead, JSON
//	application/<name>/snapshot/<id>/<chunk>  the engine's state, up to 1 MiB each
//	application/<name>/step/<number>          stepRecord, JSON
//	application/<name>/streams                privateStreams, JSON
//	cursor application/<name>                 where the input must be kept from; how far it was processed
//	cursor delivery                           of an output's private stream: how far a function took it
//
// Numbers are hex and padded, so that keys ascend with them. A snapshot is
// there once its head is. Two are kept, and the steps after the older one.
const (
	stateVersion  = 1
	chunkBytes    = 1 << 20
	keptSnapshots = 2
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// bound is a promise of the journal that took effect: it was given to the
// engine after every record before next and none from it on.
type bound struct {
	Next record.Sequence `json:"next"`
	Time int64           `json:"time"`
}

// stepRecord is what a step leaves beside its frames.
type stepRecord struct {
	Version int             `json:"version"`
	Number  uint64          `json:"-"`
	Next    record.Sequence `json:"next"` // the input was read up to here
	Bounds  []bound         `json:"bounds,omitempty"`
}

// snapshotHead describes a snapshot. The state holds everything before Next and
// the bound, and the results of all of it were committed by the step.
type snapshotHead struct {
	Version     int             `json:"version"`
	ID          uint64          `json:"-"`
	Step        uint64          `json:"step"`
	Input       record.StreamID `json:"input"` // that the engine reads: the input or what was processed of it
	Next        record.Sequence `json:"next"`
	Bound       int64           `json:"bound"`
	Fingerprint string          `json:"plan"`               // of the plan, hex
	Revision    string          `json:"revision,omitempty"` // of the reference data
	Tables      string          `json:"tables,omitempty"`   // its fingerprint, hex
	Bytes       int             `json:"bytes"`
	CRC32C      uint32          `json:"crc32c"`
}

func (h *snapshotHead) chunks() int { return (h.Bytes + chunkBytes - 1) / chunkBytes }

func statePrefix(app string) string    { return "application/" + app + "/" }
func snapshotPrefix(app string) string { return statePrefix(app) + "snapshot/" }
func stepPrefix(app string) string     { return statePrefix(app) + "step/" }
func cursorName(app string) string     { return "application/" + app }

func stepKey(app string, n uint64) string { return fmt.Sprintf("%s%016x", stepPrefix(app), n) }
func headKey(app string, id uint64) string {
	return fmt.Sprintf("%s%016x/head", snapshotPrefix(app), id)
}
func chunkKey(app string, id uint64, i int) string {
	return fmt.Sprintf("%s%016x/%04x", snapshotPrefix(app), id, i)
}

// set adds a state value to a batch.
func set(b *journal.Batch, key string, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic("BUG: " + err.Error()) // plain structs of numbers and texts
	}
	b.Set(key, text)
}

// saved is what the journal knows of an application.
type saved struct {
	snapshots []snapshotHead // newest first
	steps     []stepRecord   // ascending
	streams   privateStreams
	strays    []string // chunks of a snapshot that never got its head
	lastID    uint64   // highest of any snapshot, whole or stray
}

// last is the newest committed position: that of the last step or snapshot.
func (s *saved) last() (step uint64, next record.Sequence) {
	if len(s.snapshots) > 0 {
		step, next = s.snapshots[0].Step, s.snapshots[0].Next
	}
	if n := len(s.steps); n > 0 {
		step, next = max(step, s.steps[n-1].Number), max(next, s.steps[n-1].Next)
	}
	return step, next
}

// load reads heads and steps.
func load(j journal.Journal, app string) (*saved, error) {
	s := &saved{}
	chunks := map[uint64][]string{}
	for e, err := range j.Scan(statePrefix(app)) {
		if err != nil {
			return nil, fmt.Errorf("read state of application %q: %w", app, err)
		}
		if e.Key == streamsKey(app) {
			if err := decode(e.Value, &s.streams, &s.streams.Version); err != nil {
				return nil, fmt.Errorf("read state %q: %w", e.Key, err)
			}
			continue
		}
		id, part, kind, err := parseKey(app, e.Key)
		switch {
		case err != nil:
		case kind == "step":
			r := stepRecord{Number: id}
			err = decode(e.Value, &r, &r.Version)
			s.steps = append(s.steps, r)
		case part == "head":
			h := snapshotHead{ID: id}
			err = decode(e.Value, &h, &h.Version)
			s.snapshots = append([]snapshotHead{h}, s.snapshots...)
		default:
			chunks[id] = append(chunks[id], e.Key)
		}
		if err == nil && kind == "snapshot" {
			s.lastID = max(s.lastID, id)
		}
		if err != nil {
			return nil, fmt.Errorf("read state %q: %w", e.Key, err)
		}
	}
	for _, h := range s.snapshots {
		delete(chunks, h.ID)
	}
	for _, keys := range chunks {
		s.strays = append(s.strays, keys...)
	}
	return s, nil
}

func decode(value []byte, into any, version *int) error {
	if err := json.Unmarshal(value, into); err != nil {
		return err
	}
	if *version != stateVersion {
		return fmt.Errorf("version %d, this program reads %d", *version, stateVersion)
	}
	return nil
}

func parseKey(app, key string) (id uint64, part, kind string, err error) {
	kind, rest, _ := strings.Cut(strings.TrimPrefix(key, statePrefix(app)), "/")
	number, part, _ := strings.Cut(rest, "/")
	if kind != "step" && kind != "snapshot" {
		return 0, "", "", fmt.Errorf("unknown kind of state %q", kind)
	}
	id, err = strconv.ParseUint(number, 16, 64)
	return id, part, kind, err
}

// state reads the engine's bytes of a snapshot and checks them.
func (h *snapshotHead) state(j journal.Journal, app string) ([]byte, error) {
	state := make([]byte, 0, h.Bytes)
	for i := range h.chunks() {
		chunk, err := j.Get(chunkKey(app, h.ID, i))
		if err != nil {
			return nil, err
		}
		state = append(state, chunk...)
	}
	if len(state) != h.Bytes {
		return nil, fmt.Errorf("snapshot %d has %d bytes, want %d", h.ID, len(state), h.Bytes)
	}
	if sum := crc32.Checksum(state, castagnoli); sum != h.CRC32C {
		return nil, fmt.Errorf("snapshot %d has checksum %08x, want %08x", h.ID, sum, h.CRC32C)
	}
	return state, nil
}

// putChunks makes the state durable, chunk by chunk, so that other commits get
// their turn in between.
func (h *snapshotHead) putChunks(j journal.Journal, app string, state []byte) error {
	h.Bytes, h.CRC32C = len(state), crc32.Checksum(state, castagnoli)
	for i := range h.chunks() {
		b := &journal.Batch{}
		b.Set(chunkKey(app, h.ID, i), state[i*chunkBytes:min((i+1)*chunkBytes, len(state))])
		if _, err := journal.Put(j, b); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes a snapshot with the batch.
func (h *snapshotHead) remove(b *journal.Batch, app string) {
	b.Delete(headKey(app, h.ID))
	for i := range h.chunks() {
		b.Delete(chunkKey(app, h.ID, i))
	}
}

// Forget deletes everything the journal keeps for an application that does not
// run: its private streams, its state, and its cursor on the stream it read.
func Forget(j journal.Journal, app string) error {
	state, err := load(j, app)
	if err != nil {
		return err
	}
	for _, id := range state.streams.ids() {
		if err := j.Drop(id); err != nil {
			return fmt.Errorf("drop stream %s of application %q: %w", id, app, err)
		}
	}
	b := &journal.Batch{}
	b.Delete(streamsKey(app))
	if p := state.streams.Processed; p != nil {
		b.DeleteCursor(p.Input, cursorName(app))
	}
	for _, head := range state.snapshots {
		head.remove(b, app)
		b.DeleteCursor(head.Input, cursorName(app))
	}
	for _, s := range state.steps {
		b.Delete(stepKey(app, s.Number))
	}
	for _, key := range state.strays {
		b.Delete(key)
	}
	_, err = journal.Put(j, b)
	return err
}
