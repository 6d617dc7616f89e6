// Package memory is a journal that keeps everything in memory, for tests of
// the parts above it. What it calls durable is what Begin has seen; Reopen
// gives a second journal on the same contents, as after a kill.
package memory

import (
	"bytes"
	"iter"
	"maps"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/handover"
	"github.com/millrace/millrace/internal/record"
)

// Options of New. The zero value is usable.
type Options struct {
	// Now is the clock that stamps arrivals, ms; the system's if nil.
	Now func() int64
	// QuotaBytes refuses appends once frames take that much; 0 is no limit.
	QuotaBytes int64
	// RecentBytes of fresh frames are handed over without reading back.
	RecentBytes int
}

// Journal implements journal.Journal.
type Journal struct {
	opts    Options
	streams *handover.Streams
	done    chan struct{}
	close   sync.Once
	disk    *disk
}

// disk is what survives Reopen.
type disk struct {
	mu     sync.Mutex
	frames map[record.StreamID][]stored
	state  map[string][]byte
	floors map[record.StreamID]int64
	trims  map[record.StreamID]record.Sequence
	gaps   map[record.StreamID][]handover.Gap
	bytes  int64
	// commits counts those of all journals on this disk.
	commits int64
}

// stored is a frame as a disk would hold it, found by the records it holds.
type stored struct {
	first, next record.Sequence
	arrival     int64
	encoded     []byte
}

// New returns an empty journal.
func New(opts Options) *Journal {
	return open(opts, &disk{
		frames: map[record.StreamID][]stored{}, state: map[string][]byte{},
		floors: map[record.StreamID]int64{}, trims: map[record.StreamID]record.Sequence{},
		gaps: map[record.StreamID][]handover.Gap{},
	})
}

// Reopen returns a journal on what this one holds. The old one must not be
// written to afterwards.
func (j *Journal) Reopen() *Journal {
	_ = j.Close()
	return open(j.opts, j.disk)
}

func open(opts Options, d *disk) *Journal {
	if opts.Now == nil {
		opts.Now = func() int64 { return time.Now().UnixMilli() }
	}
	j := &Journal{opts: opts, disk: d, done: make(chan struct{})}
	j.streams = handover.NewStreams(d.load, opts.RecentBytes)
	return j
}

func (d *disk) load(id record.StreamID) (handover.Left, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := journal.Extent{First: d.trims[id]}
	for i, f := range d.frames[id] {
		if i == 0 {
			e.First = max(e.First, f.first)
		}
		e.Next, e.Arrival = f.next, f.arrival
		e.Bytes += int64(len(f.encoded))
	}
	return handover.Left{Extent: e, Floor: d.floors[id], Gaps: d.gaps[id]}, nil
}

type commit struct {
	j      *Journal
	frames []*record.Frame
}

func (c *commit) Frames() []*record.Frame { return c.frames }

func (c *commit) Wait() error {
	for _, f := range c.frames {
		s, err := c.j.streams.Get(f.Stream)
		if err != nil {
			return err
		}
		s.Publish(f)
	}
	return nil
}

// Begin implements journal.Journal.
func (j *Journal) Begin(b *journal.Batch) (journal.Commit, error) {
	select {
	case <-j.done:
		return nil, journal.ErrClosed
	default:
	}
	if j.Usage().Refuses(b) {
		return nil, journal.ErrFull
	}
	streams, unlock, err := j.streams.Lock(b)
	if err != nil {
		return nil, err
	}
	defer unlock()
	j.disk.mu.Lock()
	defer j.disk.mu.Unlock()
	c := &commit{j: j}
	j.disk.commits++
	for _, a := range b.Appends {
		f, encoded := streams[a.Stream].Stamp(a.Frame, j.opts.Now())
		c.frames = append(c.frames, f)
		j.disk.frames[a.Stream] = append(j.disk.frames[a.Stream], stored{f.First, f.Next(), f.Arrival, bytes.Clone(encoded)})
		j.disk.bytes += int64(len(encoded))
		a.Frame.Release()
	}
	for _, change := range b.Changes {
		if change.Value == nil {
			delete(j.disk.state, change.Key)
		} else {
			j.disk.state[change.Key] = change.Value
		}
	}
	for _, f := range b.Floors {
		j.disk.floors[f.Stream] = streams[f.Stream].Raise(f.Time)
	}
	return c, nil
}

// Read implements journal.Journal.
func (j *Journal) Read(id record.StreamID, from record.Sequence) journal.Reader {
	return handover.NewReader(j.stream(id), j, from)
}

// stream cannot fail: what memory holds was never damaged.
func (j *Journal) stream(id record.StreamID) *handover.Stream {
	s, err := j.streams.Get(id)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return s
}

// ReadBack implements handover.Store.
func (j *Journal) ReadBack(id record.StreamID, from record.Sequence) ([]*record.Frame, error) {
	j.disk.mu.Lock()
	defer j.disk.mu.Unlock()
	frames := j.disk.frames[id]
	i := sort.Search(len(frames), func(i int) bool { return frames[i].next > from })
	if i == len(frames) {
		return nil, nil
	}
	f, err := record.DecodeFrame(frames[i].encoded)
	if err != nil {
		return nil, &journal.Damage{Stream: id, Sequence: from, Place: j.Place(id), Cause: err}
	}
	return []*record.Frame{f}, nil
}

// Place implements handover.Store.
func (j *Journal) Place(record.StreamID) string { return "memory" }

// Done implements handover.Store.
func (j *Journal) Done() <-chan struct{} { return j.done }

// Bound implements journal.Journal.
func (j *Journal) Bound(id record.StreamID) (int64, record.Sequence) {
	return j.stream(id).Bound(j.opts.Now())
}

// Extent implements journal.Journal.
func (j *Journal) Extent(id record.StreamID) journal.Extent { return j.stream(id).Extent() }

// After implements journal.Journal.
func (j *Journal) After(id record.StreamID, seq record.Sequence) record.Sequence {
	return j.stream(id).After(seq)
}

// Trim implements journal.Journal. The newest frame stays: it says where the
// stream's sequences go on.
func (j *Journal) Trim(id record.StreamID, before record.Sequence) error {
	s := j.stream(id)
	first := j.disk.firstToStay(id, before)
	s.Trim(first)
	s.Freed(j.disk.trim(id, first))
	return nil
}

// firstToStay is the first record of the first frame that does not lie wholly
// before the sequence, or of the newest one.
func (d *disk) firstToStay(id record.StreamID, before record.Sequence) (first record.Sequence) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range d.frames[id] {
		if first = f.first; f.next > before {
			break
		}
	}
	return first
}

func (d *disk) trim(id record.StreamID, first record.Sequence) (gone int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for frames := d.frames[id]; len(frames) > 0 && frames[0].first < first; frames = d.frames[id] {
		gone += int64(len(frames[0].encoded))
		d.frames[id] = frames[1:]
	}
	d.bytes -= gone
	d.trims[id] = max(d.trims[id], first)
	return gone
}

// Drop implements journal.Journal.
func (j *Journal) Drop(id record.StreamID) error {
	j.stream(id).Drop()
	j.disk.mu.Lock()
	defer j.disk.mu.Unlock()
	for _, f := range j.disk.frames[id] {
		j.disk.bytes -= int64(len(f.encoded))
	}
	delete(j.disk.frames, id)
	delete(j.disk.floors, id)
	delete(j.disk.trims, id)
	delete(j.disk.gaps, id)
	prefix := journal.CursorPrefix(id)
	maps.DeleteFunc(j.disk.state, func(k string, _ []byte) bool { return len(k) >= len(prefix) && k[:len(prefix)] == prefix })
	j.streams.Forget(id)
	return nil
}

// Skip implements witness.Journal.
func (j *Journal) Skip(id record.StreamID, to record.Sequence) error {
	s := j.stream(id)
	s.Lock()
	defer s.Unlock()
	if g, ok := s.Skip(to); ok {
		j.disk.mu.Lock()
		defer j.disk.mu.Unlock()
		j.disk.gaps[id] = append(j.disk.gaps[id], g)
	}
	return nil
}

// Positions implements witness.Journal.
func (j *Journal) Positions() (map[record.StreamID]record.Sequence, error) {
	j.disk.mu.Lock()
	defer j.disk.mu.Unlock()
	next := map[record.StreamID]record.Sequence{}
	for id, frames := range j.disk.frames {
		for _, f := range frames {
			next[id] = max(next[id], f.next)
		}
	}
	for id, gaps := range j.disk.gaps {
		for _, g := range gaps {
			next[id] = max(next[id], g.To)
		}
	}
	return next, nil
}

// Commits implements witness.Journal.
func (j *Journal) Commits() int64 {
	j.disk.mu.Lock()
	defer j.disk.mu.Unlock()
	return j.disk.commits
}

// Get implements journal.Journal.
func (j *Journal) Get(key string) ([]byte, error) {
	j.disk.mu.Lock()
	defer j.disk.mu.Unlock()
	return j.disk.state[key], nil
}

// Scan implements journal.Journal.
func (j *Journal) Scan(prefix string) iter.Seq2[journal.Entry, error] {
	j.disk.mu.Lock()
	var found []journal.Entry
	for k, v := range j.disk.state {
		if len(k) >= len(prefix) && k[:len(prefix)] == prefix {
			found = append(found, journal.Entry{Key: k, Value: v})
		}
	}
	j.disk.mu.Unlock()
	slices.SortFunc(found, func(a, b journal.Entry) int {
		if a.Key < b.Key {
			return -1
		}
		return 1
	})
	return func(yield func(journal.Entry, error) bool) {
		for _, e := range found {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Usage implements journal.Journal.
func (j *Journal) Usage() journal.Usage {
	j.disk.mu.Lock()
	defer j.disk.mu.Unlock()
	return journal.Usage{Bytes: j.disk.bytes, Quota: j.opts.QuotaBytes}
}

// Close implements journal.Journal.
func (j *Journal) Close() error {
	j.close.Do(func() { close(j.done) })
	return nil
}
